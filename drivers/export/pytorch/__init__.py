"""Resolved specs as PyTorch programs."""
