"""What the editors of the catalog choose from, and how they find a site."""

import pytest
from sqlmodel import Session

from services.catalog import desk_api, queries, sites
from services.kit.errors import Forbidden
from tests.catalog.conftest import (
    ADMINISTRATOR,
    CLERK,
    NOON,
    SCHEDULER,
    SITE_01,
    STRANGER,
    a_course,
)


def test_the_forms_choose_from_words_courses_and_open_sites(catalog: Session) -> None:
    course = a_course(catalog, "GG-P99", title="新课")
    sites.close(catalog, SITE_01, reason="布展更新", by=ADMINISTRATOR, at=NOON)

    found = desk_api.desk(catalog, SCHEDULER)

    assert {one.kind for one in found.codes} >= {"module", "category", "format", "pool"}
    assert [c.name for c in found.courses if c.id == course.id] == ["新课"]
    assert SITE_01 not in [site.id for site in found.sites]
    assert desk_api.desk(catalog, STRANGER).courses == []
    with pytest.raises(Forbidden):
        desk_api.desk(catalog, CLERK)


def test_a_site_is_found_by_a_part_of_its_name_or_its_code(catalog: Session) -> None:
    def found(q: str) -> list[str]:
        rows, _ = queries.list_sites(catalog, state=None, q=q, cursor=None, limit=50, by=CLERK)
        return [row.code for row in rows]

    name = queries.site(catalog, SITE_01, by=CLERK).name
    assert "SITE-01" in found(name[1:4])
    assert found("site-01") == ["SITE-01"]
    assert found("没有的地方") == []
