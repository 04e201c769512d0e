"""What a model is for; blind to domains."""
