"""Lecturer: letters of appointment, as sentences."""

from datetime import date
from uuid import UUID

import pytest
from sqlmodel import Session

from services.kit.errors import Conflict, Forbidden, Invalid, Missing, NotFound
from services.kit.ids import uuid7
from services.lecturer import appointments, queries
from services.lecturer.models import Appointment, Assignment, Lecturer
from tests.lecturer.world import (
    CLERK,
    FOREIGN,
    NOON,
    SCHEDULER,
    a_lecturer,
    a_promise,
    a_seat,
    an_offer,
    due,
    himself,
    last_told,
    local,
    ref,
    told,
)

LETTER = ref("LEC-001/letter")


def issue(
    session: Session, lecturer: Lecturer, id: UUID | None = None, **said: object
) -> Appointment:
    usual = {
        "number": "聘字〔2026〕900号",
        "scope": "领学",
        "starts_on": date(2026, 3, 1),
        "ends_on": None,
        "if_match": None,
        "by": SCHEDULER,
        "at": NOON,
    }
    return appointments.put(session, lecturer.id, id or uuid7(), **(usual | said))  # type: ignore[arg-type]


def test_a_letter_runs_for_twenty_four_months_unless_it_says_otherwise(district: Session) -> None:
    lecturer = a_lecturer(district, term=None)

    letter = issue(district, lecturer)

    assert letter.ends_on == date(2028, 2, 29)
    assert told(district, letter.id) == ["lecturer.appointment.changed"]
    assert last_told(district, letter.id)["lecturer_name"] == lecturer.name


def test_its_notices_and_its_lapse_are_set(district: Session) -> None:
    letter = issue(district, a_lecturer(district, term=None), ends_on=date(2027, 1, 10))

    assert due(district, letter.id) == {
        "appointment_notice": local("2026-12-11 09:00"),
        "appointment_lapse": local("2027-01-11 00:00"),
    }


def test_a_letter_that_has_ended_is_written_down_without_clocks(district: Session) -> None:
    letter = issue(district, a_lecturer(district, term=None), ends_on=date(2026, 10, 1))

    assert due(district, letter.id) == {}


def test_it_warns_at_sixty_thirty_and_seven_days_and_lapses(district: Session) -> None:
    letter = issue(district, a_lecturer(district, term=None), ends_on=date(2027, 6, 30))

    left = []
    for _ in range(3):
        at = due(district, letter.id)["appointment_notice"]
        appointments.notice(district, letter.id, at)
        left.append(last_told(district, letter.id)["days_left"])
    appointments.lapse(district, letter.id, due(district, letter.id)["appointment_lapse"])

    assert left == [60, 30, 7]
    assert told(district, letter.id)[-2:] == [
        "lecturer.appointment.expiring",
        "lecturer.appointment.lapsed",
    ]
    assert letter.version == 5


def test_nobody_is_warned_of_a_letter_that_another_one_follows(district: Session) -> None:
    lecturer = a_lecturer(district, term=None)
    letter = issue(district, lecturer, ends_on=date(2027, 1, 10))
    appointments.renew(district, letter.id, number="聘字〔2027〕901号", by=SCHEDULER, at=NOON)

    appointments.notice(district, letter.id, due(district, letter.id)["appointment_notice"])
    appointments.lapse(district, letter.id, due(district, letter.id)["appointment_lapse"])

    assert told(district, letter.id) == ["lecturer.appointment.changed"]


def test_a_renewal_begins_the_day_after_or_today(district: Session) -> None:
    lecturer = a_lecturer(district, term=None)
    letter = issue(district, lecturer, ends_on=date(2027, 1, 10))
    lapsed = issue(district, lecturer, number="旧", ends_on=date(2026, 5, 1))

    after = appointments.renew(district, letter.id, number="新一", by=SCHEDULER, at=NOON)
    today = appointments.renew(
        district, lapsed.id, number="新二", ends_on=date(2027, 1, 1), by=SCHEDULER, at=NOON
    )

    assert (after.starts_on, after.ends_on) == (date(2027, 1, 11), date(2029, 1, 10))
    assert (after.renews_id, after.scope) == (letter.id, "领学")
    assert today.starts_on == date(2026, 11, 23)


def test_a_letter_is_corrected_by_its_version(district: Session) -> None:
    lecturer = a_lecturer(district)

    with pytest.raises(Missing, match="if_match_required"):
        issue(district, lecturer, LETTER)
    letter = issue(district, lecturer, LETTER, if_match=1, ends_on=date(2027, 5, 31))

    assert (letter.version, letter.ends_on) == (2, date(2027, 5, 31))


def test_a_letter_has_a_number_of_its_own_and_a_term(district: Session) -> None:
    lecturer = a_lecturer(district, term=None)
    issue(district, lecturer)

    with pytest.raises(Conflict, match="number_taken"):
        issue(district, lecturer)
    with pytest.raises(Invalid, match="term_invalid"):
        issue(district, lecturer, number="x", ends_on=date(2026, 2, 1))


def test_only_the_district_appoints(district: Session) -> None:
    lecturer = a_lecturer(district)

    for stranger in (CLERK, himself(lecturer.id)):
        with pytest.raises(Forbidden, match="role_required"):
            issue(district, lecturer, by=stranger)
    with pytest.raises(NotFound, match="not_found"):
        appointments.revoke(district, LETTER, reason="x", by=FOREIGN, at=NOON)
    with pytest.raises(NotFound, match="not_found"):
        issue(district, a_lecturer(district, "LEC-002"), LETTER, if_match=1)


def test_a_revoked_letter_ends_the_offers_it_covered(district: Session) -> None:
    lecturer = a_lecturer(district)
    offer = an_offer(district, lecturer, a_seat(district))

    letter = appointments.revoke(district, LETTER, reason="调离", by=SCHEDULER, at=NOON)

    district.refresh(offer)
    assert (offer.state, offer.reason_code) == ("invalidated", "appointment_not_valid")
    assert (letter.revoked_on, letter.revoke_reason) == (date(2026, 11, 23), "调离")
    assert due(district, LETTER) == {}
    [shown] = queries.appointments(district, lecturer.id, by=himself(lecturer.id), at=NOON)
    assert (shown["status"], shown["valid_until"]) == ("revoked", date(2026, 11, 22))


def test_a_letter_is_not_revoked_from_under_a_promise(district: Session) -> None:
    lecturer = a_lecturer(district)
    promise = a_promise(district, lecturer, a_seat(district, state="confirmed"))

    with pytest.raises(Conflict, match="holds_lessons"):
        appointments.revoke(district, LETTER, reason="调离", by=SCHEDULER, at=NOON)
    appointments.revoke(district, LETTER, reason="调离", force=True, by=SCHEDULER, at=NOON)

    gone = district.get_one(Assignment, promise.id)
    assert (gone.state, gone.reason_code) == ("voided", "appointment_revoked")


def test_a_promise_another_letter_covers_does_not_stand_in_the_way(district: Session) -> None:
    lecturer = a_lecturer(district)
    promise = a_promise(district, lecturer, a_seat(district, state="confirmed"))
    issue(district, lecturer, starts_on=date(2026, 11, 1))

    appointments.revoke(district, LETTER, reason="重复", by=SCHEDULER, at=NOON)

    assert district.get_one(Assignment, promise.id).state == "committed"


def test_shortening_a_letter_is_refused_like_revoking_it(district: Session) -> None:
    lecturer = a_lecturer(district)
    a_promise(district, lecturer, a_seat(district, state="confirmed"))

    with pytest.raises(Conflict, match="holds_lessons"):
        issue(district, lecturer, LETTER, if_match=1, ends_on=date(2026, 11, 30))
    issue(district, lecturer, LETTER, if_match=1, ends_on=date(2026, 12, 1))


def test_a_letter_is_revoked_once_and_not_backwards(district: Session) -> None:
    a_lecturer(district)

    with pytest.raises(Invalid, match="in_the_past"):
        appointments.revoke(
            district, LETTER, reason="x", on=date(2026, 11, 22), by=SCHEDULER, at=NOON
        )
    with pytest.raises(Conflict, match="appointment_ends_before"):
        appointments.revoke(
            district, LETTER, reason="x", on=date(2028, 1, 1), by=SCHEDULER, at=NOON
        )
    appointments.revoke(district, LETTER, reason="x", on=date(2027, 1, 1), by=SCHEDULER, at=NOON)
    with pytest.raises(Conflict, match="appointment_revoked"):
        appointments.revoke(district, LETTER, reason="x", by=SCHEDULER, at=NOON)


def test_letters_that_run_out_are_found(district: Session) -> None:
    a_lecturer(district, "LEC-001")
    a_lecturer(district, "LEC-002", term=(date(2025, 1, 1), date(2026, 12, 31)))

    items, following = queries.letters(
        district, ends_before=date(2027, 2, 1), cursor=None, limit=50, by=SCHEDULER, at=NOON
    )

    assert [item["lecturer_name"] for item in items] == ["示例讲师LEC-002（虚构）"]
    assert following is None
