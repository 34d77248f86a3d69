"""One letter from the first click to the last, as three people in three browser contexts.

Nothing calls the services behind the page's back: after signing in there are only clicks, keys and
what is typed; and the district's clock, which no page can move.
"""

import csv
from dataclasses import dataclass
from datetime import timedelta

import pytest
from playwright.sync_api import Browser

from deploy.home import REFERENCE
from tests.browser.conftest import Enter
from tests.browser.hands import Keys, Mouse
from tests.browser.loop import EFFECT, Loop
from tests.browser.people import PHONE
from tests.tour import SCHOOL
from tests.town import Town, until

# Taught by many, in a classroom.
COURSES = ["PW-P04", "RV-P05", "PW-T05", "GG-P01", "RV-T02", "GG-T05"]
COURSES += ["RV-M02", "PW-P06", "RV-T05", "GG-T06", "PW-P03", "GG-P02"]


@dataclass(frozen=True)
class Size:
    """How much of the loop is played."""

    lessons: int
    returned: int  # the line that goes back


WHOLE, CORE = Size(12, 4), Size(4, 2)
LATE = timedelta(days=2)  # before a lesson, its lecturer is let go only when another has come


def titles(count: int) -> list[str]:
    with (REFERENCE / "courses.csv").open(encoding="utf-8", newline="") as file:
        known = {row["course_id"]: row["title"] for row in csv.DictReader(file)}
    return [known[code] for code in COURSES[:count]]


def play(town: Town, browser: Browser, enter: Enter, size: Size, hands: type[Mouse]) -> Loop:
    clerk = enter(town, browser, SCHOOL, hands=hands)
    scheduler = enter(town, browser, "scheduler", hands=hands)
    phone = enter(town, browser, "LEC-001", hands=hands, size=PHONE)
    loop = Loop(town, clerk, scheduler, phone)

    loop.fill_basket(titles(size.lessons))
    loop.write_letter(size.lessons)
    loop.review(returned=size.returned)
    loop.mend(size.returned)
    loop.review_again()
    loop.place(size.lessons)
    return loop


def staff(loop: Loop, size: Size) -> None:
    """One declines, one answers by phone, one says nothing until his time is up."""
    asked = loop.until_asked(size.lessons)
    loop.decline(asked[0])
    loop.accept_by_phone(loop.until_asked(size.lessons)[-1])
    silent, *others = loop.until_asked(size.lessons - 1)
    for one in others:
        loop.accept(one)
    loop.accept(loop.let_expire(silent))


def finish(loop: Loop) -> None:
    """Every lesson is taught, the first by a substitute, the last at another time."""
    lessons = list(loop.times)
    loop.ask_to_retime(lessons[-1])
    [question] = loop.until_asked(1)
    assert (question.lesson, question.lecturer) == (lessons[-1], loop.holders[lessons[-1]])
    loop.accept(question)

    first, _ = loop.times[lessons[0]]
    loop.town.clock(to=first.replace(hour=14) - LATE)
    held = loop.holders[lessons[0]]
    loop.release(lessons[0])
    [substitute, *_] = loop.until_asked(1)
    loop.accept(substitute)
    assert loop.holders[lessons[0]] != held

    by_time = sorted(lessons, key=lambda lesson: loop.times[lesson])
    for number, lesson in enumerate(by_time):
        (loop.teach if number % 4 == 0 else loop.record)(lesson)
    for lesson in by_time:
        loop.attest(lesson)
    until(loop.closes, EFFECT, what="the letter closes")


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("hands", [Mouse, Keys], ids=["by clicking", "by the keyboard alone"])
def test_the_whole_loop(fresh: Town, browser: Browser, enter: Enter, hands: type[Mouse]) -> None:
    loop = play(fresh, browser, enter, WHOLE, hands)
    staff(loop, WHOLE)
    finish(loop)

    audit = fresh.audit()
    assert audit.returncode == 0, audit.stdout


@pytest.mark.timeout(1800)
def test_the_core_of_it_on_an_old_computer(fresh: Town, old_browser: Browser, enter: Enter) -> None:
    loop = play(fresh, old_browser, enter, CORE, Mouse)
    staff(loop, CORE)
    finish(loop)
