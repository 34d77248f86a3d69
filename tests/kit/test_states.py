"""A machine answers from its table alone."""

from enum import StrEnum

import pytest

from services.kit.auth import Role
from services.kit.errors import Conflict, Forbidden
from services.kit.states import Machine, Move


class Light(StrEnum):
    RED = "red"
    GREEN = "green"
    OFF = "off"


LIGHT = Machine(
    "light",
    [
        Move("go", {Light.RED}, Light.GREEN, {Role.SCHEDULER}, "gone", "go"),
        Move("stop_soft", {Light.GREEN}, Light.RED, {Role.TOWNSHIP}, "stopped", "stop"),
        Move("stop_hard", {Light.GREEN}, Light.RED, {Role.SCHEDULER}, "stopped", "stop"),
        Move("fuse", {Light.RED, Light.GREEN}, Light.OFF, {Role.TIMER}, "burnt"),
    ],
)


def test_a_move_has_its_target() -> None:
    assert LIGHT.move("go", Light.RED, {Role.SCHEDULER}).target == Light.GREEN


def test_the_wrong_role_is_told_before_the_wrong_state() -> None:
    with pytest.raises(Forbidden, match="not_yours"):
        LIGHT.move("go", Light.GREEN, {Role.TOWNSHIP})


def test_the_wrong_state_is_a_conflict_with_its_facts() -> None:
    with pytest.raises(Conflict, match="wrong_state") as refusal:
        LIGHT.move("go", Light.GREEN, {Role.SCHEDULER})
    assert refusal.value.facts == {"machine": "light", "verb": "go", "state": "green"}


def test_a_url_means_the_verb_of_the_caller() -> None:
    assert LIGHT.resolve("stop", Light.GREEN, {Role.TOWNSHIP}) == "stop_soft"
    assert LIGHT.resolve("stop", Light.GREEN, {Role.SCHEDULER}) == "stop_hard"


def test_open_moves_are_url_verbs_and_never_the_clocks() -> None:
    assert LIGHT.open_to(Light.GREEN, {Role.TOWNSHIP, Role.TIMER}) == ["stop"]
    assert LIGHT.open_to(Light.OFF, set(Role)) == []


def test_a_state_nothing_leaves_is_an_end() -> None:
    assert LIGHT.is_end(Light.OFF)
    assert not LIGHT.is_end(Light.RED)
