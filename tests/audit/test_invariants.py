"""The audit: each invariant over rows, with its named exceptions."""

from collections.abc import Callable

import pytest

from deploy import agreement, audit, invariants
from deploy.books import Books, Look, Looks
from tests.audit.rows import (
    FAR,
    ONLINE,
    appointment,
    assignment,
    books,
    change,
    hold,
    lesson,
    offer,
    order,
)

LATER = {"starts_at": "2026-12-07T02:20:00Z", "ends_at": "2026-12-07T03:00:00Z"}
CLASH = {"starts_at": "2026-12-07T01:59:00Z", "ends_at": "2026-12-07T03:00:00Z"}


def offenders(check: Callable[[Books], Looks], found: Books) -> list[Look]:
    return [look for look in check(found) if look.why]


def test_a_district_in_order_offends_nothing() -> None:
    found = books(
        booking__order_letter=[order()],
        booking__place_hold=[hold()],
        lecturer__assignment=[assignment()],
        lecturer__offer=[offer()],
        lecturer__appointment=[appointment()],
    )

    report = audit.judge(found)

    assert report.offences == []
    judged = ("I1", "I2", "I3", "I5", "I6", "I7", "I10", "I11", "I12")
    assert [name for name in judged if not report.looked[name]] == []


def test_i1_a_second_holder_offends_and_so_does_one_the_staffing_does_not_name() -> None:
    two = books(lecturer__assignment=[assignment(), assignment(id="other", lecturer_id="b")])
    other = books(lecturer__assignment=[assignment()])
    other["lecturer.staffing"][0]["assignment_id"] = None

    assert {look.id for look in offenders(invariants.one_holder_per_seat, two)} == {
        "promise",
        "other",
    }
    assert [look.id for look in offenders(invariants.one_holder_per_seat, other)] == ["promise"]


@pytest.mark.parametrize(
    ("second", "offends"),
    [
        (assignment(id="b", lesson_id="b", **CLASH), True),  # overlaps
        (assignment(id="b", lesson_id="b", **LATER), False),  # the same hall: no way to go
        (assignment(id="b", lesson_id="b", place=FAR, **LATER), True),  # 15 + 2 x 11.1 minutes
        (assignment(id="b", lesson_id="b", place=ONLINE, **LATER), False),
        (assignment(id="b", lesson_id="b", place=FAR, state="released", **LATER), False),
        (assignment(id="b", lesson_id="b", lecturer_id="b", place=FAR, **CLASH), False),
    ],
)
def test_i2_between_two_places_lies_the_way(second: dict[str, object], offends: bool) -> None:
    found = books(lecturer__assignment=[assignment(), second])

    assert bool(offenders(invariants.nobody_in_two_places, found)) is offends


@pytest.mark.parametrize(
    ("state", "holder", "offends"),
    [
        ("confirmed", None, True),
        ("in_progress", assignment(), True),  # nobody has checked in
        ("in_progress", assignment(state="checked_in"), False),
        ("confirmed", assignment(state="release_requested"), False),
        ("tentative", assignment(), True),
        ("suspended", assignment(), False),  # decision 7
        ("at_risk", assignment(), True),
        ("at_risk", assignment(waived=["not_qualified"]), False),  # decision 6
        ("cancelled", None, False),
        ("cancelled", assignment(state="voided"), False),
        ("delivered", assignment(state="checked_in"), True),
    ],
)
def test_i3_confirmed_exactly_when_held(
    state: str, holder: dict[str, object] | None, offends: bool
) -> None:
    found = books(
        booking__lesson=[lesson(state=state)], lecturer__assignment=[holder] if holder else []
    )

    found_out = offenders(invariants.confirmed_exactly_when_held, found)

    assert [look.id for look in found_out] == (["lesson"] if offends else [])


def test_i3_waits_until_both_have_heard() -> None:
    found = books(booking__lesson=[lesson(state="confirmed")])
    found["booking.staffing_copy"][0]["version"] = 1

    assert list(invariants.confirmed_exactly_when_held(found)) == []


@pytest.mark.parametrize(
    ("where", "what", "offends"),
    [
        (lesson(state="tentative"), offer(state="pending"), False),
        (lesson(state="at_risk"), offer(state="countered"), False),
        (lesson(state="confirmed"), offer(state="pending"), True),
        (lesson(state="suspended"), offer(state="pending"), True),
        (lesson(state="cancelled"), offer(state="declined"), False),
        (
            lesson(state="confirmed", retime={"change_id": "change"}),
            offer(state="pending", kind="retime", change_id="change"),
            False,
        ),
        (lesson(), offer(state="pending", kind="retime", change_id="change"), True),
    ],
)
def test_i4_offers_only_where_wanted(
    where: dict[str, object], what: dict[str, object], offends: bool
) -> None:
    found = books(booking__lesson=[where], lecturer__offer=[what])

    assert bool(offenders(invariants.offers_only_where_wanted, found)) is offends


def test_i4_a_stand_by_is_wanted_while_a_release_is_requested() -> None:
    found = books(
        lecturer__offer=[offer(id="stand-by", state="pending")],
        lecturer__assignment=[assignment(state="release_requested")],
    )

    assert offenders(invariants.offers_only_where_wanted, found) == []


@pytest.mark.parametrize(
    ("letter", "offends"),
    [
        (appointment(), False),  # the lesson is on its last day
        (appointment(ends_on="2026-12-06"), True),
        (appointment(revoked_on="2026-12-07"), True),
        (appointment(revoked_on="2026-12-08"), False),
        (appointment(lecturer_id="other"), True),
    ],
)
def test_i5_the_day_of_the_lesson_counts(letter: dict[str, object], offends: bool) -> None:
    found = books(lecturer__assignment=[assignment()], lecturer__appointment=[letter])

    assert bool(offenders(invariants.holders_are_appointed, found)) is offends


@pytest.mark.parametrize(
    ("letter", "mine", "offends"),
    [
        ("closed", ["verified", "cancelled"], False),
        ("closed", ["cancelled", "written_off"], True),
        ("closed", ["verified", "disputed"], True),
        ("cancelled", ["cancelled", "tentative"], True),
        ("withdrawn", ["cancelled"], False),
        ("approved", ["verified", "tentative"], False),
    ],
)
def test_i6_letters_end_with_their_lessons(letter: str, mine: list[str], offends: bool) -> None:
    rows = [lesson(id=state, state=state) for state in mine]
    found = books(booking__order_letter=[order(state=letter)], booking__lesson=rows)

    assert bool(offenders(invariants.letters_end_with_their_lessons, found)) is offends


def test_i7_offer_promise_and_lesson_are_of_one_revision() -> None:
    for behind in (offer(revision=0), offer(state="pending")):
        found = books(lecturer__assignment=[assignment()], lecturer__offer=[behind])
        assert offenders(invariants.promises_are_of_this_revision, found)
    found = books(lecturer__assignment=[assignment()], lecturer__offer=[offer()])
    assert offenders(invariants.promises_are_of_this_revision, found) == []


def test_i9_an_end_without_fault_offends() -> None:
    why = {"reason_code": "cancelled_by_school", "fault": "school", "notice": "early"}
    good = lesson(id="good", state="cancelled", **why)
    bad = lesson(id="bad", state="cancelled", **why | {"fault": None})
    found = books(booking__lesson=[good, bad], booking__change=[change(state="rejected", **why)])

    (look,) = offenders(invariants.ends_say_why, found)

    assert look == Look("booking.lesson", "bad", "cancelled without fault")


@pytest.mark.parametrize(
    ("kind", "row"),
    [
        ("lecturer__offer", offer(state="pending", expires_at="2026-11-23T00:59:54Z")),
        ("booking__change", change(deadline_at="2026-11-23T00:59:54Z")),
        ("booking__order_letter", order(state="submitted", review_due_at="2026-11-23T00:00:00Z")),
        ("booking__order_letter", order(state="returned", fix_due_at="2026-11-23T00:00:00Z")),
        ("booking__lesson", lesson(due_at="2026-11-23T00:00:00Z")),
        ("notify__overdue", {"id": "x", "verb": "v", "due_at": "2026-11-23", "tries": 4}),
    ],
)
def test_i10_a_deadline_in_the_past_offends(kind: str, row: dict[str, object]) -> None:
    (look,) = offenders(invariants.deadlines_have_effect, books(**{kind: [row]}))

    assert look.id == row["id"]


def test_i10_allows_five_seconds_and_forgets_what_is_over() -> None:
    found = books(
        lecturer__offer=[
            offer(state="pending", expires_at="2026-11-23T00:59:56Z"),
            offer(state="declined", expires_at="2026-11-22T00:00:00Z"),
        ]
    )

    assert offenders(invariants.deadlines_have_effect, found) == []


def test_i11_holds_of_two_lessons_never_overlap_those_of_one_may() -> None:
    mine = hold(id="new", **CLASH)
    other = hold(id="other", lesson_id="other", **CLASH)
    gone = hold(id="gone", lesson_id="gone", live=False, **CLASH)

    assert (
        offenders(invariants.no_place_used_twice, books(booking__place_hold=[hold(), mine])) == []
    )
    (look,) = offenders(
        invariants.no_place_used_twice, books(booking__place_hold=[hold(), other, gone])
    )
    assert (look.kind, look.id) == ("booking.place_hold", "other")


def test_i11_looks_at_the_lessons_too() -> None:
    found = books(booking__lesson=[lesson(), lesson(id="b", state="tentative", **CLASH)])

    (look,) = offenders(invariants.no_place_used_twice, found)

    assert (look.kind, look.id) == ("booking.lesson", "b")


def test_i12_a_copy_that_says_something_else_offends() -> None:
    found = books()
    found["lecturer.seat"][0]["state"] = "tentative"

    (look,) = offenders(agreement.copies_equal, found)

    assert look.row == "lecturer.seat lesson"


def test_i12_a_copy_of_nothing_and_one_ahead_of_its_source_offend() -> None:
    found = books()
    found["notify.lesson_copy"][0]["version"] = 9
    found["lecturer.seat"].append(lesson(id="ghost"))

    looks = offenders(agreement.copies_equal, found)

    assert {look.row for look in looks} == {"notify.lesson_copy lesson", "lecturer.seat ghost"}


HOSTING = {"id": "host", "guest_people": 30, "state": "tentative"}
JOINED = {"id": "guest", "state": "joined", "joined_to": "host", "attendees": 30}


@pytest.mark.parametrize(
    ("host", "guest", "offends"),
    [
        ({}, {}, []),
        ({"state": "unplaced"}, {}, ["guest"]),
        ({}, {"place": FAR}, ["guest"]),
        ({}, LATER, ["guest"]),
        ({"guest_people": 20}, {}, ["host"]),
        ({}, {"state": "cancelled"}, ["host"]),
        ({"state": "verified"}, {"state": "verified"}, []),
        ({"id": "other", "guest_people": 0}, {}, ["guest"]),
    ],
)
def test_i13_guests_are_where_their_host_is(
    host: dict[str, object], guest: dict[str, object], offends: list[str]
) -> None:
    rows = [lesson(**{**HOSTING, **host}), lesson(**{**JOINED, **guest})]

    found = offenders(invariants.guests_are_where_their_host_is, books(booking__lesson=rows))

    assert [look.id for look in found] == offends


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def prove(*readings: Books) -> audit.Report:
    """The last reading is repeated for ever."""
    time, left = Time(), list(readings)
    return audit.prove(
        lambda: left.pop(0) if len(left) > 1 else left[0],
        sleep=time.sleep,
        clock=lambda: time.now,
    )


def test_a_copy_that_catches_up_does_not_offend() -> None:
    behind = books(booking__lesson=[lesson(state="tentative")])
    behind["lecturer.seat"][0]["version"] = 2
    caught_up = books(booking__lesson=[lesson(state="tentative")])

    report = prove(behind, behind, caught_up)

    assert (report.offences, report.busy) == ([], 0)


def test_a_copy_that_stays_behind_offends_i12() -> None:
    behind = books(booking__lesson=[lesson(state="tentative")])
    behind["lecturer.seat"][0]["version"] = 2

    report = prove(behind)

    why = "has version 2 of 3 of booking.lesson"
    assert report.offences == [("I12", Look("lecturer.seat", "lesson", why))]


def test_a_copy_that_is_always_a_word_behind_is_busy_and_does_not_offend() -> None:
    readings = []
    for version in range(4, 100):
        found = books(booking__lesson=[lesson(state="tentative", version=version)])
        found["lecturer.seat"][0]["version"] = version - 1
        readings.append(found)

    report = prove(*readings)

    assert report.offences == []
    assert report.busy == 1


def test_what_was_seen_only_once_does_not_offend() -> None:
    torn = books(booking__lesson=[lesson(state="confirmed")])
    whole = books(booking__lesson=[lesson(state="tentative")])

    assert prove(torn, whole).offences == []
    assert [name for name, _ in prove(torn).offences] == ["I3"]


def test_a_clock_that_was_moved_gives_five_seconds_to_act() -> None:
    waiting = lesson(state="tentative", due_at="2026-11-20T00:00:00Z")
    late = books(booking__lesson=[waiting])
    acted = books(booking__lesson=[lesson(state="tentative")])

    assert prove(late, late, late, acted).offences == []
    assert [name for name, _ in prove(late).offences] == ["I10"]
