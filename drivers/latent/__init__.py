"""What a generator has learned, looked at from its noise and its hidden layers; over NumPy, for every driver."""
