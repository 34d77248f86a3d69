"""Portal: one lesson (课次) and everything the district may do about it."""

from typing import Any
from uuid import UUID

from fastapi import Response

from services.kit.auth import Role
from services.portal.pages import desk_history, desk_words, refusals
from services.portal.pages.desk_lists import given, moment, number, real
from services.portal.pages.forms import whole
from services.portal.pages.frame import Page, pages

router = pages("/desk/lessons", Role.SCHEDULER)

DONE = {
    "place": "已排定，派课单随即发出。",
    "unplace": "已取消排课，课次回到待排。",
    "park": "已转入候补，有空位时会回到待排。",
    "suspend": "已暂缓，场地和讲师暂时保留。",
    "resume": "已恢复。",
    "cancel": "已取消，学校和讲师会收到通知。",
    "schedule_makeup": "已安排补课，新的课次在待排中。",
    "close_unmet": "已结案。",
    "attest": "已代学校确认授课，从此计入学时。",
}
# What can be taken back at once, and by which verb.
UNDO = {"place": "unplace", "suspend": "resume"}


@router.get("/{lesson_id}")
async def lesson(page: Page, lesson_id: UUID) -> Response:
    empty: dict[str, Any] = {"items": [], "sites": []}
    found, seat, told, choices = await page.gather(
        page.get("booking", f"/lessons/{lesson_id}/whole"),
        page.get_or(None, "lecturer", f"/seats/{lesson_id}"),
        page.get_or(empty, "lecturer", f"/seats/{lesson_id}/history"),
        page.get_or(empty, "catalog", "/desk"),
    )
    lesson = found["lesson"]
    moves = lesson["moves"]
    venues = []
    if {"place", "resume"} & set(moves) or lesson["changeable"]:
        own = await page.get_or(
            empty, "booking", "/venues", school_id=lesson["school_id"], limit=100
        )
        venues = [(v["id"], v["name"]) for v in own["items"] if v["state"] == "open"]
    return await page.show(
        "desk/lesson.html",
        lesson=lesson,
        moves=moves,
        changes=found["changes"],
        live=next((c for c in found["changes"] if c["id"] == lesson["change_id"]), None),
        ends=found["ends"],
        problems=[refusals.of_code(p["code"], p, page._) for p in found["problems"]],
        seat=seat,
        offers=seat["offers"] if seat else [],
        assignments=seat["assignments"] if seat else [],
        venues=venues,
        sites=[(s["id"], s["name"]) for s in choices["sites"]],
        history=desk_history.together(
            desk_history.of_booking(found["history"], page._),
            desk_history.of_lecturer(told["items"], page._),
        ),
    )


@router.get("/{lesson_id}/free")
async def free(page: Page, lesson_id: UUID) -> Response:
    """The wished slots, each with how many qualified lecturers are free then."""
    found = await page.get("booking", f"/lessons/{lesson_id}/free")
    return page.fragment("desk/free.html", wishes=found["items"])


@router.get("/{lesson_id}/candidates")
async def candidates(page: Page, lesson_id: UUID) -> Response:
    """Who may be asked, best first, and who may not and why."""
    found = await page.get("lecturer", f"/seats/{lesson_id}/candidates")
    counts = [
        (refusals.of_code(code, {}, page._), count)
        for code, count in sorted(found["counts"].items(), key=lambda one: -one[1])
    ]
    return page.fragment(
        "desk/candidates.html",
        lesson_id=lesson_id,
        people=found["items"][:30],
        excluded=found["excluded"],
        counts=counts,
        sentence=lambda said: refusals.of_code(said["code"], said, page._),
        term_name=lambda name: page._(desk_words.TERMS.get(str(name), str(name))),
    )


@router.post("/{lesson_id}/offers")
async def send(page: Page, lesson_id: UUID) -> Response:
    """Ask the chosen lecturers now, or let the offers climb the ladder in a mode."""
    chosen, mode = page.lists("lecturer"), page.form.get("mode")
    body = {"lecturer_ids": chosen, **({} if chosen else given(mode=mode))}
    found = await page.post("lecturer", f"/seats/{lesson_id}/offers", body)
    done = page._("已派单，正在等 %(n)s 位讲师答复。", n=len(found["items"]))
    return await page.go(f"/desk/lessons/{lesson_id}", done=done)


@router.post("/{lesson_id}/changes")
async def propose(page: Page, lesson_id: UUID) -> Response:
    form = page.form
    lose = form.get("lose_holder") == "true"
    body = {**spot(form), "reason": form.get("reason", ""), "lose_holder": lose}
    await page.post("booking", f"/lessons/{lesson_id}/changes", body)
    return await page.go(f"/desk/lessons/{lesson_id}", done=page._("已提出改期，等学校答复。"))


@router.post("/{lesson_id}/{verb}")
async def say(page: Page, lesson_id: UUID, verb: str) -> Response:
    """A verb of the table, with what its form holds."""
    if verb not in DONE:
        return await page.go(f"/desk/lessons/{lesson_id}")
    await page.post("booking", f"/lessons/{lesson_id}/{verb}", body_of(verb, page.form))
    back = f"/desk/lessons/{lesson_id}"
    undo = (f"{back}/{UNDO[verb]}", {"note": page._("撤销")}) if verb in UNDO else None
    return await page.go(back, done=page._(DONE[verb]), undo=undo)


def body_of(verb: str, form: dict[str, str]) -> dict[str, Any]:
    if verb == "place":
        extra = given(mode=form.get("mode"), override=form.get("override"))
        return {**spot(form), **extra}
    if verb == "resume":
        return {**spot(form), **given(note=form.get("note"))}
    if verb in ("cancel", "close_unmet"):
        return given(reason=form.get("reason"), fault=form.get("fault"))
    if verb == "suspend":
        return {"reason": form.get("reason", "")}
    if verb == "attest":
        people, minutes = number(form.get("attendance")), number(form.get("minutes"))
        return given(attendance=people, minutes=minutes, note=form.get("note"))
    return given(note=form.get("note"))


def spot(form: dict[str, str]) -> dict[str, Any]:
    """A slot and a place of a form: a wish by number or a time; one place or none."""
    found: dict[str, Any] = {}
    if (wish := whole(form.get("wish", ""))) is not None:
        found["wish"] = wish
    elif form.get("starts_at"):
        found["starts_at"] = moment(form["starts_at"])
    kind, _, id = form.get("place", "").partition(":")
    if kind == "online":
        found["online"] = True
    elif kind in ("venue", "site"):
        found[f"{kind}_id"] = id
    elif kind == "address":
        lat, lon = real(form.get("lat")), real(form.get("lon"))
        found |= given(address=form.get("address"), lat=lat, lon=lon)
    return found
