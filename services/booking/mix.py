"""Booking: the 40/40/20 meter, pure. Theory, practice and models by count and by class hours.

Exact shares need a multiple of five equal blocks, so the rule is: within the tolerance, or as close
as a letter of this size can come.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from itertools import combinations_with_replacement, product

from services.kit.numbers import Numbers

CATEGORIES = ("political_theory", "grassroots_practice", "exemplary_model")
HUNDRED, TENTH = Decimal(100), Decimal("0.1")


@dataclass(frozen=True)
class Basis:
    """Shares in percent and the largest distance from the target, in points."""

    total: Decimal
    amounts: Mapping[str, Decimal]
    shares: Mapping[str, Decimal]
    gap: Decimal | None  # None: nothing to measure
    within: bool | None


@dataclass(frozen=True)
class Mix:
    """The meter: `within` is what the governing basis says."""

    targets: Mapping[str, Decimal]
    tolerance: Decimal
    basis: str
    best_reachable: Decimal | None
    count: Basis
    hours: Basis

    @property
    def within(self) -> bool | None:
        return (self.hours if self.basis == "hours" else self.count).within


def meter(blocks: Iterable[tuple[str, Decimal]], numbers: Numbers) -> Mix:
    """Category and class hours per block; other categories (`mixed`) are left out."""
    counted = [(category, hours) for category, hours in blocks if category in CATEGORIES]
    targets = targets_of(numbers)
    tolerance = numbers.decimal("mix_tolerance_points")
    best = best_gap(len(counted), list(targets.values())) if counted else None
    allowed = max(tolerance, best or tolerance)
    amounts = dict.fromkeys(CATEGORIES, Decimal(0))
    hours = dict.fromkeys(CATEGORIES, Decimal(0))
    for category, length in counted:
        amounts[category] += 1
        hours[category] += length
    return Mix(
        targets=targets,
        tolerance=tolerance,
        basis=numbers.text("mix_basis"),
        best_reachable=best,
        count=_basis(amounts, targets, allowed),
        hours=_basis(hours, targets, allowed),
    )


def closing(
    blocks: Sequence[tuple[str, Decimal]],
    candidates: Iterable[tuple[str, Decimal]],
    numbers: Numbers,
    *,
    most: int = 4,
) -> list[tuple[str, Decimal]]:
    """The fewest blocks (category and hours) to add that bring the mix within the tolerance; if
    none do, those that bring it closest. None when nothing brings it closer."""
    kinds = sorted({kind for kind in candidates if kind[0] in CATEGORIES})
    tolerance = numbers.decimal("mix_tolerance_points")
    best: tuple[Decimal, tuple[tuple[str, Decimal], ...]] = (_gap(blocks, numbers), ())
    for more in range(1, most + 1):
        if best[0] <= tolerance:
            break
        for added in combinations_with_replacement(kinds, more):
            best = min(best, (_gap([*blocks, *added], numbers), added), key=lambda one: one[0])
    return list(best[1])


def _gap(blocks: Iterable[tuple[str, Decimal]], numbers: Numbers) -> Decimal:
    """Distance from the targets on the governing basis; of nothing, all of it."""
    amounts = dict.fromkeys(CATEGORIES, Decimal(0))
    by_hours = numbers.text("mix_basis") == "hours"
    for category, hours in blocks:
        if category in amounts:
            amounts[category] += hours if by_hours else 1
    gap = _basis(amounts, targets_of(numbers), HUNDRED).gap
    return HUNDRED if gap is None else gap


def targets_of(numbers: Numbers) -> dict[str, Decimal]:
    return {name: numbers.decimal(f"mix_{name}_percent") for name in CATEGORIES}


def best_gap(blocks: int, targets: Sequence[Decimal]) -> Decimal:
    """The smallest largest deviation that equal blocks of this number can reach, in points.

    A part further than one block from its target is never better than one nearer, so only the
    whole numbers around each target are tried; the last part is what remains.
    """
    around = [
        [n for n in range(ideal - 1, ideal + 3) if n >= 0]
        for ideal in (int(target * blocks / HUNDRED) for target in targets[:-1])
    ]
    gaps = []
    for parts in product(*around):
        rest = blocks - sum(parts)
        if rest >= 0:
            shares = [HUNDRED * part / blocks for part in (*parts, rest)]
            gaps.append(max(abs(s - t) for s, t in zip(shares, targets, strict=True)))
    return rounded(min(gaps))


def rounded(points: Decimal) -> Decimal:
    return points.quantize(TENTH, ROUND_HALF_UP)


def _basis(
    amounts: Mapping[str, Decimal], targets: Mapping[str, Decimal], allowed: Decimal
) -> Basis:
    total = sum(amounts.values(), Decimal(0))
    if not total:
        return Basis(total, amounts, dict.fromkeys(amounts, Decimal(0)), None, None)
    shares = {name: HUNDRED * amount / total for name, amount in amounts.items()}
    gap = rounded(max(abs(shares[name] - targets[name]) for name in amounts))
    return Basis(
        total,
        amounts,
        {name: rounded(share) for name, share in shares.items()},
        gap,
        gap <= allowed,
    )
