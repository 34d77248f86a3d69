"""The catalog over HTTP: everything its editors choose from, in one answer."""

from uuid import UUID

from pydantic import BaseModel
from sqlmodel import col, select

from services.catalog import queries
from services.catalog.models import Course, CourseVersion, Site
from services.catalog.schemas import CodeOut
from services.catalog.states import DISTRICT, SiteState
from services.kit.web import Router, Tx, Who

router = Router(tags=["desk"])


class ChoiceOut(BaseModel):
    id: UUID
    code: str
    name: str


class ChoicesOut(BaseModel):
    """The lists of words, the courses by their newest title, and the sites that are open."""

    codes: list[CodeOut]
    courses: list[ChoiceOut]
    sites: list[ChoiceOut]


@router.get("/desk")
def desk(tx: Tx, who: Who) -> ChoicesOut:
    """What the forms of a course, of a site and of an impact choose from."""
    who.needs(*DISTRICT)
    newest = (
        select(CourseVersion.course_id, CourseVersion.title)
        .where(CourseVersion.district == who.district)
        .order_by(col(CourseVersion.number))
    )
    titles = dict(tx.exec(newest).all())
    courses = select(Course).where(Course.district == who.district).order_by("code")
    sites = select(Site).where(Site.district == who.district, Site.state == SiteState.OPEN)
    return ChoicesOut(
        codes=[CodeOut.model_validate(row) for row in queries.codes(tx, None, by=who)],
        courses=[
            ChoiceOut(id=row.id, code=row.code, name=titles.get(row.id, row.code))
            for row in tx.exec(courses)
        ],
        sites=[
            ChoiceOut(id=row.id, code=row.code, name=row.name)
            for row in tx.exec(sites.order_by("code"))
        ],
    )
