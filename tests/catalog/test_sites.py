"""Teaching sites: open and closed, with opening rules that mean something."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session

from services.catalog import rules, sites
from services.catalog.models import Site
from services.contracts.catalog import SiteChanged
from services.kit import outbox
from services.kit.auth import Role
from services.kit.errors import Conflict, Forbidden, Invalid, NotFound, Refusal
from services.kit.ids import uuid7
from tests.catalog.conftest import NOON, SCHEDULER, SITE_01, STRANGER, a_caller

FACTS: dict[str, Any] = {
    "name": "精武镇新时代文明实践中心",
    "kind": "community_governance",
    "township": "精武镇",
    "owner_school_id": None,
    "address": "天津市西青区精武镇",
    "lat": 39.04,
    "lon": 117.12,
    "capacity": 60,
    "visit_minutes": 90,
    "open_rule": "TUE-SUN 09:00-17:00",
    "closed_on": [date(2026, 12, 31), date(2026, 10, 1), date(2026, 12, 31)],
    "advance_booking_days": 3,
    "needs_guide": False,
}


def a_site(session: Session, code: str = "SITE-11", id: UUID | None = None, **changes: Any) -> Site:
    wanted = {**FACTS, **changes}
    return sites.put(session, id or uuid7(), code=code, facts=wanted, by=SCHEDULER, at=NOON)


def test_every_change_of_a_site_is_told(catalog: Session) -> None:
    site = a_site(catalog)
    sites.close(catalog, site.id, reason="布展", by=SCHEDULER, at=NOON)
    a_site(catalog, id=site.id, capacity=80)
    sites.reopen(catalog, site.id, by=SCHEDULER, at=NOON)

    said = [SiteChanged.read(row.body) for row in outbox.history(catalog, [site.id])]

    assert [(s.version, s.verb, s.state, s.capacity) for s in said] == [
        (1, "put", "open", 60),
        (2, "close", "closed", 60),
        (3, "put", "closed", 80),
        (4, "reopen", "open", 80),
    ]
    assert said[-1].closed_on == [date(2026, 10, 1), date(2026, 12, 31)]
    assert site.closed_because is None


def test_a_closed_site_is_not_closed_again(catalog: Session) -> None:
    with pytest.raises(Conflict, match="wrong_state"):
        sites.reopen(catalog, SITE_01, by=SCHEDULER, at=NOON)
    sites.close(catalog, SITE_01, reason="x", by=SCHEDULER, at=NOON)
    with pytest.raises(Conflict, match="wrong_state"):
        sites.close(catalog, SITE_01, reason="x", by=SCHEDULER, at=NOON)


@pytest.mark.parametrize("role", [Role.TOWNSHIP, Role.LECTURER, Role.SUPERVISOR])
def test_only_the_district_changes_sites(catalog: Session, role: Role) -> None:
    by = a_caller(role)

    with pytest.raises(Forbidden, match="role_required"):
        sites.put(catalog, SITE_01, code="SITE-01", facts=FACTS, by=by, at=NOON)
    with pytest.raises(Forbidden, match="role_required"):
        sites.close(catalog, SITE_01, reason="x", by=by, at=NOON)
    with pytest.raises(Forbidden, match="role_required"):
        sites.reopen(catalog, SITE_01, by=by, at=NOON)


def test_another_district_does_not_find_the_site(catalog: Session) -> None:
    with pytest.raises(NotFound):
        sites.close(catalog, SITE_01, reason="x", by=STRANGER, at=NOON)


@pytest.mark.parametrize(
    ("code", "id", "refusal"),
    [("SITE-01", None, "code_taken"), ("一号", None, "code_invalid"), ("S", SITE_01, "code_fixed")],
)
def test_a_code_names_one_site_for_ever(
    catalog: Session, code: str, id: UUID | None, refusal: str
) -> None:
    with pytest.raises(Refusal, match=refusal):
        a_site(catalog, code, id=id)


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        ("TUE-SUN 09:00-17:00", "TUE-SUN 09:00-17:00"),
        ("SAT 09:00-12:00", "SAT 09:00-12:00"),
        ("TUE-FRI  09:00-16:00;SAT 09:00-12:00", "TUE-FRI 09:00-16:00; SAT 09:00-12:00"),
    ],
)
def test_an_opening_rule_is_kept_in_one_spelling(rule: str, kept: str) -> None:
    assert rules.check_open_rule(rule) == kept


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "whenever",
        "SUN-TUE 09:00-17:00",
        "TUE-SUN 17:00-09:00",
        "TUE-SUN 9:00-17:00",
        "TUE-SUN 09:00-25:00",
        "XXX 09:00-12:00",
        "SAT 09:00-12:00;",
        "周六 09:00-12:00",
    ],
)
def test_an_opening_rule_that_means_nothing_is_refused(rule: str) -> None:
    with pytest.raises(Invalid, match="open_rule_invalid"):
        rules.check_open_rule(rule)
