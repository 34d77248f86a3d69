"""Booking: what a letter may look like on its way in."""

import pytest
from pydantic import ValidationError

from services.booking.schemas import DecisionIn, LineIn, OrderIn, ReturnIn
from tests.booking.letter_world import NOON, a_line, a_wish


def test_slots_have_two_names_and_one_form() -> None:
    named = {"starts_at": a_wish()["start"], "ends_at": a_wish()["end"]}
    same = a_line()
    other = {**{k: v for k, v in same.items() if k != "slots"}, "wishes": [named]}

    columns = [LineIn.model_validate(line).columns() for line in (same, other)]

    assert columns[0] == columns[1]
    assert columns[0]["wishes"] == [
        {"starts_at": "2026-12-08T00:30:00+00:00", "ends_at": "2026-12-08T03:30:00+00:00"}
    ]


def test_a_deadline_has_other_names() -> None:
    due = NOON.isoformat()

    assert ReturnIn.model_validate({"reason": "改", "deadline": due}).due_at == NOON
    assert (
        DecisionIn.model_validate({"line": 1, "decision": "return", "due": due}).said().due_at
        == NOON
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"colour": "red"},
        {"slots": [{"start": "2026-12-08T08:30:00", "end": "2026-12-08T11:30:00"}]},
        {"slots": [{"start": "9999-12-31T23:30:00-08:00", "end": "9999-12-31T23:40:00-08:00"}]},
        {"expected_attendees": -1},
        {"delivery": "by_post"},
        {"lat": 91},
        {"notes": "长" * 2001},
    ],
)
def test_what_no_letter_can_hold_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        LineIn.model_validate(a_line(**wrong))


def test_rare_characters_are_ordinary() -> None:
    letter = OrderIn.model_validate({"title": "𠮷野家🎉", "contact_name": "㐂", "lines": []})

    assert letter.letter()["title"] == "𠮷野家🎉"
