"""Catalog over HTTP: many courses at once."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.catalog import importing
from services.catalog.schemas import Count, Word, Words
from services.kit.imports import Imported
from services.kit.web import Now, Router, Tx, Who

router = Router(tags=["import"])

MOST_ROWS = 200  # three steps each, and nobody else writes meanwhile
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2200, 1, 1))]


class RowIn(BaseModel):
    """One line of a sheet; `line` is how the sheet counts it. Of a course that is known, what is
    left out stays; of a new one minutes and class hours follow from the format."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "line": 2,
                "code": "GG-P07",
                "label": "2026.1",
                "title": "社区应急与消防安全实务",
                "module": "grassroots_governance",
                "category": "grassroots_practice",
                "format": "booster",
                "audience": ["party_worker"],
                "deliveries": ["classroom"],
                "eligible_pools": ["professional"],
                "min_attendees": 30,
                "max_attendees": 120,
                "valid_from": "2026-09-01",
                "state": "draft",
            }
        },
    )

    line: int = Field(ge=1, le=100_000)
    code: str = Field(min_length=1, max_length=32)
    label: str | None = Field(default=None, max_length=32)
    title: str | None = Field(default=None, max_length=200)
    summary: str | None = Field(default=None, max_length=4000)
    module: Word | None = None
    category: Word | None = None
    format: Word | None = None
    minutes: Annotated[int, Field(ge=1, le=10_000)] | None = None
    class_hours: Annotated[Decimal, Field(ge=0, max_digits=6, decimal_places=2)] | None = None
    audience: Words = []
    deliveries: Words = []
    eligible_pools: Words = []
    equipment: Words = []
    min_attendees: Count | None = None
    max_attendees: Count | None = None
    site: Word | None = None
    prerequisite: Word | None = None
    valid_from: Day | None = None
    valid_until: Day | None = None
    state: Literal["draft", "published"] = "draft"

    def row(self) -> importing.Row:
        facts = self.model_dump(include=set(importing.SAID))
        return importing.Row(self.line, self.code, self.state, facts, self.site, self.prerequisite)


class ImportIn(BaseModel):
    """All rows or none. `dry_run`: say what would be, change nothing."""

    model_config = ConfigDict(extra="forbid")

    dry_run: bool = False
    rows: list[RowIn] = Field(min_length=1, max_length=MOST_ROWS)


@router.post("/import")
def take(body: ImportIn, tx: Tx, who: Who, now: Now) -> Imported:
    """Courses from a sheet (administrator): drafts, or versions published at once."""
    rows = [row.row() for row in body.rows]
    return importing.take(tx, rows, dry_run=body.dry_run, by=who, at=now)
