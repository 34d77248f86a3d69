"""In a browser: a town, Debian's Chromium, an old Chromium, and people in front of them."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from deploy import call
from deploy.home import stack
from tests.browser import old_chromium
from tests.browser.people import Person
from tests.fuzz.living import bring_to_life, draft
from tests.portal.world import a_plan
from tests.tour import tour
from tests.town import Town, a_town

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--force-color-profile=srgb"]
# No graphics card, and no process that helps a page to one: enough for what is drawn here.
OLD_FLAGS = [*FLAGS, "--use-gl=swiftshader", "--disable-features=VizDisplayCompositor"]
PATIENCE = 60_000  # milliseconds, on a busy machine


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """As long as tests of this folder run: while it is there its event loop counts as running,
    and no test could start one of its own."""
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="package")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Debian's; without one a local run skips, CI fails."""
    if not CHROMIUM.exists():
        message = "there is no /usr/bin/chromium: the pages were NOT looked at"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture(scope="package")
def old_browser(
    playwright: Playwright, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browser]:
    """A real Chromium 109."""
    folder = tmp_path_factory.mktemp("chromium-109")
    program = old_chromium.unpack(folder)
    browser = playwright.chromium.launch(executable_path=program, args=OLD_FLAGS)
    assert browser.version.startswith("109.")
    yield browser
    browser.close()
    shutil.rmtree(folder, ignore_errors=True)


class Running(Town):
    """A town that runs already: `YUEKE_TOWN` names its home, for whoever works on a page."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.api = call.Api(home)
        self.database_url = f"sqlite:///{home}/{{service}}.db"
        self.port = int(stack(home)["ports"]["origin"])


@pytest.fixture(scope="package")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """After the tour, with more under way and lists of more than thirty rows."""
    if home := os.environ.get("YUEKE_TOWN"):
        yield Running(Path(home))
        return
    with a_town(tmp_path_factory.mktemp("browser") / "town") as town:
        fill(town)
        yield town


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Town]:
    """A Monday morning on which nobody has asked for anything yet."""
    with a_town(tmp_path / "town") as town:
        yield town


def fill(town: Town) -> None:
    tour(town)
    bring_to_life(town)
    for _ in range(30):
        draft(town)
    waiting, *_ = town.all("scheduler", "/api/booking/lessons?state=unplaced")
    a_plan(town, waiting)


Enter = Callable[..., Person]


@pytest.fixture
def enter() -> Iterator[Enter]:
    """`enter(town, browser, "scheduler")`: a person signed in, in a browser context of his own."""
    people: list[Person] = []

    def one(town: Town, browser: Browser, who: str, **options: object) -> Person:
        people.append(Person(town, browser, who, patience=PATIENCE, **options))
        people[-1].sign_in()
        return people[-1]

    yield one
    wrong = [line for person in people for line in person.wrong]
    for person in people:
        person.context.close()
    assert not wrong, "\n".join(wrong)
