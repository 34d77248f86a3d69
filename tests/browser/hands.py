"""In a browser: two ways to use a page. With the mouse, and with the keyboard alone."""

from playwright.sync_api import Locator, Page

MOST_TABS = 600


class Mouse:
    """Clicks, and types where it clicked."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, what: Locator) -> None:
        """A link, a button, a summary."""
        what.first.click()

    def write(self, where: Locator, text: str) -> None:
        where.first.fill(text)

    def pick(self, where: Locator, value: str) -> None:
        """An option of a select, by its value."""
        where.first.select_option(value)

    def tick(self, box: Locator) -> None:
        box.first.check()

    def mark(self, radio: Locator) -> None:
        """One of several; what is clicked is its label."""
        self.page.locator(f"label[for='{radio.first.get_attribute('id')}']").click()


class Keys(Mouse):
    """Tab, Enter, Space, arrows and letters; the mouse stays where it is."""

    def press(self, what: Locator) -> None:
        self.reach(what)
        self.page.keyboard.press("Enter")

    def write(self, where: Locator, text: str) -> None:
        self.reach(where)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)

    def pick(self, where: Locator, value: str) -> None:
        self.reach(where)
        self.page.keyboard.press("Home")
        options = where.first.locator("option").evaluate_all("all => all.map(one => one.value)")
        for _ in options:
            if where.first.input_value() == value:
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{value} is not among {options}")

    def tick(self, box: Locator) -> None:
        self.reach(box)
        if not box.first.is_checked():
            self.page.keyboard.press("Space")

    def mark(self, radio: Locator) -> None:
        group = self.page.locator(f"input[type=radio][name='{radio.first.get_attribute('name')}']")
        chosen = self.page.locator(f"input[name='{radio.first.get_attribute('name')}']:checked")
        self.reach(chosen if chosen.count() else group)
        for _ in range(group.count()):
            if radio.first.is_checked():
                return
            self.page.keyboard.press("ArrowRight")
        assert radio.first.is_checked()

    def reach(self, what: Locator) -> None:
        """Tab, forwards or backwards, until the focus is there."""
        what.first.wait_for(state="visible")
        wanted = what.first.element_handle()
        for _ in range(MOST_TABS):
            way = self.page.evaluate(
                """wanted => {
                  const here = document.activeElement;
                  if (here === wanted) return "";
                  const back = here && here !== document.body &&
                    here.compareDocumentPosition(wanted) & Node.DOCUMENT_POSITION_PRECEDING;
                  return back ? "Shift+Tab" : "Tab";
                }""",
                wanted,
            )
            if not way:
                return
            self.page.keyboard.press(way)
        raise AssertionError(f"no key leads to {what}")
