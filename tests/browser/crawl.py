"""In a browser: one person opens every page he can reach by clicking."""

import re
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from playwright.sync_api import ElementHandle, Page, Response
from playwright.sync_api import TimeoutError as TooLate

from tests.browser.look import axe, shots
from tests.browser.people import Person

ID = re.compile(r"[0-9a-f]{8}-?[0-9a-f-]{24,27}|\d{4}-\d\d-\d\d|\d+")
CALLS = re.compile(r'(\w+);desc="(\d+)"')
MOST_CALLS = 2  # to one service for one page
LANGUAGES = ("zh", "en")


def kind(url: str) -> str:
    """Pages that differ only in whose they are: `/clerk/letters/…` is one."""
    return ID.sub("_", urlsplit(url).path).rstrip("/") or "/"


class Crawler:
    """`wrong` is empty when every page was as it should be."""

    def __init__(self, person: Person, *, label: str, languages: Sequence[str] = LANGUAGES) -> None:
        self.person, self.page = person, person.page
        self.languages, self.label = languages, label
        self.seen: dict[str, str] = {}  # kind of page -> the address looked at
        self.wrong: list[str] = []
        self.answers: dict[str, Response] = {}
        self.page.on("response", self._note)

    def _note(self, response: Response) -> None:
        if response.request.is_navigation_request() and response.frame == self.page.main_frame:
            self.answers[response.url.split("#")[0]] = response

    def walk(self) -> None:
        """Every entry of the menu, then every kind of page linked from there."""
        self.look()
        for place in self._menu():
            self._click(f"nav.menu a[href='{place}'], nav.bar-right a[href='{place}']")
            self.look()
            self._deeper()

    def through(self, name: str, *selectors: str) -> None:
        """A page of a kind that was seen already, in another state: what to click for it."""
        for selector in selectors:
            self._click(selector)
        self.look(name)

    def _menu(self) -> list[str]:
        links = "nav.menu a, nav.bar-right > a"
        found: list[str] = self.page.eval_on_selector_all(
            links, "links => links.map(link => link.getAttribute('href'))"
        )
        return [*dict.fromkeys(found), "/account"]

    def _deeper(self, depth: int = 2) -> None:
        here = self.page.url
        for path in self._new_links():
            if kind(path) in self.seen:
                continue
            self._click(f"main a[href='{path}']")
            if kind(path) != kind(self.page.url):
                self.seen[kind(path)] = self.page.url  # it leads on to another page
            self.look()
            if depth > 1:
                self._deeper(depth - 1)
            self._back(here)

    def _new_links(self) -> Iterator[str]:
        links: list[str] = self.page.eval_on_selector_all(
            "main a[href^='/']:not([download]):not([target])",
            "links => links.filter(link => link.offsetParent).map(l => l.getAttribute('href'))",
        )
        kinds = {kind(link): link for link in reversed(links)}
        return iter([link for of, link in kinds.items() if of not in self.seen])

    def _click(self, selector: str) -> None:
        link = self.page.locator(selector).first
        if not link.is_visible():
            self.page.locator("details.person > summary").click()
            link = self.page.locator(".person-menu a[href='/account']")
        link.click()
        self.page.wait_for_load_state()

    def _back(self, url: str) -> None:
        self.page.go_back()
        self.page.wait_for_load_state()
        if self.page.url != url:
            self.page.goto(url)

    def look(self, name: str = "") -> None:
        """At the page that is open, in both languages and sizes, with every dialog of it."""
        url = self.page.url
        of = name or kind(url)
        if not self.page.locator("details.person").count():
            self.wrong.append(f"{url}: not a page of the house")
            self.seen.setdefault(of, url)
            self.page.goto(self.person.town.origin + "/account")
            return
        if of in self.seen:
            return
        self.seen[of] = url
        self._answered(url)
        name = of.strip("/").replace("/", ".") or "home"
        if not self.page.locator("details.person").count():
            if not self.wrong or url not in self.wrong[-1]:
                self.wrong.append(f"{url}: not a page of the house")
            self.page.goto(self.person.town.origin + "/account")
            return
        for language in self.languages:
            self.person.speak(language)
            title = f"{self.label}.{name}"
            self.wrong += shots(self.page, title, language)
            self.wrong += axe(self.page)
            if language == "zh":
                self.wrong += self._dialogs(title)
        self.person.speak("zh")

    def _answered(self, url: str) -> None:
        answer = self.answers.get(url.split("#")[0])
        if answer is None:
            return
        if answer.status >= 400:
            self.wrong.append(f"{url}: {answer.status}")
        for service, calls in CALLS.findall(answer.headers.get("server-timing", "")):
            if int(calls) > MOST_CALLS:
                self.wrong.append(f"{url}: {calls} calls to {service}")

    def _dialogs(self, title: str) -> list[str]:
        """One button of each kind that opens a dialog or a drawer."""
        found: list[str] = []
        targets: list[str] = self.page.eval_on_selector_all(
            "[data-open]", "all => [...new Set(all.map(one => one.dataset.open))]"
        )
        for name, target in {ID.sub("_", target): target for target in targets}.items():
            button = self.page.locator(f"[data-open='{target}']").first
            if not _can_click(button.element_handle()):
                continue
            button.click()
            try:
                self.page.wait_for_selector(f"dialog#{target}[open]", timeout=5000)
                self.page.wait_for_load_state("networkidle", timeout=3000)
            except TooLate:
                if not self.page.locator(f"dialog#{target}[open]").count():
                    found.append(f"{self.page.url}: [data-open={target}] opens nothing")
                    continue
            found += shots(self.page, f"{title}.{name}", "zh", full=False)
            found += axe(self.page)
            self.page.keyboard.press("Escape")
            if self.page.locator(f"dialog#{target}[open]").count():
                found.append(f"{self.page.url}: Escape does not close {target}")
                self.page.evaluate("id => document.getElementById(id).close()", target)
        return found


def _can_click(element: ElementHandle | None) -> bool:
    return element is not None and element.is_visible() and element.is_enabled()


def sign_in_page(page: Page, origin: str) -> list[str]:
    """What stands before everything else."""
    page.goto(origin + "/sign-in")
    return [*shots(page, "sign-in", "zh"), *axe(page)]
