"""What Keras leaves to its backends: compiling a step, and derivatives.

Each module here is one backend, imported by `drivers.keras.runtime.start` alone, and holds

- ``COMPILES``: whether a step is compiled, which takes seconds before the first one;
- ``use_threads(threads)``, and ``threads()``, those in use;
- ``device()``, what is computed on: ``("cpu" | "cuda", name)``;
- ``multiplies_bfloat16()``: whether it multiplies bfloat16 itself, so that products in it are faster;
- ``version()``, the library's name and version;
- ``tensor(array)``: an array as a tensor with memory of its own, for which nothing is compiled;
- ``compile(step, variables)``: a function of arrays that reads and assigns ``variables``, made fast;
- ``compile_use(function, variables)``: the same for a function that assigns none of them, of batches of any size;
- ``without_gradients()``: a context in which what is computed at once keeps nothing for derivatives;
- ``pullback(function, variables, points, state, again)``, the one form of derivative.

``pullback`` computes ``value = function(*points)`` and returns it with a function that takes a cotangent of the value's
shape to the gradients, those of ``variables`` and those of ``points``. What ``function`` assigns to variables stays
assigned; ``state`` are all that it may touch. With ``again`` the gradients can be differentiated themselves.
"""
