"""Booking: what the 40/40/20 meter looks like over HTTP."""

from decimal import Decimal
from uuid import UUID

from pydantic import BaseModel

from services.booking.mix import Basis, Mix


class BasisOut(BaseModel):
    """Amounts, shares in percent, and the largest distance from the target in points."""

    total: Decimal
    amounts: dict[str, Decimal]
    shares: dict[str, Decimal]
    gap: Decimal | None
    within: bool | None

    @classmethod
    def of(cls, basis: Basis) -> "BasisOut":
        return cls(
            total=basis.total,
            amounts=dict(basis.amounts),
            shares=dict(basis.shares),
            gap=basis.gap,
            within=basis.within,
        )


class MixOut(BaseModel):
    """40/40/20. `within`: inside the tolerance, or as close as this number of lessons can come
    (`best_reachable`, in points); null when there is nothing to measure."""

    school_id: UUID | None
    year: int
    targets: dict[str, Decimal]
    tolerance: Decimal
    basis: str
    best_reachable: Decimal | None
    within: bool | None
    count: BasisOut
    hours: BasisOut

    @classmethod
    def of(cls, mix: Mix, *, school_id: UUID | None, year: int) -> "MixOut":
        return cls(
            school_id=school_id,
            year=year,
            targets=dict(mix.targets),
            tolerance=mix.tolerance,
            basis=mix.basis,
            best_reachable=mix.best_reachable,
            within=mix.within,
            count=BasisOut.of(mix.count),
            hours=BasisOut.of(mix.hours),
        )
