"""Notify: what is told to whom. One table: every word of every event is routed or excused.

A word is the fact of an event; of those that have only `changed`, the verb. A narrower row
`word/verb` goes before the row of the word.
"""

from services.kit.event import Event
from services.notify.lesson_routes import LESSON
from services.notify.telling import (
    HIS_RECORD,
    LECTURER,
    RECORDED,
    SCHEDULERS,
    SCHOOL,
    SUPERVISORS,
    Nobody,
    Route,
    Tell,
    To,
    both,
    is_merge,
    is_retime,
    is_route,
    is_seat,
    is_talked_about,
    of_grouping,
)


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
    "booking.lesson": LESSON,
    "booking.change": {
        "proposed": (Tell(To.OTHER_SIDE, "change_proposed", when=is_talked_about),),
        "proposed/propose_wished": Nobody("its school wished for it: what is agreed is told"),
        "countered": (Tell(To.OTHER_SIDE, "change_countered"),),
        "agreed": tuple(
            Tell(to, "change_agreed", when=is_talked_about) for to in (SCHOOL, SCHEDULERS)
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
            Tell(To.HOST_SCHOOL, "merge_proposed", when=is_merge),
            Tell(To.GUEST_SCHOOL, "merge_proposed", when=is_merge),
            Tell(To.GUEST_SCHOOL, "route_proposed", when=is_route),
        ),
        "side_agreed": Nobody("the other side has a question of its own"),
        "agreed": Nobody("told when it is carried out, or cannot be"),
        "applied": (
            Tell(To.HOST_SCHOOL, "merge_applied", when=is_merge),
            Tell(To.GUEST_SCHOOL, "merge_applied", when=is_merge),
            Tell(SCHEDULERS, "merge_applied", when=is_merge),
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
            Tell(LECTURER, "offer_received", when=is_seat, gather="offers_received"),
            Tell(LECTURER, "offer_retime", when=is_retime),
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
