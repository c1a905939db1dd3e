"""The PyTorch driver; the only folder that imports torch."""

import os

# GNU's OpenMP lets a thread that waits for the others spin for many milliseconds. When the machine also does something
# else, that takes the processor from the very thread that is waited for: with one core busy at 40 %, a training of
# dense layers on two threads ran at 3 % of its speed, and at 35 % with this bound (some 0.2 ms), which costs nothing on
# an idle machine. It is read when torch is first imported.
os.environ.setdefault("GOMP_SPINCOUNT", "4000")
