"""In a browser: what a page asks by itself says so, and what a person presses does not."""

from playwright.sync_api import Browser

from tests.browser.conftest import Enter
from tests.town import Town


def test_a_phone_that_looks_again_says_that_nobody_pressed(
    fresh: Town, browser: Browser, enter: Enter
) -> None:
    page = enter(fresh, browser, "LEC-001").page
    page.wait_for_selector("#todo[data-poll]")

    with page.expect_request("**/phone/cards**") as looked:
        page.evaluate("htmx.trigger('#todo', 'refresh')")
    with page.expect_request("**/phone/agenda**") as pressed:
        page.locator("a[href='/phone/agenda']").locator("visible=true").first.click()

    assert looked.value.headers.get("x-poll") == "1"
    assert "x-poll" not in pressed.value.headers
