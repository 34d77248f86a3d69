"""Every page of every role: it answers, it can be read, nothing is cut, and axe is content."""

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import Enter
from tests.browser.crawl import Crawler, sign_in_page
from tests.browser.look import SHOTS
from tests.tour import SCHOOL
from tests.town import Town

# Pages that look otherwise in another state.
LETTER = "td a[href^='/clerk/letters/']"
CLERK, DESK = "nav.menu a[href='/clerk/letters']", "nav.menu a[href='/desk/review']"
ALSO = {
    "township": {
        "clerk.letters.going": (CLERK, "a[href='/clerk/letters?tab=going']"),
        "clerk.letter.going": (CLERK, "a[href='/clerk/letters?tab=going']", LETTER),
        "clerk.letter.over": (CLERK, "a[href='/clerk/letters?tab=over']", LETTER),
    },
    "scheduler": {
        "desk.review.approved": (
            DESK,
            "a[href='/desk/review?state=approved']",
            "td a[href^='/desk/review/']",
        ),
    },
}
ROLES = ("township", "scheduler", "lecturer", "supervisor", "administrator")


def somebody(town: Town, role: str) -> str:
    """The one of that role who has most to look at."""
    if role == "township":
        return SCHOOL
    if role == "lecturer":
        offers = town.all("scheduler", "/api/lecturer/offers?state=pending")
        return str(offers[0]["lecturer_id"])
    return role


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("role", ROLES)
def test_every_page_of_a_role(role: str, lived_in: Town, browser: Browser, enter: Enter) -> None:
    person = enter(lived_in, browser, somebody(lived_in, role))
    crawler = Crawler(person, label=role)

    crawler.walk()
    for name, clicks in ALSO.get(role, {}).items():
        crawler.through(name, *clicks)

    print(f"{role}: {len(crawler.seen)} pages, pictures in {SHOTS}")
    assert not crawler.wrong, "\n".join(crawler.wrong)


def test_the_sign_in_page(lived_in: Town, browser: Browser) -> None:
    page = browser.new_page(locale="zh-CN")

    assert sign_in_page(page, lived_in.origin) == []
    page.close()


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("role", ("township", "scheduler", "lecturer"))
def test_every_page_on_an_old_office_computer(
    role: str, lived_in: Town, old_browser: Browser, enter: Enter
) -> None:
    person = enter(lived_in, old_browser, somebody(lived_in, role))
    crawler = Crawler(person, languages=("zh",), label=f"old.{role}")

    crawler.walk()

    assert not crawler.wrong, "\n".join(crawler.wrong)
