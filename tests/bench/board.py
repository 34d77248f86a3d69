"""Bench: `python -m tests.bench.board [ORIGIN LOGIN PASSWORD]`: the board's weight, its first paint
and how quickly it answers while it is patched twenty times a second on a slowed processor.

Without an address it starts a town of its own, with lessons in it.
"""

import argparse
import gzip
import json
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from playwright.sync_api import CDPSession, Page, sync_playwright

from services.kit.ids import reference_id
from tests.town import Town, a_town

CHROMIUM = "/usr/bin/chromium"
SLOWER, PATCHES, SECONDS = 4, 20, 30
PAUSE = 120  # milliseconds between two keys of somebody quick
DAY = "2026-12-08"
WIDE, HIGH = 1366, 768
WATCH = Path(__file__).with_suffix(".js")


def main() -> None:
    options = argparse.ArgumentParser(prog="tests.bench.board", description=__doc__)
    options.add_argument("where", nargs="*", help="ORIGIN LOGIN PASSWORD of a running stack")
    where = options.parse_args().where
    with _somewhere(where) as (origin, login, password):
        for name, value in _measure(origin, login, password):
            print(f"| {name} | {value} |", flush=True)


@contextmanager
def _somewhere(where: list[str]) -> Iterator[tuple[str, str, str]]:
    if where:
        origin, login, password = where
        yield origin, login, password
        return
    with (
        tempfile.TemporaryDirectory(prefix="yueke-board-", dir="/dev/shm") as folder,
        a_town(Path(folder) / "home") as town,
    ):
        letters_of_schools(town)
        person = town.api.person("scheduler")
        yield town.origin, person["login"], person["password"]


def letters_of_schools(town: Town, schools: int = 6) -> None:
    """Letters of six schools, two lessons each, approved and waiting."""
    for number in range(1, schools + 1):
        order, school = str(uuid4()), f"SCH-{number:02d}"
        lines = [
            {
                "course_id": str(reference_id("xiqing", "RV-T03")),
                "delivery": "classroom",
                "wishes": [
                    {
                        "starts_at": f"2026-12-{day:02d}T13:30:00+08:00",
                        "ends_at": f"2026-12-{day:02d}T16:30:00+08:00",
                    }
                ],
                "venue_id": str(reference_id("xiqing", f"VEN-{number:02d}")),
                "audience": ["branch_secretary"],
                "expected_attendees": 40,
            }
            for day in (8, 9)
        ]
        body = {"title": "", "contact_name": "联络员（虚构）", "contact_phone": "000-0000-1000"}
        town.put(school, f"/api/booking/orders/{order}", {**body, "lines": lines})
        town.post(school, f"/api/booking/orders/{order}/submit")
        town.post("scheduler", f"/api/booking/orders/{order}/approve")


def _measure(origin: str, login: str, password: str) -> Iterator[tuple[str, str]]:
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": WIDE, "height": HIGH}, locale="zh-CN")
        context.add_init_script(path=WATCH)
        page = context.new_page()
        page.set_default_timeout(120_000)
        page.goto(f"{origin}/sign-in")
        page.fill("#login", login)
        page.fill("#password", password)
        page.press("#password", "Enter")
        page.wait_for_load_state()
        answer = context.request.get(f"{origin}/desk/board?day={DAY}")
        yield "HTML, gzipped", f"{len(gzip.compress(answer.body())) / 1024:.1f} KB"
        slow = context.new_cdp_session(page)
        slow.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        page.goto(f"{origin}/desk/board?day={DAY}")
        page.locator("#grid .gl").first.wait_for()
        paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        yield f"first contentful paint, CPU / {SLOWER}", f"{paint:.0f} ms"
        loaded = page.evaluate(
            "performance.getEntriesByType('resource').reduce((n, r) => n + r.encodedBodySize, 0)"
        )
        yield "scripts and styles, once, gzipped", f"{loaded / 1024:.1f} KB"
        yield "elements", str(page.evaluate("document.querySelectorAll('*').length"))
        yield from _under_patches(page, slow)
        browser.close()


def _under_patches(page: Page, slow: CDPSession) -> Iterator[tuple[str, str]]:
    page.evaluate("([each, seconds]) => window.bench.patch(each, seconds)", [PATCHES, SECONDS])
    cells = page.locator("#grid .k")
    cells.first.click()
    while page.evaluate("window.bench.told()") < PATCHES * (SECONDS - 3):
        for key in ("ArrowRight", "ArrowDown", "ArrowRight", "ArrowUp"):
            page.keyboard.press(key)
            page.wait_for_timeout(PAUSE)
        cells.nth(45).click()
    dropped = _drag(page)
    waiting = page.evaluate("window.yuekeLive.waiting()")
    found: list[tuple[str, float]] = page.evaluate("window.bench.slow()")
    durations = sorted(duration for _, duration in found) or [0.0]
    slow.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    worst = durations[min(len(durations) - 1, int(len(durations) * 0.98))]
    yield f"interactions under {PATCHES} patches a second", str(len(found))
    yield "INP (98th percentile)", f"{worst:.0f} ms"
    yield "median interaction", f"{statistics.median(durations):.0f} ms"
    yield "a drag completes", "yes" if dropped else "no"
    yield "patches told, still waiting", f"{page.evaluate('window.bench.told()')}, {waiting}"
    yield "layout shift", f"{page.evaluate('window.bench.shifts()'):.4f}"
    slowest: Any = sorted(found, key=lambda pair: -pair[1])[:3]
    yield "slowest", json.dumps(slowest)


def _drag(page: Page) -> bool:
    page.locator(".lc").first.drag_to(page.locator("#grid .gl").nth(3).locator(".k").nth(7))
    page.locator("#drop[open] .verdict").first.wait_for()
    return bool(page.locator("#drop[open]").count())


if __name__ == "__main__":
    main()
