"""The README's tour, by copy and paste: its command blocks, as a person would run them."""

import re
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar

from tests.town import Town, a_town, databases, until

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"```bash\n(.*?)```", re.DOTALL)


def blocks(name: str) -> list[str]:
    return BLOCK.findall((ROOT / name).read_text(encoding="utf-8"))


@pytest.fixture
def toured(
    backend: str, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[tuple[Town, str]]:
    """A town in which the tour was made, and what it printed."""
    with (
        databases(backend, lambda: request.getfixturevalue("postgres_url")) as url,
        a_town(tmp_path / "town", database_url=url) as town,
    ):
        done = subprocess.run(
            ["bash", "-c", "\n".join(blocks("README.md"))],
            cwd=ROOT,
            env=town.env,
            capture_output=True,
            text=True,
            timeout=900,
        )
        yield town, done.stdout + done.stderr


def test_both_languages_give_the_same_commands() -> None:
    assert blocks("README.md") == blocks("README.zh-CN.md")


def test_the_tour_works_by_copy_and_paste(toured: tuple[Town, str]) -> None:
    town, printed = toured
    refused = re.findall(r"^(\d{3}) \{.*?\"type\":\"(\w+)\"", printed, re.MULTILINE)
    assert refused == [("409", "too_early")], printed
    [order] = town.all("SCH-06", "/api/booking/orders")
    assert (order["state"], order["progress"], order["line_count"]) == ("closed", "delivered", 12)
    offers = town.all("scheduler", "/api/lecturer/offers")
    answers = Counter(offer["state"] for offer in offers)
    assert answers["declined"] >= 2, answers
    assert answers["expired"] >= 1, answers
    assert [o["channel"] for o in offers if o["channel"]] == ["phone"]
    lessons = town.all("scheduler", f"/api/booking/lessons?order_id={order['id']}")
    assert [lesson["state"] for lesson in lessons] == ["verified"] * 12
    moves = Counter(row["verb"] for row in history(town, order["id"]))
    assert moves["retime_kept"] == 1
    assert moves["seat_lost_late"] == 0, "the holder was kept until the substitute had accepted"
    assignments = town.all("scheduler", "/api/lecturer/assignments")
    assert Counter(a["state"] for a in assignments) == {"fulfilled": 12, "released": 1}

    until(lambda: len(invitations(town)["CANCEL"]) == 1, what="a cancel mail for the released")
    sent = invitations(town)
    [released] = [a for a in assignments if a["state"] == "released"]
    [cancelled] = sent["CANCEL"]
    assert email_of(town, released["lecturer_id"]) in str(cancelled[0]["To"])
    sequences: dict[tuple[str, str], list[int]] = defaultdict(list)
    for mail, event in sent["REQUEST"]:
        sequences[(str(event["UID"]), str(mail["To"]))].append(int(event["SEQUENCE"]))
    # One UID per lesson and person: thirteen promises, one of them moved once.
    assert len(sequences) == len({uid for uid, _ in sequences}) == 13
    assert sorted(sequences.values()) == [[0]] * 12 + [[0, 1]]

    audit = town.audit()
    assert audit.returncode == 0, audit.stdout


def history(town: Town, order_id: str) -> list[dict[str, Any]]:
    return list(town.all("scheduler", f"/api/booking/orders/{order_id}/history"))


def email_of(town: Town, lecturer_id: str) -> str:
    return str(town.get("scheduler", f"/api/lecturer/lecturers/{lecturer_id}")["email"])


def invitations(town: Town) -> dict[str, list[tuple[EmailMessage, Any]]]:
    """Mails with a calendar part, by METHOD."""
    found: dict[str, list[tuple[EmailMessage, Any]]] = defaultdict(list)
    for mail in town.mails():
        for part in mail.walk():
            if part.get_content_type() == "text/calendar":
                calendar = Calendar.from_ical(part.get_content())
                for event in calendar.walk("VEVENT"):
                    found[str(calendar["METHOD"])].append((mail, event))
                break
    return found
