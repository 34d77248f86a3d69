"""Notify: the words in which the tables say who is told: to whom, of what kind, in which cases."""

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
    GUESTS = "guests"  # of a lesson: the schools whose people come to it
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


def is_recorded(said: Event) -> bool:
    """Did somebody say it for the lecturer it is about?"""
    if not isinstance(said, OfferChanged | AssignmentChanged):
        return False
    return said.by.on_behalf_of is not None and said.by.on_behalf_of == said.lecturer_id


def is_refused(said: Event) -> bool:
    return getattr(said, "reason_code", None) == "line_refused"


def is_retime(said: Event) -> bool:
    return isinstance(said, OfferChanged) and said.kind == "retime"


def is_seat(said: Event) -> bool:
    return not is_retime(said)


def is_alone(said: Event) -> bool:
    """Not placed by a plan that is being published: then there is nothing to do."""
    return getattr(said, "batch", None) is None


def other_side(said: Event) -> To:
    """Who has to hear what one side of a negotiation said."""
    assert isinstance(said, ChangeChanged)
    return To.SCHEDULERS if said.proposed_by == "township" else To.SCHOOL


def is_merge(said: Event) -> bool:
    return isinstance(said, GroupingChanged) and said.kind == "merge"


def is_route(said: Event) -> bool:
    return isinstance(said, GroupingChanged) and said.kind == "route"


def is_talked_about(said: Event) -> bool:
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


def with_guests(kind: str, *others: To, urgent: bool = False) -> tuple[Tell, ...]:
    """To the school, to the schools whose people come to its lesson, and to these."""
    return tuple(Tell(to, kind, urgent=urgent) for to in (To.SCHOOL, *others, To.GUESTS))


def both(kind: str, *, mail: bool = True, urgent: bool = False) -> tuple[Tell, ...]:
    return tuple(Tell(to, kind, mail, urgent) for to in (SCHOOL, SCHEDULERS))


def of_grouping(kind: str) -> tuple[Tell, ...]:
    """To everybody who was asked, and to who asked."""
    return (
        Tell(To.HOST_SCHOOL, kind, when=is_merge),
        Tell(To.GUEST_SCHOOL, kind),
        Tell(SCHEDULERS, kind),
    )
