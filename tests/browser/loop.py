"""In a browser: the whole loop (点单 审单 派单 接单 评单), step by step, as three people.

The clerk and the scheduler sit at their desks; the third holds a phone, which is handed from one
lecturer to the next. Whom to hand it to is read from the scheduler's page.
"""

import re
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Locator

from tests.browser.people import Person
from tests.town import Town, until

IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
EFFECT = 60  # seconds an effect may take on a busy machine


class Asked:
    """A row of the scheduler's list of offers."""

    def __init__(self, row: Locator) -> None:
        links = row.locator("a").evaluate_all("all => all.map(one => one.getAttribute('href'))")
        self.lecturer = _id(next(link for link in links if "/lecturers/" in link))
        self.lesson = _id(next(link for link in links if "/lessons/" in link))
        self.button = row.locator("[data-open=answer]")
        self.offer = _id(self.button.get_attribute("hx-get") or "")


class Loop:
    """Steps in the order in which they are called by the tests."""

    def __init__(self, town: Town, clerk: Person, scheduler: Person, phone: Person) -> None:
        self.town, self.clerk, self.scheduler, self.phone = town, clerk, scheduler, phone
        self.letter = ""
        self.times: dict[str, tuple[datetime, datetime]] = {}  # of every lesson, in their order
        self.holders: dict[str, str] = {}  # lesson -> lecturer who accepted it

    # -- 点单

    def fill_basket(self, titles: list[str]) -> None:
        clerk = self.clerk
        clerk.to("/clerk/menu")
        for title in titles:
            clerk.hands.write(clerk.see("input#f-q"), title)
            clerk.hands.press(clerk.see("main form.filters button"))
            clerk.page.wait_for_url(lambda url, q=title: _query(url, "q") == q)
            dish = clerk.see("li.dish", has=clerk.page.get_by_text(title, exact=True))
            clerk.hands.press(dish.locator("[data-into-basket]"))
            clerk.see("#basket .basket-list", has_text=title)
        clerk.hands.press(clerk.see("#basket form[data-from-basket] button"))
        clerk.page.wait_for_url("**/clerk/letters/*")

    def write_letter(self, lessons: int) -> None:
        """Every line has people, a place and a day of its own; then it is sent."""
        clerk = self.clerk
        clerk.see(f"#lines > li:nth-child({lessons})")
        clerk.hands.write(clerk.see("#f-title"), "十二月集中学习")
        clerk.hands.press(clerk.see("[data-open=same]"))
        clerk.hands.write(clerk.see("#f-same-people"), "40")
        venue = clerk.see("#f-same-place option:nth-child(2)", state="attached")
        clerk.hands.pick(clerk.see("#f-same-place"), venue.get_attribute("value") or "")
        clerk.hands.tick(clerk.see("[data-same-audience][value=branch_secretary]"))
        clerk.hands.press(clerk.see("[data-same-do]"))
        clerk.hands.press(clerk.see("[data-dates-all]"))
        self._choose_days(lessons)
        clerk.see("#letter-state .ready")
        wishes: list[str] = clerk.page.locator("#lines [data-wish]").evaluate_all(
            "all => all.map(one => one.dataset.wish)"
        )
        clerk.hands.press(clerk.see("#send"))
        clerk.see(".letter-top .badge", has_text="待审")
        self.letter = _id(clerk.page.url)
        ids: list[str] = clerk.page.locator(".read-lesson").evaluate_all(
            "all => all.map(one => one.id)"
        )
        for id, wish in zip(ids, wishes, strict=True):
            start, end = (datetime.fromisoformat(part) for part in wish.split("|"))
            self.times[_id(id)] = (start, end)

    def _choose_days(self, lessons: int) -> None:
        """Half-days on which at least three lecturers can come, each later than the one before."""
        clerk, last = self.clerk, ""
        for number in range(1, lessons + 1):
            clerk.see("#heat-body .heat-line b", has_text=re.compile(rf"第 {number} 课次"))
            cells: list[list[str]] = clerk.page.locator("#heat .heat-cell").evaluate_all(
                "all => all.map(one => [one.dataset.cell, one.textContent.trim()])"
            )
            free = [cell for cell, count in cells if count.isdigit() and int(count) >= 3]
            cell = min(cell for cell in free if cell[:10] > last)
            last = cell[:10]
            clerk.hands.press(clerk.page.locator(f"#heat [data-cell='{cell}']"))
        clerk.page.locator("dialog#heat").wait_for(state="hidden")

    # -- 审单

    def review(self, *, returned: int) -> None:
        """All lines approved but one, which goes back for its number of people."""
        desk = self.scheduler
        desk.to("/desk/review")
        desk.hands.press(desk.see(f"a[href='/desk/review/{self.letter}']"))
        desk.hands.mark(desk.see(f"#d-{returned}-return", state="attached"))
        desk.hands.write(desk.see(f"input[name='reason-{returned}']"), "请核对人数")
        fields = f"input[name='fields-{returned}'][value=expected_attendees]"
        desk.hands.tick(desk.see(fields))
        desk.hands.press(desk.see("main form .bar-below button"))
        desk.see("#notices .notice")

    def mend(self, line: int) -> None:
        clerk = self.clerk
        clerk.to("/clerk/letters")
        clerk.hands.press(clerk.see(f"a[href='/clerk/letters/{self.letter}/mend']"))
        clerk.hands.write(clerk.see(f"li[data-number='{line}'] [data-f=expected_attendees]"), "45")
        clerk.hands.press(clerk.see("main form .form-end button"))
        clerk.page.wait_for_url(f"**/clerk/letters/{self.letter}*")

    def review_again(self) -> None:
        desk = self.scheduler
        desk.to("/desk/review")
        desk.hands.press(desk.see("a[href='/desk/review?mended=true']"))
        desk.hands.press(desk.see(f"a[href='/desk/review/{self.letter}']"))
        desk.hands.press(desk.see("main form .bar-below button"))
        desk.see("#notices .notice")

    # -- 排课派单

    def place(self, lessons: int) -> None:
        """Each at the time wished for, offered to the first in rank."""
        desk = self.scheduler
        for done in range(lessons):
            desk.to("/desk/board")
            left = desk.page.locator("#pending .lc", has_text="待排")
            desk.see("#pending .lc", has_text="待排")
            assert left.count() == lessons - done, left.all_inner_texts()
            desk.hands.press(left.first.locator(".lc-pick"))
            desk.hands.press(desk.see(".picked .ranked-name"))
            desk.hands.press(desk.see("#drop .verdict.good ~ form [data-place]"))
            desk.see("#notices .notice")

    # -- 接单

    def asked(self) -> list[Asked]:
        """Who has to answer, as the scheduler sees it now."""
        desk = self.scheduler
        desk.to("/desk/offers")
        return [Asked(row) for row in desk.page.locator("table.list tbody tr").all()]

    def until_asked(self, count: int) -> list[Asked]:
        return until(
            lambda: found if len(found := self.asked()) == count else None,
            EFFECT,
            what=f"{count} offers wait for an answer",
        )

    def hand_phone_to(self, lecturer: str) -> None:
        if self.phone.who == lecturer:
            self.phone.to("/phone")
            return
        if "/sign-in" not in self.phone.page.url:
            self.phone.sign_out()
        self.phone.sign_in(lecturer)

    def accept(self, asked: Asked) -> None:
        self.hand_phone_to(asked.lecturer)
        self.phone.hands.press(self.phone.see(f"#yes-{asked.offer}"))
        self.phone.page.locator(f"#yes-{asked.offer}").wait_for(state="detached")
        self.holders[asked.lesson] = asked.lecturer

    def decline(self, asked: Asked) -> None:
        """In two taps; the next is asked within two seconds."""
        self.hand_phone_to(asked.lecturer)
        self.phone.hands.press(self.phone.see(f"#open-no-{asked.offer}"))
        self.phone.hands.press(self.phone.see(f"#no-form-{asked.offer} [value=time_conflict]"))
        self.phone.page.locator(f"#yes-{asked.offer}").wait_for(state="detached")

    def accept_by_phone(self, asked: Asked) -> None:
        """The scheduler writes down what the lecturer said."""
        desk = self.scheduler
        desk.hands.press(asked.button)
        form = f"#answer-body form[hx-post$='{asked.offer}/accept']"
        desk.hands.write(desk.see(f"{form} [name=note]"), "办公室电话，同意来讲")
        desk.hands.press(desk.see(f"{form} button"))
        desk.page.locator(f"button[hx-get*='{asked.offer}']").wait_for(state="detached")
        self.holders[asked.lesson] = asked.lecturer

    def let_expire(self, asked: Asked) -> Asked:
        """Nobody answers, the clock goes on, somebody else is asked."""
        self.town.clock(add=timedelta(days=4))

        def another() -> Asked | None:
            found = [one for one in self.asked() if one.lesson == asked.lesson]
            return next((one for one in found if one.lecturer != asked.lecturer), None)

        return until(another, EFFECT, what="the next is asked after a silence")

    # -- 改期

    def ask_to_retime(self, lesson: str) -> None:
        """The clerk proposes a later half-day of the calendar; the scheduler agrees."""
        clerk, desk = self.clerk, self.scheduler
        clerk.to("/clerk/letters")
        clerk.hands.press(clerk.see(f"td a[href='/clerk/letters/{self.letter}']"))
        clerk.hands.press(clerk.see(f"[hx-get='/clerk/lessons/{lesson}/change']"))
        clerk.see("#act-calendar .heat-cell")
        now = clerk.see("#act [name=starts_at]").input_value()[:10]
        cells: list[list[str]] = clerk.page.locator("#act .heat-cell").evaluate_all(
            "all => all.map(one => [one.dataset.cell, one.textContent.trim()])"
        )
        free = sorted(cell for cell, count in cells if count.isdigit() and int(count) >= 3)
        cell = next(cell for cell in free if cell[:10] > now)
        chosen = clerk.page.locator(f"#act [data-cell='{cell}']")
        parts = (chosen.get_attribute(name) or "" for name in ("data-start", "data-end"))
        start, end = (datetime.fromisoformat(part) for part in parts)
        clerk.hands.press(chosen)
        clerk.hands.write(clerk.see("#act [name=reason]"), "上午会议顺延")
        clerk.hands.press(clerk.see("#act form[data-slot] button.btn-primary"))
        clerk.page.locator("dialog#act").wait_for(state="hidden")

        desk.to("/desk/lessons")
        desk.hands.press(desk.see("main a[href^='/desk/changes']"))
        desk.hands.press(desk.see(f"a[href='/desk/lessons/{lesson}#change']"))
        desk.hands.press(desk.see("[data-open=change-accept]"))
        desk.hands.press(desk.see("dialog#change-accept button.btn-primary"))
        desk.see("#notices .notice")
        self.times[lesson] = (start, end)

    # -- 代课

    def release(self, lesson: str) -> None:
        """Shortly before the day its lecturer asks to be let go; he is kept until another comes."""
        self.hand_phone_to(self.holders[lesson])
        self._open_lesson(lesson)
        phone = self.phone
        phone.hands.press(phone.see("#open-release"))
        phone.hands.press(phone.see("#release-form [value=health]"))
        phone.see(".ph-note")

    def _open_lesson(self, lesson: str) -> None:
        """In the agenda; lessons of a later month are a click away."""
        phone = self.phone
        phone.to("/phone/agenda")
        line = phone.page.locator(".ph-section a.ph-line")
        for _ in range(3):
            if line.count():
                break
            phone.hands.press(phone.see(".ph-months a:nth-of-type(2)"))
            phone.page.wait_for_load_state()
        phone.hands.press(line)
        phone.see("#lesson")

    # -- 上课与评单

    def teach(self, lesson: str) -> None:
        """The lecturer checks in and out on his phone."""
        for at, verb in zip(self.times[lesson], ("check_in", "check_out"), strict=True):
            self.town.clock(to=at)
            self.hand_phone_to(self.holders[lesson])
            self.phone.hands.press(self.phone.see(f"form[hx-post$='/{verb}'] button"))
            self.phone.page.locator(f"form[hx-post$='/{verb}']").wait_for(state="detached")

    def record(self, lesson: str) -> None:
        """The clerk writes down that the lecturer came and went."""
        clerk = self.clerk
        for at, verb in zip(self.times[lesson], ("check_in", "check_out"), strict=True):
            self.town.clock(to=at)
            clerk.to("/clerk/today")
            clerk.hands.press(clerk.see(f"#lesson-{lesson} [hx-get^='/clerk/today/{verb}/']"))
            clerk.hands.press(clerk.see("#act-body form button.btn-primary"))
            clerk.page.locator(f"[hx-get^='/clerk/today/{verb}/']").first.wait_for(state="detached")

    def attest(self, lesson: str) -> None:
        clerk = self.clerk
        button = f"#lesson-{lesson} [hx-get='/clerk/lessons/{lesson}/attest']"

        def there() -> bool:
            clerk.to("/clerk/today")
            return bool(clerk.page.locator(button).count())

        until(there, EFFECT, what="the lesson can be attested")
        clerk.hands.press(clerk.page.locator(button))
        clerk.hands.press(clerk.see("#act-body form button.btn-primary"))
        clerk.page.locator(button).wait_for(state="detached")

    def closes(self) -> bool:
        clerk = self.clerk
        clerk.to("/clerk/letters")
        letter = clerk.page.locator(f"a[href='/clerk/letters/{self.letter}']")
        return "已办结" in clerk.page.locator("tr", has=letter).first.inner_text()


def _id(text: str) -> str:
    found = IDS.search(text)
    assert found, text
    return found[0]


def _query(url: str, name: str) -> str:
    return parse_qs(urlsplit(url).query).get(name, [""])[0]
