"""Raw: a model as a pure function of a matrix of raw numbers, for what leaves sciae."""
