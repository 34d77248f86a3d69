"""The neutral file form: what goes in comes out, and what is wrong is named."""

import json
from typing import Any

import pytest

from services.planner import neutral
from services.planner.neutral import Malformed
from tests.planner.files import practice, text


@pytest.mark.parametrize("name", ["month", "tour_s"])
def test_a_problem_written_is_the_problem_read(name: str) -> None:
    problem = practice(name)

    assert neutral.read(json.dumps(neutral.write(problem))) == problem


def test_rows_may_come_in_any_order() -> None:
    value = json.loads(text("tour_s"))
    for name in ("lessons", "lecturers", "sites"):
        value[name].reverse()

    assert neutral.read_value(value) == practice("tour_s")


WRONG: list[tuple[str, list[Any], Any, str]] = [
    ("no schema", ["schema"], "lesson-dispatch/9", "schema: must be lesson-dispatch/1"),
    ("a fraction", ["grid"], 30.0, "grid: must be a whole number, not 30.0"),
    ("no grid", ["grid"], 0, "grid: 0 is below 1"),
    (
        "a word",
        ["lessons", 3, "weight"],
        "10",
        'lessons[3].weight: must be a whole number, not "10"',
    ),
    (
        "a flag",
        ["lessons", 3, "weight"],
        True,
        "lessons[3].weight: must be a whole number, not true",
    ),
    ("no such site", ["lessons", 3, "site"], 25, "lessons[3].site: 25 is not one of 0..24"),
    ("nobody", ["lessons", 3, "requested"], 12, "lessons[3].requested: 12 is not one of 0..11"),
    ("not a flag", ["lessons", 3, "strict"], 0, "lessons[3].strict: must be true or false, not 0"),
    ("an id twice", ["lessons", 3, "id"], 4, "lessons[4].id: 4 is given twice"),
    ("no lesson", ["lessons", 3, "segments"], [], "lessons[3].segments: is empty"),
    (
        "too long a pair",
        ["lessons", 3, "segments"],
        [[0, 15, 1]],
        "lessons[3].segments[0]: must have 2",
    ),
    (
        "backwards",
        ["lecturers", 0, "avail"],
        [[9, 5]],
        "lecturers[0].avail[0]: must not end before",
    ),
    ("no weights", ["weights"], {}, "weights.travel_div: is missing"),
    ("not a list", ["sites"], {}, "sites: must be a list, not {}"),
    ("a short table", ["site_travel"], [], "site_travel: must have 25 entries, not 0"),
    ("no such lecturer", ["fixed"], [[0, 99, 0]], "fixed[0][1]: 99 is not one of 0..11"),
    ("fixed twice", ["fixed"], [[0, 1, 0], [0, 2, 0]], "fixed[1]: lesson 0 is given twice"),
]


@pytest.mark.parametrize(
    ("path", "value", "says"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG]
)
def test_what_is_wrong_is_named(path: list[Any], value: Any, says: str) -> None:
    file = json.loads(text("tour_s"))
    place = file
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value

    with pytest.raises(Malformed) as refused:
        neutral.read_value(file)

    assert str(refused.value).startswith(says)


@pytest.mark.parametrize("name", ["schema", "days", "sites", "lecturers", "lessons", "budgets"])
def test_nothing_may_be_missing(name: str) -> None:
    file = json.loads(text("tour_s"))
    del file[name]

    with pytest.raises(Malformed, match=f"^{name}: is missing$"):
        neutral.read_value(file)


@pytest.mark.parametrize("junk", [b"", b"[]", b"{", b"\xff\xfe", b"null", b"[" * 100_000, b"NaN"])
def test_junk_is_no_problem(junk: bytes) -> None:
    with pytest.raises(Malformed):
        neutral.read(junk)
