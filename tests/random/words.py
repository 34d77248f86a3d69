"""Random events: what is said with a verb, so that it may succeed; None when there is nothing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from services.booking.schemas import LineIn
from tests.random.scene import EARLY, Scene
from tests.random.world import NoSlot, at

Found = dict[str, Any]
Body = dict[str, Any]
DECLINES = ("time_conflict", "leave", "topic_mismatch", "health", "duty", "other")
WHY: Body = {"reason": "实际情况有变"}
NOTED: Body = {"note": "已电话沟通"}
NOTHING: Body = {}
PLAIN: dict[tuple[str, str], Body] = {
    ("order", "submit"): NOTHING,
    ("order", "resubmit"): NOTHING,
    ("order", "discard"): NOTHING,
    ("order", "withdraw"): WHY,
    ("order", "reject"): WHY,
    ("order", "return_for_fix"): WHY,
    ("order", "cancel_order"): WHY,
    ("order", "reopen"): WHY,
    ("lesson", "unplace"): NOTED,
    ("lesson", "park"): NOTHING,
    ("lesson", "suspend"): WHY,
    ("lesson", "cancel"): WHY,
    ("lesson", "downgrade_agreed"): NOTED,
    ("lesson", "accept_as_is"): NOTHING,
    ("lesson", "schedule_makeup"): NOTHING,
    ("lesson", "close_unmet"): WHY,
    ("lesson", "dispute"): WHY,
    ("lesson", "reopen"): WHY,
    ("lesson", "resolve_verified"): {"resolution": "属实", "attendance": 33},
    ("lesson", "resolve_written_off"): {"resolution": "不属实"},
    ("offer", "withdraw_counter"): NOTED,
    ("offer", "refuse_counter"): NOTED,
    ("offer", "revoke"): NOTED,
    ("assignment", "reconfirm"): NOTHING,
    ("assignment", "release"): {"reason": "health"},
    ("assignment", "withdraw_request"): NOTHING,
    ("assignment", "grant"): NOTED,
    ("assignment", "refuse"): NOTED,
    ("assignment", "appeal_upheld"): NOTED,
    ("change", "accept"): NOTHING,
    ("change", "reject"): WHY,
    ("change", "withdraw"): NOTHING,
}


def body_of(kind: str, verb: str, found: Found, s: Scene) -> Body | None:
    """The body of this verb about this row, as it was last seen."""
    if (kind, verb) in PLAIN:
        return PLAIN[(kind, verb)]
    return MADE[(kind, verb)](found, s)


def _approve(found: Found, s: Scene) -> Body:
    """Most lines are approved; some come back, some are refused."""
    decisions = []
    for line in found["lines"]:
        chance = s.choose.random()
        if chance < 0.1:
            fields = {"fields": ["notes"], "reason": "请说明"}
            decisions.append({"line": line["line"], "decision": "return", **fields})
        elif chance < 0.15:
            decisions.append({"line": line["line"], "decision": "refuse", "reason": "重复"})
    return {"lines": decisions}


def _review_lines(found: Found, s: Scene) -> Body:
    """Mended or not: what came back is looked at once more."""
    back = [line["line"] for line in found["lines"] if line["review"] == "returned"]
    return {"lines": [{"line": number, "decision": "approve"} for number in back]}


def _amend_lines(found: Found, s: Scene) -> Body:
    names = [name for name in LineIn.model_fields if name not in ("wishes", "notes")] + ["line"]
    mended = []
    for line in found["lines"]:
        if line["review"] == "returned":
            wishes = [{k: wish[k] for k in ("starts_at", "ends_at")} for wish in line["wishes"]]
            facts = {name: line[name] for name in names}
            mended.append({**facts, "wishes": wishes, "notes": f"说明{s.choose.randint(1, 99)}"})
    return {"lines": mended}


def _place(found: Found, s: Scene) -> Body | None:
    how = {"mode": s.choose.choice(["in_turn", "in_turn", "parallel", "open", "manual"])}
    to_come = [n for n, w in enumerate(found["wishes"]) if at(w["starts_at"]) > s.now()]
    if to_come and s.choose.random() < 0.9:
        return {"wish": to_come[0], **how}
    slot = _another(found, s)
    return slot and {**slot, **how, "override": "原时间已过"}


def _resume(found: Found, s: Scene) -> Body | None:
    if found["starts_at"] and at(found["starts_at"]) > s.now() and s.choose.random() < 0.6:
        return {}
    return _another(found, s)


def _another(found: Found, s: Scene) -> Body | None:
    """Another time for this lesson in its own room."""
    format = found["format"] or "micro_lesson"
    try:
        wanted: dict[str, Any] = {"school": s.world.school_of(found["school_id"])}
        wanted["course"] = found["course_code"]
        slot = s.slot(EARLY, format=format, able=1, spread=True, **wanted)
    except NoSlot:
        return None
    return {"starts_at": slot.starts_at.isoformat()}


def _propose(found: Found, s: Scene) -> Body | None:
    slot = _another(found, s)
    return slot and {**slot, "reason": "调整"}


def _accept(found: Found, s: Scene) -> Body:
    return {"revision": found["revision"]}


def _decline(found: Found, s: Scene) -> Body:
    return {"reason": s.choose.choice(DECLINES)}


def _counter(found: Found, s: Scene) -> Body | None:
    if found["kind"] == "retime":
        return None
    later = timedelta(hours=s.choose.choice([2, 24, 48]))
    return {name: (at(found[name]) + later).isoformat() for name in ("starts_at", "ends_at")}


def _adopt(found: Found, s: Scene) -> Body:
    return {"revision": found["revision"], "channel": "phone", "note": "同意原时间"}


def _somebody_else(found: Found, s: Scene) -> Body | None:
    path = f"/api/lecturer/seats/{found['lesson_id']}/candidates"
    answer = s.people.request("scheduler", "GET", path)
    items = answer.body["items"] if answer.good else []
    able = [o["lecturer_id"] for o in items if o["offer"] in (None, "pending")]
    able = [id for id in able if id != found["lecturer_id"]]
    return {"lecturer_id": able[0], "channel": "phone", "note": "电话同意"} if able else None


def _handover(found: Found, s: Scene) -> Body | None:
    body = _somebody_else(found, s)
    return body and {**body, "minutes_taught": _taught(found, s)}


def _abort(found: Found, s: Scene) -> Body:
    fault = s.choose.choice(["none", "school", "lecturer", "force_majeure"])
    return {"minutes_taught": _taught(found, s), "reason": "停电", "fault": fault}


def _taught(found: Found, s: Scene) -> int:
    """Never more than have passed."""
    passed = min(s.now(), at(found["ends_at"])) - at(found["starts_at"])
    return s.choose.randint(0, max(0, int(passed.total_seconds() // 60)))


def _check_in(found: Found, s: Scene) -> Body | None:
    opens = at(found["starts_at"]) - timedelta(minutes=60)
    soon = opens <= s.now() <= at(found["ends_at"])
    return {} if soon or s.choose.random() < 0.05 else None


def _check_out(found: Found, s: Scene) -> Body | None:
    return {} if s.now() > at(found["starts_at"]) else None


def _attest(found: Found, s: Scene) -> Body:
    return {"attendance": s.choose.randint(1, 60)}


MADE: dict[tuple[str, str], Callable[[Found, Scene], Body | None]] = {
    ("order", "approve"): _approve,
    ("order", "amend_lines"): _amend_lines,
    ("order", "review_lines"): _review_lines,
    ("lesson", "place"): _place,
    ("lesson", "resume"): _resume,
    ("lesson", "attest"): _attest,
    ("offer", "accept"): _accept,
    ("offer", "decline"): _decline,
    ("offer", "counter"): _counter,
    ("offer", "adopt_counter"): _adopt,
    ("assignment", "replace"): _somebody_else,
    ("assignment", "handover"): _handover,
    ("assignment", "abort"): _abort,
    ("assignment", "check_in"): _check_in,
    ("assignment", "check_out"): _check_out,
    ("change", "propose"): _propose,
    ("change", "counter"): _propose,
}
