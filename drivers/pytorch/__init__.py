"""The PyTorch driver; the only folder that imports torch."""
