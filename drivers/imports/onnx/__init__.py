"""ONNX files: a graph of operators, images with their channels first or last.

A graph is read operator by operator (`reading`). What only moves numbers about is followed in the layout of a tensor
(`layout`) and folded away; arithmetic waits until it shows what it is part of (`patterns`); the others are layers
(`operators`). A file that was exported here says itself which layers it holds.
"""

from drivers.imports.onnx.reading import MAX_GRAPH_BYTES, MAX_OPERATORS, read_onnx

__all__ = ["MAX_GRAPH_BYTES", "MAX_OPERATORS", "read_onnx"]
