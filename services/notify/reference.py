"""Notify's first rows: the numbers of the district. People come as events of the portal."""

from pathlib import Path

from sqlmodel import Session

from services.contracts.reference import rows
from services.kit.db import insert_many
from services.kit.numbers import Setting


def load(session: Session, folder: Path, *, district: str, shift_years: int) -> None:
    """The settings of `district.csv`; numbers have no dates, so nothing is shifted."""
    insert_many(
        session,
        Setting,
        [
            {
                "district": district,
                "name": row["setting"],
                "value": row["value"],
                "source": row["source"],
            }
            for row in rows(folder, "district")
        ],
    )
