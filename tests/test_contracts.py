"""Promises between services. What was once said stays sayable."""

import json
from pathlib import Path
from typing import Any

import pytest

from deploy import asyncapi, diagrams
from services.booking.grouping_states import GROUPING
from services.booking.plan_states import PLAN
from services.booking.season_states import SEASON
from services.booking.states import CHANGE, LESSON, ORDER
from services.contracts.booking import (
    ChangeChanged,
    GroupingChanged,
    LessonChanged,
    OrderChanged,
    PlanChanged,
    SeasonChanged,
)
from services.contracts.lecturer import AssignmentChanged, OfferChanged
from services.kit.event import Event
from services.kit.states import Machine
from services.lecturer.states import ASSIGNMENT, OFFER

SAMPLES = sorted((Path(__file__).parent / "samples").glob("*.json"))
EVENTS = {event.aggregate: event for event in asyncapi.events()}


@pytest.mark.parametrize("event", EVENTS.values(), ids=lambda event: event.aggregate)
def test_an_event_belongs_to_the_service_that_tells_it(event: type[Event]) -> None:
    service, noun = event.aggregate.split(".")

    assert event.__module__ == f"services.contracts.{service}"
    assert event.__name__.lower().startswith(noun)
    assert event.facts


@pytest.mark.parametrize(
    ("machine", "event"),
    [
        (ORDER, OrderChanged),
        (LESSON, LessonChanged),
        (CHANGE, ChangeChanged),
        (PLAN, PlanChanged),
        (SEASON, SeasonChanged),
        (GROUPING, GroupingChanged),
        (OFFER, OfferChanged),
        (ASSIGNMENT, AssignmentChanged),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_every_move_can_be_told(machine: Machine[Any], event: type[Event]) -> None:
    assert set(machine.facts) <= set(event.facts)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_what_was_said_once_is_still_understood(path: Path) -> None:
    envelope = json.loads(path.read_text(encoding="utf-8"))
    service, noun = envelope["type"].split(".")[-4:-2]

    said = EVENTS[f"{service}.{noun}"].read(envelope)

    assert str(said.id) == envelope["id"]


def test_every_aggregate_has_a_sample() -> None:
    assert {path.stem.rsplit(".", 1)[0] for path in SAMPLES} == set(EVENTS)


def test_the_published_document_is_true() -> None:
    assert asyncapi.TARGET.read_text(encoding="utf-8") == asyncapi.text()


def test_the_drawn_machines_are_true() -> None:
    assert diagrams.TARGET.read_text(encoding="utf-8") == diagrams.text()
