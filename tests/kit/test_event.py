"""CloudEvents, structured, ASCII headers; what is written can be read."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from services.kit.bus import subject_of
from services.kit.event import Actor
from tests.kit.toy import BoothChanged

SAID = BoothChanged(
    fact="changed",
    key=UUID(int=1),
    version=3,
    district="xiqing",
    at=datetime(2026, 11, 23, 1, tzinfo=UTC),
    by=Actor(id=UUID(int=2), role="township", name="王𠮷 😀"),
    note="约课",
)


def test_an_event_survives_its_envelope() -> None:
    assert BoothChanged.read(SAID.envelope()) == SAID


def test_the_envelope_is_a_cloud_event() -> None:
    envelope = SAID.envelope()

    assert {k: envelope[k] for k in ("specversion", "source", "type", "subject", "sequence")} == {
        "specversion": "1.0",
        "source": "/xiqing/toy",
        "type": "cn.party-school.yueke.toy.booth.changed.v1",
        "subject": str(UUID(int=1)),
        "sequence": "3",
    }


def test_unknown_fields_are_ignored_so_that_producers_may_add_some() -> None:
    envelope = SAID.envelope()
    envelope["data"]["colour"] = "red"

    assert BoothChanged.read(envelope) == SAID


def test_subjects_hold_no_wildcards_and_no_other_script() -> None:
    assert subject_of("xiqing", SAID.subject) == "evt.xiqing.toy.booth.changed"
    for district in ("*", "西青", "a.b>", ""):
        with pytest.raises(ValueError, match="token"):
            subject_of(district, SAID.subject)
