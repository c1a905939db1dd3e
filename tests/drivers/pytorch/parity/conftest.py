"""Keras on PyTorch, on the processor, for every test of this folder."""

import os
import tempfile

# Keras reads its settings when it is imported, and else writes them into the user's home; here it finds an empty one.
HOME = tempfile.TemporaryDirectory(prefix="keras-")
os.environ["KERAS_HOME"] = HOME.name
os.environ["KERAS_BACKEND"] = "torch"
os.environ["KERAS_TORCH_DEVICE"] = "cpu"
