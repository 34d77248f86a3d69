"""Lecturer: the clocks of a promise: reconfirm, alarm, no-show, check-out."""

from datetime import datetime, timedelta

from services.kit import timers
from services.lecturer.held import Held
from services.lecturer.models import Assignment
from services.lecturer.states import HOLDING, AssignmentState


def start(held: Held, assignment: Assignment, *, at: datetime) -> None:
    """Set what is due for the promise as it is now, in place of what was."""
    stop(held, assignment)
    if assignment.state in HOLDING:
        _of_holder(held, assignment, at)
    elif assignment.state == AssignmentState.CHECKED_IN:
        late = timedelta(minutes=held.numbers.int("no_check_out_minutes"))
        timers.start(held.session, assignment.id, "no_checkout", assignment.ends_at + late)


def stop(held: Held, assignment: Assignment) -> None:
    """Nothing is due, for example while the lesson is suspended."""
    timers.stop(held.session, assignment.id)


def _of_holder(held: Held, assignment: Assignment, at: datetime) -> None:
    # Whoever steps in after the start is given his minutes from then on.
    begin = max(assignment.starts_at, assignment.committed_at)
    due = {
        "not_checked_in": begin + timedelta(minutes=held.numbers.int("no_check_in_alarm_minutes")),
        "no_checkin": begin + timedelta(minutes=held.numbers.int("no_show_minutes")),
    }
    if assignment.state == AssignmentState.COMMITTED and assignment.reconfirmed_at is None:
        wanted = timedelta(hours=held.numbers.int("reconfirm_hours"))
        due["reconfirm_missed"] = assignment.starts_at - wanted
    for verb, due_at in due.items():
        # A promise made after its moment has none; the no-show always comes.
        if due_at > at or verb == "no_checkin":
            timers.start(held.session, assignment.id, verb, due_at)
