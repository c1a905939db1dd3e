"""The driver for Keras 3, on TensorFlow, JAX or PyTorch. The only folder that imports Keras."""
