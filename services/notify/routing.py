"""Notify: what is told to whom. One table: every word of every event is routed or excused.

A word is the fact of an event; of those that have only `changed`, the verb. A narrower row
`word/verb` goes before the row of the word.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from services.contracts.booking import ChangeChanged, GroupingChanged
from services.contracts.lecturer import AssignmentChanged, OfferChanged
from services.kit.event import Event


class To(StrEnum):
    """Recipients. All of them active, of the event's district."""

    SCHOOL = "school"  # the township accounts of the school
    SCHOOLS = "schools"  # every township account
    HOST_SCHOOL = "host_school"  # of a grouping: the school to which the others come
    GUEST_SCHOOL = "guest_school"  # the school whose lesson joins or is moved
    SCHEDULERS = "schedulers"
    LECTURER = "lecturer"  # the one it is about; of a lesson: who holds or taught it
    SUPERVISORS = "supervisors"
    ACCOUNT = "account"  # the one person the event names
    OTHER_SIDE = "other_side"  # of a negotiation: the school, or the schedulers when it spoke


@dataclass(frozen=True)
class Tell:
    """One kind of message to one kind of recipient; here always, by mail unless it is small."""

    to: To
    kind: str
    mail: bool = True
    urgent: bool = False  # no quiet hours
    always: bool = False  # by mail whatever the person chose
    when: Callable[[Event], bool] | None = None
    gather: str | None = None  # the kind that tells of several at once (`digests.py`)


@dataclass(frozen=True)
class Nobody:
    """Why nobody needs to be told."""

    because: str


Route = tuple[Tell, ...] | Nobody


def word_of(said: Event) -> str:
    """What happened, in the word the table knows it by."""
    verb = getattr(said, "verb", None)
    return verb if verb and said.facts == ("changed",) else said.fact


def route_of(said: Event, word: str | None = None) -> Route:
    """Who is told of it; a word the table does not know (a newer producer's) is told to nobody."""
    word = word or word_of(said)
    rows = ROUTES.get(said.aggregate, {})
    narrow = rows.get(f"{word}/{getattr(said, 'verb', '')}")
    return narrow or rows.get(word) or rows.get("*") or Nobody("not a word this version knows")


def is_recorded(said: Event) -> bool:
    """Did somebody say it for the lecturer it is about?"""
    if not isinstance(said, OfferChanged | AssignmentChanged):
        return False
    return said.by.on_behalf_of is not None and said.by.on_behalf_of == said.lecturer_id


def _refused(said: Event) -> bool:
    return getattr(said, "reason_code", None) == "line_refused"


def _is_retime(said: Event) -> bool:
    return isinstance(said, OfferChanged) and said.kind == "retime"


def _is_seat(said: Event) -> bool:
    return not _is_retime(said)


def _is_alone(said: Event) -> bool:
    """Not placed by a plan that is being published: then there is nothing to do."""
    return getattr(said, "batch", None) is None


def other_side(said: Event) -> To:
    """Who has to hear what one side of a negotiation said."""
    assert isinstance(said, ChangeChanged)
    return To.SCHEDULERS if said.proposed_by == "township" else To.SCHOOL


def _is_merge(said: Event) -> bool:
    return isinstance(said, GroupingChanged) and said.kind == "merge"


def _is_route(said: Event) -> bool:
    return isinstance(said, GroupingChanged) and said.kind == "route"


def _is_talked_about(said: Event) -> bool:
    """Not one that only carries out what was agreed elsewhere."""
    return getattr(said, "grouping_id", None) is None


SCHOOL, SCHEDULERS, LECTURER, SUPERVISORS = To.SCHOOL, To.SCHEDULERS, To.LECTURER, To.SUPERVISORS

# Of what he did himself a lecturer is not told; of what was recorded for him he is.
RECORDED = Tell(LECTURER, "recorded_on_behalf", when=is_recorded)
HIS_RECORD = (Tell(LECTURER, "lecturer_changed", mail=False),)
LETTER = Nobody("told once, for the whole letter")
CHANGE = Nobody("the change itself is told, with both dates")
GROUPING = Nobody("the proposal that was agreed to is told, to both schools")
PRESENCE = Nobody("the lecturer's presence is told where it happened")


def both(kind: str, *, mail: bool = True, urgent: bool = False) -> tuple[Tell, ...]:
    return tuple(Tell(to, kind, mail, urgent) for to in (SCHOOL, SCHEDULERS))


def of_grouping(kind: str) -> tuple[Tell, ...]:
    """To everybody who was asked, and to who asked."""
    return (
        Tell(To.HOST_SCHOOL, kind, when=_is_merge),
        Tell(To.GUEST_SCHOOL, kind),
        Tell(SCHEDULERS, kind),
    )


ROUTES: dict[str, dict[str, Route]] = {
    "portal.account": {"*": Nobody("kept as a copy: who can be told at all")},
    "portal.reset": {"asked": (Tell(To.ACCOUNT, "password_reset", urgent=True, always=True),)},
    "booking.calendar": {"changed": Nobody("days are seen where something is planned")},
    "booking.numbers": {"changed": Nobody("kept as a copy: quiet hours and the time zone")},
    "catalog.course": {
        "publish": (Tell(To.SCHOOLS, "course_published", mail=False),),
        "retire": (
            Tell(To.SCHOOLS, "course_retired", mail=False),
            Tell(SCHEDULERS, "course_retired", mail=False),
        ),
        "put": Nobody("not on the menu yet"),
        "trial": Nobody("not on the menu yet"),
        "approve": Nobody("not on the menu yet"),
    },
    "catalog.site": {
        "put": (Tell(SCHEDULERS, "site_changed", mail=False),),
        "close": (Tell(SCHEDULERS, "site_closed"),),
        "reopen": (Tell(SCHEDULERS, "site_changed", mail=False),),
    },
    "booking.order": {
        "submitted": (Tell(SCHEDULERS, "order_submitted"),),
        "resubmitted": (Tell(SCHEDULERS, "order_resubmitted"),),
        "returned": (Tell(SCHOOL, "order_returned"),),
        "rejected": (Tell(SCHOOL, "order_rejected"),),
        "approved": (Tell(SCHOOL, "order_approved"),),
        "lines_amended": (Tell(SCHEDULERS, "order_lines_amended"),),
        "lines_reviewed": (Tell(SCHOOL, "order_lines_reviewed"),),
        "withdrawn": (Tell(SCHEDULERS, "order_withdrawn"),),
        "withdrawn/discard": Nobody("a draft nobody else has seen"),
        "expired": both("order_expired"),
        "expired/stale_or_dates_past": (Tell(SCHOOL, "order_draft_expired", mail=False),),
        "review_overdue": (
            Tell(SCHEDULERS, "order_review_overdue", urgent=True),
            Tell(SUPERVISORS, "order_review_overdue"),
        ),
        "urged": (Tell(SCHEDULERS, "order_urged"),),
        "cancelled": both("order_cancelled"),
        "closed": both("order_closed"),
        "reopened": both("order_reopened"),
    },
    "booking.lesson": {
        "requested": LETTER,
        "line_returned": LETTER,
        "resubmitted": LETTER,
        "amended": LETTER,
        "line_approved": LETTER,
        "line_refused_or_order_dead": (Tell(SCHOOL, "lesson_refused", mail=False, when=_refused),),
        "line_fix_deadline": both("lesson_line_lapsed"),
        "place": (Tell(SCHOOL, "lesson_placed", mail=False, gather="lessons_placed"),),
        "park": (Tell(SCHOOL, "lesson_parked", mail=False),),
        "capacity_found": (Tell(SCHEDULERS, "lesson_capacity_found", mail=False, when=_is_alone),),
        "window_passed": both("lesson_window_passed"),
        "cancel": both("lesson_cancelled"),
        "cancel_by_district": both("lesson_cancelled"),
        "order_dead": LETTER,
        "all_seats_filled": (Tell(SCHOOL, "lesson_confirmed"),),
        "candidates_exhausted": (Tell(SCHEDULERS, "lesson_candidates_exhausted", urgent=True),),
        "unplace": (Tell(SCHOOL, "lesson_unplaced", mail=False),),
        "suspend": (Tell(SCHOOL, "lesson_suspended"), Tell(LECTURER, "lesson_suspended")),
        "start_reached_unfilled": (
            *both("lesson_unfilled", urgent=True),
            Tell(SUPERVISORS, "lesson_unfilled"),
        ),
        "seat_lost_early": both("lesson_seat_lost"),
        "seat_lost_late": both("lesson_at_risk", urgent=True),
        "retime_applied": CHANGE,
        "retime_kept": CHANGE,
        "retime_asked": CHANGE,
        "retime_dropped": CHANGE,
        "join": GROUPING,
        "guests_changed": Nobody("the lecturer and the host school see it on the lesson"),
        "follow_host": (Tell(SCHOOL, "lesson_follows_host"),),
        "part": both("lesson_parted"),
        "host_delivered": (Tell(SCHOOL, "lesson_delivered"),),
        "host_cut_short": both("lesson_partly_delivered"),
        "host_not_delivered": both("lesson_not_delivered", urgent=True),
        "checkin": PRESENCE,
        "no_show_rescue_possible": both("lesson_at_risk", urgent=True),
        "no_show_no_rescue": both("lesson_not_delivered", urgent=True),
        "substitute_committed": both("lesson_rescued", urgent=True),
        "downgrade_agreed": (Tell(SCHEDULERS, "lesson_downgrade_agreed", urgent=True),),
        "rescue_failed": (
            *both("lesson_not_delivered", urgent=True),
            Tell(SUPERVISORS, "lesson_not_delivered"),
        ),
        "resume_intact": (Tell(SCHOOL, "lesson_resumed"), Tell(LECTURER, "lesson_resumed")),
        "resume_broken": (Tell(SCHOOL, "lesson_rescheduled"),),
        "new_slot": (Tell(SCHOOL, "lesson_rescheduled"),),
        "hold_ttl": both("lesson_hold_lapsed"),
        "complete": (Tell(SCHOOL, "lesson_delivered"),),
        "no_checkout": (Tell(SCHOOL, "lesson_delivered"),),
        "abort_some": both("lesson_partly_delivered"),
        "abort_none": both("lesson_not_delivered", urgent=True),
        "handover": (Tell(SCHOOL, "lesson_handed_over", mail=False),),
        "accept_as_is": (Tell(SCHEDULERS, "lesson_accepted_as_is", mail=False),),
        "schedule_makeup": (Tell(SCHOOL, "lesson_makeup"),),
        "close_unmet": (Tell(SCHOOL, "lesson_closed_unmet"),),
        "decision_sla": (
            Tell(SCHEDULERS, "lesson_decision_overdue"),
            Tell(SUPERVISORS, "lesson_decision_overdue"),
        ),
        "attest_ok": (Tell(LECTURER, "lesson_verified", mail=False),),
        "attest_by_district": (
            Tell(SCHOOL, "lesson_verified", mail=False),
            Tell(LECTURER, "lesson_verified", mail=False),
        ),
        "attest_sla": both("lesson_attest_overdue"),
        "dispute": (
            Tell(SUPERVISORS, "lesson_disputed"),
            Tell(SCHEDULERS, "lesson_disputed"),
            Tell(LECTURER, "lesson_disputed"),
        ),
        "resolve_verified": (
            *both("lesson_dispute_settled"),
            Tell(LECTURER, "lesson_dispute_settled"),
        ),
        "resolve_written_off": (
            *both("lesson_dispute_upheld"),
            Tell(LECTURER, "lesson_dispute_upheld"),
        ),
        "dispute_sla": (Tell(SUPERVISORS, "lesson_dispute_overdue"),),
        "reopen": (*both("lesson_reopened"), Tell(LECTURER, "lesson_reopened")),
    },
    "booking.change": {
        "proposed": (Tell(To.OTHER_SIDE, "change_proposed", when=_is_talked_about),),
        "proposed/propose_wished": Nobody("its school wished for it: what is agreed is told"),
        "countered": (Tell(To.OTHER_SIDE, "change_countered"),),
        "agreed": tuple(
            Tell(to, "change_agreed", when=_is_talked_about) for to in (SCHOOL, SCHEDULERS)
        ),
        "rejected": both("change_rejected"),
        "rejected/apply_conflict": both("change_not_possible"),
        "withdrawn": (Tell(To.OTHER_SIDE, "change_withdrawn"),),
        "withdrawn/lesson_dead": Nobody("the end of the lesson is told"),
        "expired": both("change_expired"),
        "applied": both("change_applied"),
    },
    "booking.plan": {
        "started": Nobody("whoever began it looks on"),
        "ready": (Tell(To.ACCOUNT, "plan_ready", mail=False),),
        "failed": (Tell(To.ACCOUNT, "plan_failed", mail=False),),
        "edited": Nobody("a draft is not out of the office yet"),
        "replanned": Nobody("a draft is not out of the office yet"),
        "publishing": Nobody("told when it is over"),
        "published": (Tell(SCHEDULERS, "plan_published"),),
        "discarded": Nobody("a draft nobody else has seen"),
    },
    "booking.grouping": {
        "proposed": (
            Tell(To.HOST_SCHOOL, "merge_proposed", when=_is_merge),
            Tell(To.GUEST_SCHOOL, "merge_proposed", when=_is_merge),
            Tell(To.GUEST_SCHOOL, "route_proposed", when=_is_route),
        ),
        "side_agreed": Nobody("the other side has a question of its own"),
        "agreed": Nobody("told when it is carried out, or cannot be"),
        "applied": (
            Tell(To.HOST_SCHOOL, "merge_applied", when=_is_merge),
            Tell(To.GUEST_SCHOOL, "merge_applied", when=_is_merge),
            Tell(SCHEDULERS, "merge_applied", when=_is_merge),
        ),
        "declined": of_grouping("grouping_declined"),
        "withdrawn": of_grouping("grouping_withdrawn"),
        "expired": of_grouping("grouping_expired"),
        "lapsed": of_grouping("grouping_lapsed"),
    },
    "booking.season": {
        "opened": (Tell(To.SCHOOLS, "season_opened"),),
        "extended": (Tell(To.SCHOOLS, "season_extended"),),
        "closing_soon": (Tell(To.SCHOOLS, "season_closing_soon"),),
        "closed": (Tell(SCHEDULERS, "season_closed"),),
        "reopened": (Tell(To.SCHOOLS, "season_reopened"),),
        "allocating": Nobody("a draft is not out of the office yet"),
        "allocated": (Tell(To.SCHOOLS, "season_allocated"),),
        "cancelled": (Tell(To.SCHOOLS, "season_cancelled"),),
    },
    "lecturer.offer": {
        "sent": (
            Tell(LECTURER, "offer_received", when=_is_seat, gather="offers_received"),
            Tell(LECTURER, "offer_retime", when=_is_retime),
        ),
        "reminded": (Tell(LECTURER, "offer_reminder"),),
        "accepted": (Tell(SCHEDULERS, "offer_accepted", mail=False), RECORDED),
        "declined": (Tell(SCHEDULERS, "offer_declined", mail=False), RECORDED),
        "countered": (Tell(SCHEDULERS, "offer_countered"), RECORDED),
        "counter_refused": (Tell(LECTURER, "offer_counter_refused"),),
        "counter_withdrawn": (
            Tell(SCHEDULERS, "offer_counter_withdrawn", mail=False),
            RECORDED,
        ),
        "expired": (
            Tell(LECTURER, "offer_expired"),
            Tell(SCHEDULERS, "offer_unanswered", mail=False),
        ),
        "revoked": (Tell(LECTURER, "offer_revoked"),),
        "superseded": (Tell(LECTURER, "offer_superseded", mail=False),),
        "invalidated": (Tell(LECTURER, "offer_invalidated"),),
    },
    "lecturer.assignment": {
        "committed": (Tell(LECTURER, "assignment_committed"),),
        "retimed": (Tell(LECTURER, "assignment_retimed"),),
        "reconfirmed": (RECORDED,),
        "reconfirm_missed": (
            Tell(LECTURER, "assignment_reconfirm_missed", urgent=True),
            Tell(SCHEDULERS, "assignment_not_reconfirmed", urgent=True),
        ),
        "not_checked_in": (
            Tell(LECTURER, "assignment_check_in_missing", urgent=True),
            *both("assignment_not_checked_in", urgent=True),
        ),
        "released": (
            Tell(LECTURER, "assignment_released"),
            Tell(SCHEDULERS, "assignment_lost"),
        ),
        "release_requested": (
            Tell(SCHEDULERS, "assignment_release_requested", urgent=True),
            RECORDED,
        ),
        "release_refused": (Tell(LECTURER, "assignment_release_refused"),),
        "release_withdrawn": (
            Tell(SCHEDULERS, "assignment_release_withdrawn", mail=False),
            RECORDED,
        ),
        "replaced": (Tell(LECTURER, "assignment_replaced"),),
        "voided": (Tell(LECTURER, "assignment_voided"),),
        "checked_in": (Tell(SCHOOL, "assignment_checked_in", mail=False), RECORDED),
        "fulfilled": (RECORDED,),
        "fulfilled/no_checkout": (Tell(LECTURER, "assignment_checkout_missed"),),
        "partial": (RECORDED,),
        "no_show": (
            Tell(LECTURER, "assignment_no_show", urgent=True),
            Tell(SUPERVISORS, "assignment_no_show"),
        ),
        "appeal_upheld": (
            Tell(LECTURER, "assignment_appeal_upheld"),
            Tell(SCHEDULERS, "assignment_appeal_upheld", mail=False),
        ),
    },
    "lecturer.staffing": {
        "changed": Nobody("offers, assignments and the lesson tell it in words"),
        # What no move of the lesson tells: the rescue found nobody; the school is asked.
        "exhausted": (Tell(SCHEDULERS, "lesson_rescue_exhausted", urgent=True),),
        "waived": (Tell(SCHOOL, "lesson_downgrade_asked", urgent=True),),
    },
    "lecturer.lecturer": {
        "take_leave": (Tell(SCHEDULERS, "lecturer_leave", mail=False),),
        "undo_leave": (Tell(SCHEDULERS, "lecturer_leave_undone", mail=False),),
        "put": HIS_RECORD,
        "activate": HIS_RECORD,
        "deactivate": HIS_RECORD,
        "raise_cap": HIS_RECORD,
        "reset_cap": HIS_RECORD,
        "qualify": HIS_RECORD,
        "set_availability": HIS_RECORD,
    },
    "lecturer.appointment": {
        "changed": (Tell(LECTURER, "appointment_changed"),),
        "expiring": (
            Tell(LECTURER, "appointment_expiring"),
            Tell(SCHEDULERS, "appointment_expiring", mail=False),
        ),
        "lapsed": (Tell(LECTURER, "appointment_lapsed"), Tell(SCHEDULERS, "appointment_lapsed")),
    },
}
