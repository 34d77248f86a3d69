"""Random events: calls that must be refused, each with the status and the code it has to get."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from tests.random.people import Answer, Broken
from tests.random.scene import Scene, letter_body
from tests.random.words import PLAIN, WHY
from tests.random.world import at

ORDERS, LESSONS = "/api/booking/orders", "/api/booking/lessons"
OFFERS, ASSIGNMENTS = "/api/lecturer/offers", "/api/lecturer/assignments"


# The status, and the codes it may come with; none named: any.
Expected = Mapping[int, tuple[str, ...]]


class Case(NamedTuple):
    """Whose letter and lesson are used."""

    s: Scene
    order: str
    school: str
    lesson: str  # "" when it has none yet


def act(scene: Scene, order: str, school: str, lesson: str) -> bool:
    """One of them; False when there is nothing to do it with."""
    wrong = scene.choose.choice(ALL)
    return wrong(Case(scene, order, school, lesson))


def _must(
    case: Case,
    who: str,
    method: str,
    path: str,
    body: Any,
    expected: Expected,
    **how: Any,
) -> bool:
    answer = case.s.people.say(who, method, path, body, **how)
    return _as_expected(answer, expected, f"{who} {method} {path} {body}")


def _as_expected(answer: Answer, expected: Expected, said: str) -> bool:
    codes = expected.get(answer.status)
    if codes is None or (codes and answer.code not in codes):
        raise Broken(f"{said}\n  must be {expected}, answered {answer.status} {answer.body}")
    return True


def _wrong_role(case: Case) -> bool:
    """A verb of the letter or the lesson, by somebody whose verb it is not."""
    lecturer = _lecturer(case)
    nobody_else: Expected = {403: ("not_yours", "role_required")}
    verbs: list[tuple[str, str, Any]] = [
        (case.school, f"{ORDERS}/{case.order}/approve", {}),
        (case.school, f"{ORDERS}/{case.order}/reject", {"reason": "不"}),
        ("scheduler", f"{ORDERS}/{case.order}/submit", {}),
        ("supervisor", f"{ORDERS}/{case.order}/cancel_order", {"reason": "不"}),
        ("administrator", f"{ORDERS}/{case.order}/reopen", {"reason": "不"}),
        (lecturer, f"{ORDERS}/{case.order}/withdraw", {}),
    ]
    if case.lesson:
        path = f"{LESSONS}/{case.lesson}"
        verbs += [
            (case.school, f"{path}/place", {"wish": 0}),
            (case.school, f"{path}/suspend", {"reason": "不"}),
            ("scheduler", f"{path}/dispute", {"reason": "不"}),
            ("supervisor", f"{path}/attest", {"attendance": 3}),
            ("administrator", f"{path}/resolve_verified", {"resolution": "不"}),
            (lecturer, f"{path}/cancel", {}),
        ]
    who, path, body = case.s.choose.choice(verbs)
    return _must(case, who, "POST", path, body, nobody_else)


def _wrong_state(case: Case) -> bool:
    """A verb of the letter's own people that is not open to it now."""
    who = case.s.choose.choice(["scheduler", case.school, "supervisor"])
    path = f"{ORDERS}/{case.order}"
    found = case.s.people.look(who, path)
    mine: dict[str, list[str]] = {
        "scheduler": ["approve", "reject", "return_for_fix", "cancel_order", "review_lines"],
        case.school: ["submit", "resubmit", "discard", "withdraw", "cancel_order"],
        "supervisor": ["reopen"],
    }
    closed = [verb for verb in mine[who] if verb not in found["moves"]]
    verb = case.s.choose.choice(closed or ["reopen"])
    if verb in found["moves"]:
        return False
    body = PLAIN.get(("order", verb), {})
    # Nothing was returned, or too much has begun: open by the table, but not now.
    not_now = ("wrong_state", "no_line_to_review", "lessons_under_way")
    refused = {409: not_now, 403: ("not_yours",)}
    return _must(case, who, "POST", f"{path}/{verb}", body, refused)


def _wrong_state_of_lesson(case: Case) -> bool:
    """What is over cannot be cancelled; what was not held cannot be attested."""
    if not case.lesson:
        return False
    path = f"{LESSONS}/{case.lesson}"
    found = case.s.people.look("scheduler", path)
    body: dict[str, Any]
    if found["state"] in ("cancelled", "written_off", "verified"):
        verb, body = "cancel", WHY
    elif found["state"] in ("requested", "unplaced", "waitlisted", "tentative"):
        verb, body = "attest", {"attendance": 3}
    else:
        verb, body = "park", {}
    refused: Expected = {409: ("wrong_state", "change_pending")}
    return _must(case, "scheduler", "POST", f"{path}/{verb}", body, refused)


def _stale_revision(case: Case) -> bool:
    """An answer to a lesson as it no longer is."""
    path = f"{OFFERS}?state=pending&limit=20"
    offers = case.s.people.look("scheduler", path)["items"]
    if not offers:
        return False
    offer = case.s.choose.choice(offers)
    body = {"revision": max(0, offer["revision"] - 1)}
    refused = {409: ("revision_stale",)}
    path = f"{OFFERS}/{offer['id']}/accept"
    return _must(case, offer["lecturer_id"], "POST", path, body, refused)


def _somebody_elses_offer(case: Case) -> bool:
    offers = case.s.people.look("scheduler", f"{OFFERS}?limit=20")["items"]
    if not offers:
        return False
    offer = case.s.choose.choice(offers)
    who = _lecturer(case)
    if who == offer["lecturer_id"]:
        return False
    path = f"{OFFERS}/{offer['id']}/decline"
    return _must(case, who, "POST", path, {"reason": "other"}, {404: ("not_found",)})


def _without_channel(case: Case) -> bool:
    """On somebody's behalf, but how was he reached?"""
    offers = case.s.people.look("scheduler", f"{OFFERS}?state=pending&limit=20")["items"]
    if not offers:
        return False
    offer = case.s.choose.choice(offers)
    body = {"reason": "duty", "on_behalf_of": offer["lecturer_id"]}
    refused = {422: ("channel_and_note_required",)}
    return _must(case, "scheduler", "POST", f"{OFFERS}/{offer['id']}/decline", body, refused)


def _version_stale(case: Case) -> bool:
    """Another version of the letter than the newest, or none named at all."""
    path = f"{ORDERS}/{case.order}"
    version = case.s.people.look(case.school, path)["version"]
    body = letter_body([])
    if case.s.choose.random() < 0.5:
        return _must(case, case.school, "PUT", path, body, {428: ("if_match_required",)})
    how: dict[str, Any] = {"match": version + 1}
    return _must(case, case.school, "PUT", path, body, {412: ("version_stale",)}, **how)


def _foreign_school(case: Case) -> bool:
    others = [school for school in case.s.world.schools if school != case.school]
    who = case.s.choose.choice(others)
    calls: list[tuple[str, str, Any]] = [
        ("GET", f"{ORDERS}/{case.order}", None),
        ("POST", f"{ORDERS}/{case.order}/withdraw", {}),
        ("GET", f"{ORDERS}/{case.order}/history", None),
    ]
    if case.lesson:
        calls += [
            ("GET", f"{LESSONS}/{case.lesson}", None),
            ("POST", f"{LESSONS}/{case.lesson}/cancel", {}),
            ("POST", f"{LESSONS}/{case.lesson}/changes", {"reason": "我要"}),
        ]
    method, path, body = case.s.choose.choice(calls)
    return _must(case, who, method, path, body, {404: ("not_found",)})


def _unknown_id(case: Case) -> bool:
    id = case.s.people.key()
    calls: list[tuple[str, str, str, Any]] = [
        ("scheduler", "POST", f"{ORDERS}/{id}/approve", {}),
        ("scheduler", "POST", f"{LESSONS}/{id}/place", {}),
        ("scheduler", "GET", f"{OFFERS}/{id}", None),
        ("scheduler", "POST", f"{OFFERS}/{id}/revoke", {}),
        ("scheduler", "POST", f"{ASSIGNMENTS}/{id}/grant", {}),
        ("scheduler", "POST", f"/api/booking/changes/{id}/accept", {}),
        ("scheduler", "GET", f"/api/lecturer/seats/{id}/candidates", None),
        ("scheduler", "GET", f"/api/catalog/courses/{id}", None),
        ("administrator", "POST", f"/api/lecturer/appointments/{id}/revoke", {"reason": "不"}),
        (case.school, "POST", f"/api/notify/messages/{id}/read", {}),
    ]
    who, method, path, body = case.s.choose.choice(calls)
    return _must(case, who, method, path, body, {404: ("not_found",)})


def _past_date(case: Case) -> bool:
    """A lesson, a deadline, a leave in the past."""
    past = case.s.now() - timedelta(days=case.s.choose.randint(1, 40))
    later = past + timedelta(minutes=15)
    lecturer = _lecturer(case)
    leave = f"/api/lecturer/lecturers/{lecturer}/leave/{case.s.people.key()}"
    span = {"starts_at": past.isoformat(), "ends_at": later.isoformat()}
    if case.lesson and case.s.choose.random() < 0.5:
        path = f"{LESSONS}/{case.lesson}"
        if case.s.people.look("scheduler", path)["state"] == "unplaced":
            body = {"starts_at": past.isoformat()}
            return _must(case, "scheduler", "POST", f"{path}/place", body, {409: ("in_the_past",)})
    return _must(case, lecturer, "PUT", leave, {**span, "reason": "补"}, {409: ("in_the_past",)})


def _past_counter(case: Case) -> bool:
    offers = case.s.people.look("scheduler", f"{OFFERS}?state=pending&limit=20")["items"]
    offers = [offer for offer in offers if offer["kind"] == "seat"]
    if not offers:
        return False
    offer = case.s.choose.choice(offers)
    starts_at, ends_at = at(offer["starts_at"]), at(offer["ends_at"])
    back = timedelta(days=400)
    body = {"starts_at": (starts_at - back).isoformat(), "ends_at": (ends_at - back).isoformat()}
    path = f"{OFFERS}/{offer['id']}/counter"
    return _must(case, offer["lecturer_id"], "POST", path, body, {422: ("date_past",)})


def _missing_key(case: Case) -> bool:
    path = f"{ORDERS}/{case.order}/withdraw"
    people = case.s.people
    answer = people.wrong(people.request(case.school, "POST", path, {}), path)
    return _as_expected(answer, {400: ("idempotency_key_required",)}, f"POST {path} without key")


def _key_twice(case: Case) -> bool:
    """The same key for something else."""
    key, people = case.s.people.key(), case.s.people
    path = f"/api/lecturer/lecturers/{_lecturer(case)}/raise_cap"
    body = {"cap": "day", "limit": 4, "reason": "一"}
    if not people.say("scheduler", "POST", path, body, key=key).good:
        return True
    body = {"cap": "day", "limit": 5, "reason": "二"}
    return _must(case, "scheduler", "POST", path, body, {422: ("idempotency_key_reused",)}, key=key)


def _no_token(case: Case) -> bool:
    path, people = f"{ORDERS}/{case.order}", case.s.people
    scheme = case.s.choose.choice(["", "Bearer", "Bearer nonsense", "Basic YTpi"])
    headers = {"authorization": scheme} if scheme else {}
    answer = people.wrong(people.bare("GET", path, None, headers), path)
    return _as_expected(answer, {401: ("token_required", "token_invalid")}, f"GET {path}")


def _bad_body(case: Case) -> bool:
    path = f"{ORDERS}/{case.order}/cancel_order"
    bodies: list[Any] = [
        {"reason": ""},
        {"reason": 5},
        {"reason": "x", "fautl": "school"},
        {"reason": "x" * 501},
        ["reason"],
        {},
    ]
    body = case.s.choose.choice(bodies)
    return _must(case, case.school, "POST", path, body, {422: ("invalid_body",)})


def _no_json(case: Case) -> bool:
    path, people = f"{ORDERS}/{case.order}/reject", case.s.people
    content = case.s.choose.choice([b'{"reason": ', b"\xff\xfe", b"[" * 2000])
    headers = {"idempotency-key": people.key()}
    headers["authorization"] = f"Bearer {people._bearer('scheduler', renew=False)}"
    answer = people.wrong(people.bare("POST", path, content, headers), path)
    return _as_expected(answer, {400: (), 422: ()}, f"POST {path} {content[:20]!r}")


def _no_such_thing(case: Case) -> bool:
    calls: list[tuple[str, str, Any, Expected]] = [
        ("POST", f"{ORDERS}/{case.order}/approof", {}, {404: ("not_found",)}),
        ("DELETE", f"{ORDERS}/{case.order}", None, {405: ("method_not_allowed",)}),
        ("GET", f"{ORDERS}/{case.order}x", None, {422: ("invalid_body",)}),
        ("GET", f"{ORDERS}?cursor=none", None, {400: ("cursor_invalid",)}),
        ("GET", f"{ORDERS}?limit=1000", None, {422: ("invalid_body",)}),
        ("GET", f"{LESSONS}?from=tomorrow", None, {400: ("date_invalid",)}),
        ("GET", f"{OFFERS}?state=lost", None, {422: ("invalid_body",)}),
    ]
    method, path, body, expected = case.s.choose.choice(calls)
    return _must(case, "scheduler", method, path, body, expected)


def _lecturer(case: Case) -> str:
    return str(case.s.choose.choice(list(case.s.world.lecturers)))


ALL: list[Callable[[Case], bool]] = [
    _wrong_role,
    _wrong_role,
    _wrong_state,
    _wrong_state,
    _wrong_state_of_lesson,
    _stale_revision,
    _stale_revision,
    _somebody_elses_offer,
    _without_channel,
    _version_stale,
    _foreign_school,
    _foreign_school,
    _unknown_id,
    _past_date,
    _past_counter,
    _missing_key,
    _key_twice,
    _no_token,
    _bad_body,
    _no_json,
    _no_such_thing,
]
