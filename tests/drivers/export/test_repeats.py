"""Statements that repeat each other become a loop where that is shorter, and stay as they are where it is not."""

from __future__ import annotations

import re

from drivers.export.pytorch import repeats as modules
from drivers.export.repeats import Statement, write


def called_size(before: str) -> str | None:
    return "size" if before.endswith("Dense(") else None


def dense(size: int, *, after: str = "") -> Statement:
    return Statement("x = ", f"Dense({size})(x){after}", f"(N, {size})", f"(N, {size})")


NORM = Statement("x = ", "Norm()(x)", "(N, 4)")


def test_statements_that_differ_in_one_number():
    given = [dense(8), NORM, dense(16), NORM, dense(32), NORM]
    assert list(write(given, called_size)) == [
        "    for size in (8, 16, 32):  # to (N, 4)",
        "        x = Dense(size)(x)",
        "        x = Norm()(x)",
    ]


def test_the_number_comes_early_in_a_round():
    given = [NORM, dense(8), NORM, dense(16), NORM, dense(32), NORM]
    assert list(write(given, called_size))[:3] == [
        "    x = Norm()(x)",
        "    for size in (8, 16, 32):  # to (N, 4)",
        "        x = Dense(size)(x)",
    ]


def test_what_saves_less_than_two_lines_stays():
    given = [dense(8), NORM, dense(16), NORM]
    assert list(write(given, called_size)) == [line for each in given for line in each.lines(1)]


def test_two_numbers_that_differ_stay():
    given = [dense(size, after=f" * {size + 1}") for size in (8, 16, 32, 64)]
    assert not any("for" in line for line in write(given, called_size))


def test_a_number_without_a_name_stays():
    given = [Statement("x = ", f"x + {size}") for size in (8, 16, 32, 64)]
    assert not any("for" in line for line in write(given, called_size))


def test_a_name_that_means_something_else_is_not_looped_over():
    given = [Statement("size = ", "y"), dense(8), dense(16), dense(32), dense(64)]
    assert not any("for" in line for line in write(given, called_size))


def block(count: int, *, padding: str = "1") -> tuple[list[Statement], list[Statement]]:
    """What a module makes and computes: convolutions of 2, 4, 8, … channels, each normalized."""
    made, forward = [], []
    for number in range(1, count + 1):
        convolution = f"nn.Conv2d({2**number}, {2 ** (number + 1)}, 3, padding={padding.format(number)})"
        made.append(Statement(f"self.conv_{number} = ", convolution))
        made.append(Statement(f"self.norm_{number} = ", f"nn.BatchNorm2d({2 ** (number + 1)})"))
        forward.append(Statement("x = ", f"self.conv_{number}(x)"))
        forward.append(Statement("x = ", f"self.norm_{number}(x)", "(N, 4)"))
    return made, forward


def test_blocks_of_modules():
    made, forward = modules.write(*block(3), taken=())
    assert made == [
        "        self.convs, self.norms = nn.ModuleList(), nn.ModuleList()",
        "        for n_in, n_out in pairwise((2, 4, 8, 16)):",
        "            self.convs += [nn.Conv2d(n_in, n_out, 3, padding=1)]",
        "            self.norms += [nn.BatchNorm2d(n_out)]",
    ]
    assert forward == [
        "        for conv, norm in zip(self.convs, self.norms, strict=True):  # to (N, 4)",
        "            x = conv(x)",
        "            x = norm(x)",
    ]


def test_blocks_that_differ_otherwise_stay():
    given = block(3, padding="{}")
    assert modules.write(*given, taken=()) == tuple([line for each in part for line in each.lines(2)] for part in given)


def test_modules_keep_their_names_where_those_are_asked_for():
    for taken in (None, ["convs"]):
        made, _ = modules.write(*block(3), taken=taken)
        assert [re.match(r" *self\.(\w+) = ", line)[1] for line in made[:2]] == ["conv_1", "norm_1"]


def test_a_module_that_is_used_elsewhere_keeps_its_name():
    made, forward = block(3)
    made, _ = modules.write(made, [*forward, Statement("x = ", "x + self.conv_1(y)")], taken=())
    assert made[0].startswith("        self.conv_1 = ")
