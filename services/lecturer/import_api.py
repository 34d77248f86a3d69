"""Lecturer over HTTP: many lecturers at once."""

from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field

from services.kit.imports import Imported
from services.kit.web import Now, Router, Tx, Who
from services.lecturer import importing
from services.lecturer.schemas import Day, In, LecturerIn, Name, like

router = Router(tags=["import"])

MOST_ROWS = 500


class RowIn(LecturerIn):
    """One line of a sheet; `line` is how the sheet counts it."""

    model_config = like(line=2, code="LEC-241", name="示例讲师241（虚构）", pool="backbone")

    line: int = Field(ge=1, le=100_000)
    courses: list[Name] = Field(default=[], max_length=200)
    appointment_no: Name | None = None
    appointment_start: Day | None = None
    appointment_end: Day | None = None

    def row(self) -> importing.Row:
        own = {"line", "courses", "appointment_no", "appointment_start", "appointment_end"}
        return importing.Row(
            self.line,
            self.model_dump(include=set(LecturerIn.model_fields) - own),
            self.courses,
            self.appointment_no,
            self.appointment_start,
            self.appointment_end,
            frozenset(LecturerIn.model_fields) - self.model_fields_set,
        )


class ImportIn(In):
    """All rows or none. `dry_run`: say what would be, change nothing."""

    dry_run: bool = False
    rows: list[RowIn] = Field(min_length=1, max_length=MOST_ROWS)


class NamedOut(BaseModel):
    """A lecturer by the code of the district; `courses` are the codes of what he may teach."""

    id: UUID
    code: str
    name: str
    status: str
    courses: list[str]


class NamedAllOut(BaseModel):
    items: list[NamedOut]
    next: None = None


@router.get("/codes")
def codes(
    tx: Tx, who: Who, code: Annotated[list[Name] | None, Query(max_length=MOST_ROWS)] = None
) -> NamedAllOut:
    """Who the codes of a sheet mean (scheduler, administrator); what is unknown is left out."""
    rows = importing.by_code(tx, code or [], by=who)
    return NamedAllOut(
        items=[
            NamedOut(id=row.id, code=row.code, name=row.name, status=row.status, courses=courses)
            for row, courses in rows
        ]
    )


@router.post("/import")
def take(body: ImportIn, tx: Tx, who: Who, now: Now) -> Imported:
    """Lecturers from a sheet (administrator)."""
    rows = [row.row() for row in body.rows]
    return importing.take(tx, rows, dry_run=body.dry_run, by=who, at=now)
