"""What is learnt; knows nothing of files' formats or of domains."""
