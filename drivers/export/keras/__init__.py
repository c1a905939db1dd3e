"""Resolved specs as Keras programs. Imports no library."""
