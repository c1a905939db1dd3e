"""The processes that import a driver: the one that trains, the one that samples, and how a worker talks to them.

They are started with ``Popen``, never forked: a worker stays small, and their end ends nothing else.
"""
