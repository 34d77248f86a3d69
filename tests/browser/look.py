"""In a browser: pictures of pages, and what a script and axe see on them."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.browser.people import DESK, PHONE

ROOT = Path(__file__).parents[2]
SHOTS = ROOT / "var" / "shots"  # git-ignored
INSPECT = (Path(__file__).parent / "inspect.js").read_text(encoding="utf-8").split("\n", 1)[1]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
SIZES = {"desk": DESK, "phone": PHONE}
LONGEST = 8000


def shot(page: Page, name: str, *, full: bool = True) -> list[str]:
    """Save the page as it stands under `name`, and say what is wrong with how it looks."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    settle(page)
    found: list[str] = page.evaluate(INSPECT)
    size = page.viewport_size
    if full and size:
        # As long as the page, so that what is fixed to the bottom is drawn at the bottom.
        height: int = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({**size, "height": min(max(height, size["height"]), LONGEST)})
    page.screenshot(path=SHOTS / f"{name}.png", animations="disabled", caret="hide")
    if size:
        page.set_viewport_size(size)
    return [f"{name}: {line}" for line in found]


def shots(page: Page, name: str, language: str, *, full: bool = True) -> list[str]:
    """The page at every size."""
    before, found = page.viewport_size, []
    for size, pixels in SIZES.items():
        page.set_viewport_size(pixels)
        found += shot(page, f"{name}.{language}.{size}", full=full)
    if before:
        page.set_viewport_size(before)
    return found


def settle(page: Page) -> None:
    """Nothing is under way any more: fonts are there, htmx is quiet."""
    page.evaluate("document.fonts.ready.then(() => true)")
    page.wait_for_selector(".htmx-request, .htmx-swapping", state="detached")


def axe(page: Page) -> list[str]:
    """What axe finds against the page: rule, what it says, and where."""
    if not page.evaluate("typeof window.axe === 'object'"):
        # From the debugger, which no content security policy stops.
        page.evaluate(AXE.read_text(encoding="utf-8") + "; true")
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{page.url} {rule['id']} ({rule['impact']}): {rule['help']}: {_where(rule)}"
        for rule in found["violations"]
    ]


def _where(rule: Any) -> str:
    return "; ".join(
        f"{node['target'][0]} {node['html'][:120]} [{_why(node)}]" for node in rule["nodes"][:4]
    )


def _why(node: Any) -> str:
    checks = [*node["any"], *node["all"], *node["none"]]
    return " / ".join(check["message"] for check in checks)[:200]
