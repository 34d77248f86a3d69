"""In a browser: one person, a context of his own, and everything his browser complained about."""

from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Response

from tests.browser.hands import Mouse
from tests.town import Town

DESK = {"width": 1366, "height": 768}
PHONE = {"width": 390, "height": 844}
# Refusals are part of the pages; the browser logs each of them as a failed load.
ORDINARY = ("status of 400", "status of 403", "status of 404", "status of 409", "status of 422")


class Person:
    """Clicks and types, nothing else."""

    def __init__(
        self,
        town: Town,
        browser: Browser,
        who: str,
        *,
        patience: float,
        size: Any = DESK,
        strict: bool = False,
        hands: type[Mouse] = Mouse,
    ) -> None:
        self.town, self.who, self.strict = town, who, strict
        # Colours are judged as they stay, not on the way from one to the other.
        self.context = browser.new_context(
            viewport=size,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            accept_downloads=True,
            reduced_motion="reduce",
        )
        self.context.set_default_timeout(patience)
        self.page: Page = self.context.new_page()
        self.hands = hands(self.page)
        self.wrong: list[str] = []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.wrong.append(f"{who}: {error}"))
        self.page.on("response", self._answered)

    def sign_in(self, who: str = "") -> None:
        """The address is typed once; a page that asks for a name and a password may be there."""
        self.who = who or self.who
        known = self.town.api.person(self.who)
        if "/sign-in" not in self.page.url:
            self.page.goto(self.town.origin + "/sign-in")
        self.hands.write(self.page.locator("input[name=login]"), known["login"])
        self.hands.write(self.page.locator("input[name=password]"), known["password"])
        self.hands.press(self.page.locator("main form:has([name=password]) button"))
        self.page.wait_for_url(lambda url: "/sign-in" not in url)

    def sign_out(self) -> None:
        self.hands.press(self.page.locator("details.person > summary"))
        self.hands.press(self.page.locator("form[action='/sign-out'] button"))
        self.page.wait_for_url("**/sign-in")

    def see(self, selector: str, *, state: Any = "visible", **facts: Any) -> Locator:
        """It comes, within the patience of the page."""
        found = self.page.locator(selector, **facts).first
        found.wait_for(state=state)
        return found

    def to(self, path: str) -> None:
        """By the menu on the left, or at the bottom of a phone."""
        links = self.page.locator(f"nav.menu a[href='{path}'], nav.tabs-bottom a[href='{path}']")
        # What is under way arrives first, then this: a page asked for again too soon never comes.
        self.page.wait_for_load_state()
        with self.page.expect_event("domcontentloaded"):
            self.hands.press(links.locator("visible=true"))
        self.page.wait_for_url(lambda url: urlsplit(url).path == path)
        self.page.wait_for_load_state()

    def speak(self, language: str) -> None:
        """By the button in the person's menu."""
        if self.language == language:
            return
        self.page.locator("details.person > summary").click()
        self.page.locator(f"details.person button[value={language}]").click()
        html = "html[lang^=zh]" if language == "zh" else "html:not([lang^=zh])"
        self.page.wait_for_selector(html, state="attached")

    @property
    def language(self) -> str:
        lang = self.page.locator("html").get_attribute("lang") or ""
        return "zh" if lang.startswith("zh") else "en"

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(one in message.text for one in ORDINARY):
            self.wrong.append(f"{self.who} on {self.page.url}: {message.text}")

    def _answered(self, response: Response) -> None:
        if response.status >= (400 if self.strict else 500):
            request = response.request
            self.wrong.append(f"{self.who}: {response.status} {request.method} {response.url}")
