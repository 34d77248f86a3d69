"""Booking: what a lesson does next, and by when. Values in, values out."""

from datetime import datetime, timedelta

from services.booking.models import Lesson
from services.booking.states import LessonState as L
from services.contracts.booking import Retime
from services.contracts.lecturer import StaffingChanged
from services.kit.numbers import Numbers

# The holder has come: whatever followed, the lesson has begun.
CAME = {"present", "done", "partial", "aborted"}
FAULTS = ("none", "school", "lecturer", "district", "force_majeure")

# A lesson in one of these has a slot, and a venue or site is held for it.
PLACED = {L.TENTATIVE, L.CONFIRMED, L.AT_RISK, L.SUSPENDED, L.IN_PROGRESS}
# A change may be talked about while the lesson is one of these.
CHANGEABLE = {L.TENTATIVE, L.CONFIRMED, L.AT_RISK}

# Why it ended, and whose doing it was, when nobody said otherwise.
REASONS = {
    "line_refused_or_order_dead": ("line_refused", "none"),
    "line_fix_deadline": ("line_not_mended", "school"),
    "window_passed": ("window_passed", "district"),
    "cancel": ("cancelled_by_school", "school"),
    "cancel_by_district": ("cancelled_by_district", "district"),
    "order_dead": ("order_dead", "none"),
    "start_reached_unfilled": ("no_lecturer", "district"),
    "no_show_no_rescue": ("no_show", "lecturer"),
    "rescue_failed": ("no_substitute", "lecturer"),
    "abort_none": ("nothing_taught", "lecturer"),
    "abort_some": ("cut_short", "lecturer"),
    # As the lesson it was joined to, which says more.
    "host_not_delivered": ("nothing_taught", "lecturer"),
    "host_cut_short": ("cut_short", "lecturer"),
    "attest_ok": ("attested", "none"),
    "attest_by_district": ("attested", "none"),
    "resolve_verified": ("dispute_settled", "none"),
    "resolve_written_off": ("dispute_upheld", "district"),
}


def next_verb(
    lesson: Lesson, staffing: StaffingChanged | None, *, now: datetime, numbers: Numbers
) -> str | None:
    """The system move the staffing asks for; None when there is nothing to do.

    `apply_conflict` is a verb of the change agreed for the lesson, all others are the lesson's.
    Staffing of an older revision says nothing about this lesson any more.
    """
    if staffing is None or staffing.revision < lesson.revision:
        return None
    match lesson.state:
        case L.TENTATIVE:
            return _tentative(lesson, staffing)
        case L.CONFIRMED:
            return _confirmed(lesson, staffing, now, numbers)
        case L.AT_RISK:
            return "substitute_committed" if has_holder(lesson, staffing) else None
        case L.IN_PROGRESS:
            return _in_progress(lesson, staffing)
    return None


def has_holder(lesson: Lesson, staffing: StaffingChanged | None) -> bool:
    """Somebody has promised this revision, and every rule waived for him was waived by the school
    too; or he is there, which asks no more questions."""
    if staffing is None or staffing.revision < lesson.revision:
        return False
    agreed = not staffing.waived or lesson.agreed_assignment == staffing.assignment_id
    return staffing.status in CAME or (staffing.status == "held" and agreed)


def _tentative(lesson: Lesson, staffing: StaffingChanged) -> str | None:
    if staffing.status == "exhausted":
        return "candidates_exhausted"
    return "all_seats_filled" if has_holder(lesson, staffing) else None


def _confirmed(
    lesson: Lesson, staffing: StaffingChanged, now: datetime, numbers: Numbers
) -> str | None:
    there = staffing.status == "held" or staffing.status in CAME
    retime = Retime.model_validate(lesson.retime) if lesson.retime else None
    if retime is not None and staffing.retime_change_id == retime.change_id:
        if staffing.retime_answer in ("refused", "expired", "conflict"):
            return "apply_conflict"
        if staffing.retime_answer == "accepted" and there:
            return "retime_kept"
    if there:
        return "checkin" if staffing.status in CAME else None
    if retime is not None:
        # Both sides agreed to the new slot and there is nobody left to be asked about it.
        return "retime_applied" if retime.slot.starts_at > now else "apply_conflict"
    assert lesson.starts_at is not None
    if staffing.lost == "no_show":
        rescue = now < half_way(lesson)
        return "no_show_rescue_possible" if rescue else "no_show_no_rescue"
    early = notice_of(lesson.starts_at, now, numbers) == "early"
    return "seat_lost_early" if early else "seat_lost_late"


def _in_progress(lesson: Lesson, staffing: StaffingChanged) -> str | None:
    if staffing.handovers > lesson.handovers:
        return "handover"
    match staffing.status:
        case "done":
            return "no_checkout" if staffing.checkout_missed else "complete"
        case "partial":
            return "abort_some"
        case "aborted":
            return "abort_none"
    return None


def half_way(lesson: Lesson) -> datetime:
    """Until then a lesson without its lecturer may still be rescued."""
    assert lesson.starts_at is not None
    return lesson.starts_at + timedelta(minutes=lesson.minutes / 2)


def notice_of(starts_at: datetime | None, at: datetime, numbers: Numbers) -> str:
    """How long before the lesson: early, late, same_day or after_start; without a slot early."""
    if starts_at is None:
        return "early"
    if at >= starts_at:
        return "after_start"
    if starts_at - at < timedelta(hours=numbers.int("notice_same_day_hours")):
        return "same_day"
    return "early" if starts_at - at >= early(numbers) else "late"


def early(numbers: Numbers) -> timedelta:
    return timedelta(hours=numbers.int("notice_early_hours"))


def deadline_of(lesson: Lesson, at: datetime, numbers: Numbers) -> tuple[str, datetime] | None:
    """The timer of the state a lesson is in now: its verb, and when it is due.

    A requested lesson has none of its own: its letter, or its returned line, has.
    """

    def days(name: str) -> datetime:
        return at + timedelta(days=numbers.int(name))

    match lesson.state:
        case L.UNPLACED | L.WAITLISTED:
            return "window_passed", window_ends(lesson, at, numbers)
        case L.TENTATIVE:
            assert lesson.starts_at is not None
            return "start_reached_unfilled", lesson.starts_at
        case L.AT_RISK:
            return "rescue_failed", half_way(lesson)
        case L.SUSPENDED:
            assert lesson.starts_at is not None
            until = days("suspend_hold_days")
            # A slot that has passed is not worth holding.
            return "hold_ttl", min(until, lesson.starts_at) if lesson.starts_at > at else until
        case L.PARTIALLY_DELIVERED | L.NOT_DELIVERED:
            return "decision_sla", days("decision_days")
        case L.DELIVERED:
            return "attest_sla", days("attest_days")
        case L.DISPUTED:
            return "dispute_sla", days("dispute_days")
    return None


def window_ends(lesson: Lesson, at: datetime, numbers: Numbers) -> datetime:
    """The end of the last wish. A lesson that lost its place after its wishes had passed, and one
    made to make up for another, are given `fix_days` to be placed anew."""
    last = max((datetime.fromisoformat(wish["ends_at"]) for wish in lesson.wishes), default=at)
    if last > at or (lesson.revision == 0 and lesson.wishes):
        return last
    return at + timedelta(days=numbers.int("fix_days"))


def change_deadline(starts_at: datetime, at: datetime, numbers: Numbers) -> datetime:
    """When the other side has to answer: `change_answer_hours`, or a day before the lesson when
    that is earlier; four hours when the lesson is near, and never after it starts."""
    if starts_at - at < early(numbers):
        soon = at + timedelta(hours=numbers.int("change_answer_hours_near"))
        return min(soon, starts_at) if starts_at > at else soon
    usual = at + timedelta(hours=numbers.int("change_answer_hours"))
    return min(usual, starts_at - timedelta(hours=24))


def is_rescue(lesson: Lesson, at: datetime, numbers: Numbers) -> bool:
    """Offers ask for an answer within minutes, at any hour."""
    if lesson.state == L.AT_RISK:
        return True
    near = notice_of(lesson.starts_at, at, numbers) in ("same_day", "after_start")
    return lesson.state == L.TENTATIVE and near
