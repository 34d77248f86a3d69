"""Booking over HTTP: many schools, or many agreed lessons, at once."""

from services.booking import agreed_imports, school_imports
from services.booking.import_schemas import AgreedImportIn, SchoolImportIn
from services.kit.imports import Imported
from services.kit.web import Now, Router, Tx, Who

router = Router(tags=["import"])


@router.post("/schools/import")
def take_schools(body: SchoolImportIn, tx: Tx, who: Who, now: Now) -> Imported:
    """Schools from a sheet, with their targets (administrator)."""
    rows = [row.row() for row in body.rows]
    return school_imports.take(tx, rows, dry_run=body.dry_run, by=who, at=now)


@router.post("/import")
def take(body: AgreedImportIn, tx: Tx, who: Who, now: Now) -> Imported:
    """Lessons agreed by phone: one approved letter per school, each lesson placed at its time, the
    named lecturer asked first (administrator)."""
    rows = [row.row() for row in body.rows]
    return agreed_imports.take(tx, rows, title=body.title, dry_run=body.dry_run, by=who, at=now)
