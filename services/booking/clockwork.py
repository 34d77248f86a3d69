"""Booking: every deadline of the room, and what happens when it is due."""

from services.booking import changes, deadlines, groupings, review, seasons
from services.booking.lessons import lapse
from services.kit.timers import Acts

LAPSES = (
    "capacity_found",
    "window_passed",
    "start_reached_unfilled",
    "rescue_failed",
    "hold_ttl",
    "decision_sla",
    "attest_sla",
    "dispute_sla",
)

TIMERS: Acts = {
    **deadlines.TIMERS,
    "line_fix_deadline": review.line_fix_deadline,
    **{verb: lapse(verb) for verb in LAPSES},
    "deadline": changes.deadline,
    "answer_deadline": groupings.answer_deadline,
    "lesson_moved": groupings.lesson_moved,
    **seasons.TIMERS,
}
