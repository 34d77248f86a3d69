"""Trying to break in: rows of another school and of another lecturer by their ids, through every
page there is, and forms no page of ours has."""

import json
import re
from collections.abc import Iterator
from inspect import getfile
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi.routing import APIRoute

from services.portal import app as portal_app
from services.portal import pages as portal_pages
from services.portal.pages import clerk_words
from services.portal.pages.words import words
from tests.portal.addresses import addresses as known_addresses
from tests.portal.browser import Person
from tests.portal.world import World, a_world
from tests.tour import SCHOOL
from tests.town import Town, a_town

STRANGER = "SCH-09"
# About nobody: the menu of the district, half-days of a course, a day of one's own school.
NOBODYS = {
    "/clerk/menu/{id:uuid}",
    "/clerk/lessons/{id:uuid}/calendar",
    "/clerk/school/unblock/{on}",
}
VERBS = {
    "/clerk/lessons/{id:uuid}/{verb}": ("downgrade_agreed", "accept_as_is"),
    "/clerk/today/{verb}/{id:uuid}": ("check_in", "check_out", "abort"),
}
FIELD = re.compile(r"""(?:form\.get\(|form\[|lists\(|form\.id\()["'](\w+)["']""")
ASKED = re.compile(r"""(?:asked\(page,[^)]*\)|query(?:_params)?\.get\([^)]*\))""")
WORD = re.compile(r"""["'](\w+)["']""")
JUNK_ASKED = ("x", "-1", "9" * 30, "²", "2026-13-45T99:99", "0001-01-01")
JUNK = (
    "x",
    "-1",
    "9" * 30,
    "9" * 5000,
    "²",
    "nan",
    "2026-13-45T99:99",
    "../../x",
    '[{"line": "x", "wishes": 5}]',
)


def routes(prefix: str, method: str) -> list[str]:
    return sorted({route.path for route in every_door(prefix, method)})


def every_door(prefix: str, method: str) -> list[APIRoute]:
    return [
        route
        for router in portal_app.doors()
        for route in router.routes
        if isinstance(route, APIRoute)
        and method in (route.methods or ())
        and (route.path + "/").startswith(prefix + "/")
    ]


def with_ids(prefix: str, method: str) -> list[str]:
    return [path for path in routes(prefix, method) if "{" in path and path not in NOBODYS]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Town, World]]:
    with a_town(tmp_path_factory.mktemp("strangers") / "town") as town:
        yield town, a_world(town)[0]


@pytest.fixture(scope="module")
def town(lived: tuple[Town, World]) -> Town:
    return lived[0]


@pytest.fixture(scope="module")
def world(lived: tuple[Town, World]) -> World:
    return lived[1]


def addresses(path: str, ids: list[Any]) -> list[str]:
    """The route with each id and each of its verbs."""
    found = [re.sub(r"\{id(:uuid)?\}", str(id), path) for id in ids]
    return [one.replace("{verb}", verb) for one in found for verb in VERBS.get(path, ("",))]


def of_a_school(path: str, world: World) -> list[Any]:
    """Ids of the school such a page could be asked about."""
    if path.startswith("/clerk/lessons"):
        return [world.lesson, world.offered, world.waiting]
    if path.startswith("/clerk/letters"):
        return [world.order, world.draft, world.submitted, world.returned]
    return [world.assignment] if path.startswith("/clerk/today") else [world.venue]


def everything(town: Town, world: World) -> list[Any]:
    """What a stranger could have changed."""
    lecturer = f"/api/lecturer/lecturers/{world.lecturer}"
    return [
        town.all(SCHOOL, "/api/booking/orders"),
        town.all(SCHOOL, "/api/booking/lessons"),
        town.all(SCHOOL, "/api/booking/changes"),
        town.get(SCHOOL, "/api/booking/clerk/school"),
        town.all("scheduler", "/api/lecturer/offers"),
        town.all("scheduler", "/api/lecturer/assignments"),
        town.get("scheduler", f"{lecturer}/leave"),
    ]


# What a clerk would send, so that nothing but whose it is stands against it.
CLERK_FIELDS: dict[str, Any] = {
    "starts_at": "2027-01-20T09:00",
    "reason": "试",
    "attendance": "30",
    "version": "1",
    "title": "改",
    "contact_name": "张三",
    "contact_phone": "000",
    "lines": json.dumps([{"line": "6", "course_id": str(UUID(int=1)), "delivery": "classroom"}]),
    "name": "他校会议室",
    "capacity": "40",
    "address": "某处",
    "lat": "39.1",
    "lon": "117.0",
    "open": "true",
    "channel": "phone",
    "note": "试",
    "minutes_taught": "10",
    "fault": "none",
}


@pytest.mark.parametrize("path", with_ids("/clerk", "GET"))
def test_a_page_about_another_schools_row_is_not_there(town: Town, world: World, path: str) -> None:
    stranger = Person(town, STRANGER)

    for address in addresses(path, of_a_school(path, world)):
        assert stranger.http.get(address).status_code == 404, address


def test_nothing_can_be_said_of_another_schools_rows(town: Town, world: World) -> None:
    stranger, before = Person(town, STRANGER), everything(town, world)
    csrf = stranger.csrf
    changes = [
        {"change": change, "verb": verb}
        for change in (world.school_change, world.district_change)
        for verb in ("accept", "reject", "withdraw")
    ]

    answers = {}
    for path in with_ids("/clerk", "POST"):
        for address in addresses(path, of_a_school(path, world)):
            tries = changes if path.endswith("/answer") else [{"lecturer": world.lecturer}]
            for more in tries:
                answer = stranger.press(address, csrf=csrf, **CLERK_FIELDS, **more)
                answers[address, str(more)] = answer.status_code
    path = f"/clerk/lessons/{uuid4()}/change"
    counter = stranger.press(path, csrf=csrf, **CLERK_FIELDS, counter=world.district_change)

    room = answers.pop((f"/clerk/school/venues/{world.venue}", str(tries[0])))
    assert room == 409  # ids are chosen by who makes a room: this one is taken
    assert {key: status for key, status in answers.items() if status != 404} == {}
    assert len(answers) > 40
    assert counter.status_code == 404
    assert everything(town, world) == before


def test_a_room_of_another_school_is_named_as_such(town: Town, world: World) -> None:
    """It may be lent: the district decides, and is told."""
    stranger, id = Person(town, STRANGER), uuid4()
    line: dict[str, Any] = {"course_id": str(world.course), "delivery": "classroom"}
    line |= {"place": f"venue:{world.venue}", "audience": ["branch_secretary"]}
    line |= {"wishes": ["2026-12-08T08:30:00+08:00|2026-12-08T08:45:00+08:00"]}
    line |= {"expected_attendees": "30"}
    known = {"contact_name": "李", "contact_phone": "000", "lines": json.dumps([line])}

    stranger.press(f"/clerk/letters/{id}/save", **known)
    page = stranger.http.get(f"/clerk/letters/{id}").text

    assert clerk_words.problem({"code": "venue_of_another_school"}, words("zh")) in page


LECTURER_FIELDS: dict[str, Any] = {
    "revision": "1",
    "reason": "duty",
    "note": "试",
    "starts_at": "2027-01-20T09:00",
    "minutes": "15",
    "minutes_taught": "10",
}


def another_lecturer(town: Town, world: World) -> Person:
    others = (p for p in town.api.people if p["role"] == "lecturer")
    other = next(p for p in others if p["lecturer_id"] != str(world.lecturer))
    return Person(town, str(other["lecturer_id"]))


def test_another_lecturers_offers_and_promises_are_not_there(town: Town, world: World) -> None:
    stranger, before = another_lecturer(town, world), everything(town, world)
    csrf = stranger.csrf
    promises = town.all("scheduler", "/api/lecturer/assignments")
    offers = town.all("scheduler", "/api/lecturer/offers")
    ids = {
        "/phone/lessons": [promise["id"] for promise in promises],
        "/phone/offers": [o["id"] for o in offers if o["lecturer_id"] == str(world.lecturer)],
        "/phone/me": [uuid4()],
    }

    answers = {}
    for method in ("GET", "POST"):
        for path in with_ids("/phone", method):
            for address in addresses(path, ids["/".join(path.split("/")[:3])]):
                if method == "GET":
                    answers[method, address] = stranger.http.get(address).status_code
                else:
                    answer = stranger.press(address, csrf=csrf, **LECTURER_FIELDS)
                    answers[method, address] = answer.status_code
    leave = town.get("scheduler", f"/api/lecturer/lecturers/{world.lecturer}/leave")["items"][0]
    half_day = {"on": "2027-03-01", "part": "am", "starts_at": leave["starts_at"]}
    for path in ("/phone/away/give_back", "/phone/away/undo"):
        fields = {**half_day, "ends_at": leave["ends_at"], "leave": leave["id"]}
        answers["POST", path] = stranger.press(path, csrf=csrf, **fields).status_code

    assert {key: status for key, status in answers.items() if status != 404} == {}
    assert len(answers) > 15
    assert everything(town, world) == before


@pytest.mark.timeout(600)
@pytest.mark.parametrize("who", [SCHOOL, "scheduler", "lecturer", "supervisor", "administrator"])
def test_an_address_nobody_gave_is_no_mistake_of_ours(town: Town, world: World, who: str) -> None:
    """Every page, with each thing its address may say said wrong."""
    login = str(world.lecturer) if who == "lecturer" else who
    browser, shown = Person(town, login), known_addresses(world, "2026-12-08")[login]
    doors = {route.path: route for route in every_door("", "GET")}

    broken, tried = [], 0
    for route, paths in shown.items():
        for address, name in ((path, name) for path in paths[:1] for name in said_by(doors[route])):
            for junk in JUNK_ASKED:
                url = httpx.URL(address).copy_set_param(name, junk)
                answer = browser.http.get(url)
                tried += 1
                if answer.status_code >= 500:
                    broken.append((str(url), answer.status_code))
    assert broken == []
    assert tried > 50


def said_by(door: APIRoute) -> list[str]:
    """What the address of a page may say, as its module reads it."""
    source = Path(getfile(door.endpoint)).read_text(encoding="utf-8")
    names = {one.alias for one in door.dependant.query_params}
    return sorted(names | {name for line in ASKED.findall(source) for name in WORD.findall(line)})


WHO = {"/clerk": SCHOOL, "/desk": "scheduler", "/supervisor": "supervisor"}
WHO |= {"/admin": "administrator", "/account": "administrator"}


@pytest.mark.parametrize("prefix", [*WHO, "/phone"])
def test_what_no_form_sends_is_refused_and_no_mistake_of_ours(
    town: Town, world: World, prefix: str
) -> None:
    who = WHO.get(prefix, str(world.lecturer))
    browser = Person(town, who)
    csrf = browser.csrf
    folder = Path(portal_pages.__file__).parent
    sources = [file.read_text(encoding="utf-8") for file in folder.glob(f"{prefix[1:]}_*.py")]
    fields = sorted({name for text in sources for name in FIELD.findall(text)} | {"version"})

    broken = []
    for path in routes(prefix, "POST"):
        ids = [world.order, world.lesson] if prefix != "/phone" else [world.assignment]
        for id in ids:
            address = re.sub(r"\{\w*(id|number)\w*(:uuid)?\}", str(id), path)
            address = address.replace("{verb}", "put").replace("{on}", "2026-12-31")
            for junk in JUNK:
                sent = dict.fromkeys(fields, junk)
                answer = browser.press(re.sub(r"\{\w+\}", "x", address), csrf=csrf, **sent)
                if answer.status_code >= 500:
                    broken.append((address, junk, answer.status_code))
    assert broken == []
