"""What booking asks when it plans: the lecturer room for the ground, the planner for the plan.

`rpc.lecturer.plan.ground`: a `GroundQuestion`, answered at once by a `Ground`; plain JSON, asked
with `kit.replies.ask`.

`rpc.planner.<do>`: a `PlannerQuestion`, answered by a stream of `PlannerAnswer`s into the inbox of
whoever asked: any number of `waiting` and `progress`, at least one a second, then one `done` or
`refused`. Gzipped JSON both ways, asked with `kit.talk.talk`.

Minutes are counted on the district's wall clock from 00:00 of the period's first day, as in
`lesson-dispatch/1` (so weeks are right when that day is a Monday).
"""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from services.contracts.booking import Frozen, Place, Slot

MOST_LESSONS = 1000  # in one question about the ground; ask in parts for more
MOST_SLOTS = 40  # of one lesson

# -- the lecturer room


class Period(Frozen):
    """Days of the district, both included."""

    first_on: date
    last_on: date


class GroundLesson(Frozen):
    """An open lesson. `place`: which of the question's places; None: not known yet. `slots`: the
    times it could be given, each as long as the lesson."""

    lesson_id: UUID
    course_id: UUID
    category: str = ""
    minutes: int
    school_id: UUID | None = None
    place: int | None = None
    pools: tuple[str, ...]
    wanted: tuple[UUID, ...] = ()  # requested lecturers, the most wanted first
    wanted_only: bool = False  # nobody else will do
    # Of a lesson that is placed: whoever was asked for it and said no, or gave it up, is out.
    revision: int | None = None
    slots: tuple[Slot, ...] = Field(max_length=MOST_SLOTS)


class GroundQuestion(Frozen):
    """Who could give these lessons, and what does each lecturer hold already?"""

    district: str
    period: Period
    places: tuple[Place, ...] = ()
    lessons: tuple[GroundLesson, ...] = Field(max_length=MOST_LESSONS)


class GroundLecturer(Frozen):
    """A lecturer; his place in `Ground.lecturers` is his number everywhere else in the answer.

    `free`: minutes in which he may be booked: his half-days (the break between two of them too)
    without leave and without days no letter covers. What he holds is not taken out of it.
    `valid`: from the first to the last minute of his letters in the period; (0, 0): none.
    `homes`: minutes from home to each place of the answer. The most a way may take is
    `Ground.max_travel_minutes`; it counts for him only when `home_known`.
    """

    lecturer_id: UUID
    code: str
    name: str
    pool: str
    active: bool
    lat: float | None = None
    lon: float | None = None
    home_known: bool
    homes: tuple[int, ...]
    day_cap: int
    week_cap: int
    month_cap: int
    valid: tuple[int, int]
    free: tuple[tuple[int, int], ...]
    given_this_year: int  # lessons given or promised in the year of the period's first day


class Held(Frozen):
    """A lesson a lecturer holds or has given, fixed for the planner. Also outside the period, as
    far as the weeks and months of the period reach: they count for his caps. `live`: still his to
    give; otherwise given already."""

    lecturer: int
    lesson_id: UUID
    assignment_id: UUID
    slot: Slot
    begins: int
    ends: int
    place: int
    live: bool


class Offered(Frozen):
    """An offer of one of the asked lessons that waits for its answer."""

    lecturer: int
    lesson_id: UUID
    offer_id: UUID
    slot: Slot


class Out(Frozen):
    """These lecturers are out, each for all of these reasons (codes of the lecturer room)."""

    codes: tuple[str, ...]
    lecturers: tuple[int, ...]


class GroundSlot(Frozen):
    """One of the asked slots, in minutes. `able`: nothing static stands against them, at any time
    or now; what they hold (overlap, ways, caps) is the planner's. `out`: who cannot now, and only
    the reasons of this time: appointment_not_valid, not_available."""

    begins: int
    ends: int
    able: tuple[int, ...]
    out: tuple[Out, ...]


class LessonGround(Frozen):
    """A lesson of the question, in its order. `out`: who is out at any time, and why:
    lecturer_inactive not_qualified wrong_pool not_the_requested_lecturer too_far, and of a placed
    lesson already_declined already_expired already_revoked already_released and so on. All static
    reasons of a lecturer at a slot are those here and those there; nobody is both `able` and out,
    nobody neither. `slots` in the order asked."""

    lesson_id: UUID
    allowed: tuple[int, ...]  # nobody of `out`
    out: tuple[Out, ...]
    slots: tuple[GroundSlot, ...]

    def reasons(self, lecturer: int, slot: int | None = None) -> tuple[str, ...]:
        """All static reasons against one lecturer, at one of the slots or at any time."""
        groups = (*self.out, *(() if slot is None else self.slots[slot].out))
        return tuple(code for out in groups if lecturer in out.lecturers for code in out.codes)


class Ground(Frozen):
    """The answer. `places`: those of the question, then those of lessons held elsewhere; `ways`:
    minutes between any two of them."""

    lecturers: tuple[GroundLecturer, ...]
    lessons: tuple[LessonGround, ...]
    places: tuple[Place, ...]
    ways: tuple[tuple[int, ...], ...]
    held: tuple[Held, ...]
    offered: tuple[Offered, ...]
    max_travel_minutes: int


# -- the planner

Do = Literal["plan", "repair", "rank", "validate"]
Triple = tuple[int, int, int]  # lesson, lecturer, start
Points = tuple[int, int]  # unserved weight, soft points


class Away(Frozen):
    """A leave or an illness."""

    kind: Literal["away"] = "away"
    lecturer: int
    begins: int
    ends: int


class Lapsed(Frozen):
    """An appointment ends earlier."""

    kind: Literal["lapsed"] = "lapsed"
    lecturer: int
    ends: int


class Closed(Frozen):
    """Nothing can be given at this site (None: anywhere, a holiday)."""

    kind: Literal["closed"] = "closed"
    begins: int
    ends: int
    site: int | None = None


class Withdrawn(Frozen):
    """A course is no longer given."""

    kind: Literal["withdrawn"] = "withdrawn"
    course: int
    begins: int


Happened = Annotated[Away | Lapsed | Closed | Withdrawn, Field(discriminator="kind")]


class PlanOptions(Frozen):
    """`seconds`: at most so long, once it runs. `start`: a plan to begin from."""

    seconds: float = Field(default=60, gt=0, le=600)
    seed: int = Field(default=0, ge=0, lt=2**31)
    start: tuple[Triple, ...] = ()


class PlannerQuestion(Frozen):
    """`run` is the asker's own name for it and comes back with every answer.

    `plan` reads problem, options; `repair` also current, events, pinned, now; `rank` current and
    lesson; `validate` current.
    """

    run: UUID
    do: Do
    options: PlanOptions = PlanOptions()
    problem: dict[str, Any]  # in the form lesson-dispatch/1
    current: tuple[Triple, ...] = ()
    events: tuple[Happened, ...] = ()
    pinned: tuple[int, ...] = ()
    now: int = 0
    lesson: int | None = None


class Waiting(Frozen):
    """Others are planned first; `before` of them."""

    kind: Literal["waiting"] = "waiting"
    run: UUID
    before: int
    seconds: float


class Working(Frozen):
    """It runs. `best` and `bound` are None while unknown; a heartbeat repeats what was said."""

    kind: Literal["progress"] = "progress"
    run: UUID
    phase: str
    best: Points | None = None
    bound: Points | None = None
    seconds: float


class Done(Frozen):
    """The end. `plan` (after plan, repair): assignments, unserved, status (optimal feasible
    impossible), score, bound, seconds, terms, why, violations, moved; repair also `touched`, the
    lessons that could not stay. `ranking` (after rank): lesson, candidates [{lecturer, start,
    points, terms}], excluded [{lecturer, always, at}]. `violations` (after validate)."""

    kind: Literal["done"] = "done"
    run: UUID
    plan: dict[str, Any] | None = None
    ranking: dict[str, Any] | None = None
    violations: list[dict[str, Any]] | None = None
    seconds: float


class Refused(Frozen):
    """The end without an answer. `malformed_problem`: `where` (lessons[3].site) and `why`.
    `planner_busy`: too many wait. `planner_failed`: the solver died; ask again. `planner_stopped`:
    the planner is ending, or whoever asked said stop; ask again."""

    kind: Literal["refused"] = "refused"
    run: UUID | None = None
    code: Literal["malformed_problem", "planner_busy", "planner_failed", "planner_stopped"]
    where: str = ""
    why: str = ""


PlannerAnswer = Annotated[Waiting | Working | Done | Refused, Field(discriminator="kind")]
