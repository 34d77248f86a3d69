"""Booking: the 40/40/20 meter."""

from decimal import Decimal as D
from itertools import product

import pytest

from services.booking import mix
from services.kit.numbers import Numbers

NUMBERS = Numbers(
    {
        "mix_political_theory_percent": "40",
        "mix_grassroots_practice_percent": "40",
        "mix_exemplary_model_percent": "20",
        "mix_tolerance_points": "5",
        "mix_basis": "hours",
    }
)
TARGETS = [D(40), D(40), D(20)]
THEORY, PRACTICE, MODEL = mix.CATEGORIES


@pytest.mark.parametrize(
    ("blocks", "gap"),
    [(3, "13.3"), (4, "15"), (5, "0"), (6, "10"), (8, "5"), (12, "3.3"), (24, "2.5"), (25, "0")],
)
def test_the_best_a_letter_of_this_size_can_reach(blocks: int, gap: str) -> None:
    assert mix.best_gap(blocks, TARGETS) == D(gap)


@pytest.mark.parametrize("blocks", range(1, 61))
def test_nothing_reaches_further_than_the_best(blocks: int) -> None:
    def gap(theory: int, practice: int) -> D:
        parts = (theory, practice, blocks - theory - practice)
        shares = [100 * D(part) / blocks for part in parts]
        return max(abs(s - t) for s, t in zip(shares, TARGETS, strict=True))

    every = [gap(a, b) for a, b in product(range(blocks + 1), repeat=2) if a + b <= blocks]

    assert mix.best_gap(blocks, TARGETS) == mix.rounded(min(every))


def test_five_equal_blocks_are_exact() -> None:
    blocks = [(THEORY, D(4))] * 2 + [(PRACTICE, D(4))] * 2 + [(MODEL, D(4))]

    found = mix.meter(blocks, NUMBERS)

    assert found.hours.gap == found.count.gap == D(0)
    assert found.within is True
    assert dict(found.hours.shares) == {THEORY: D("40.0"), PRACTICE: D("40.0"), MODEL: D("20.0")}


def test_four_blocks_are_within_when_no_mix_of_four_comes_closer() -> None:
    blocks = [(THEORY, D(4)), (PRACTICE, D(4)), (PRACTICE, D(4)), (MODEL, D(4))]

    found = mix.meter(blocks, NUMBERS)

    assert (found.hours.gap, found.best_reachable, found.within) == (D("15.0"), D("15.0"), True)


def test_hours_govern_and_count_is_shown_beside() -> None:
    blocks = [(THEORY, D("0.25"))] * 4 + [(PRACTICE, D(4))] * 4 + [(MODEL, D(4))] * 2

    found = mix.meter(blocks, NUMBERS)

    assert (found.count.gap, found.count.within) == (D(0), True)
    assert (found.hours.gap, found.hours.within, found.within) == (D("36.0"), False, False)


def test_camps_are_left_out_and_nothing_is_measured_of_nothing() -> None:
    found = mix.meter([("mixed", D(8))] * 3, NUMBERS)

    assert (found.count.total, found.within, found.best_reachable) == (D(0), None, None)
