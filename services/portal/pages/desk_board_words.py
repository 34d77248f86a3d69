"""Portal: why and why not, in words: score terms, reasons, and the smallest change that helps."""

from collections.abc import Mapping
from typing import Any

from services.portal.pages import refusals
from services.portal.pages.words import Words

DAYS = {
    "MON": "周一",
    "TUE": "周二",
    "WED": "周三",
    "THU": "周四",
    "FRI": "周五",
    "SAT": "周六",
    "SUN": "周日",
}
REASONS = {
    "lecturer_inactive": "已停用，不参与派单",
    "not_qualified": "没有这门课的授课资格",
    "wrong_pool": "属于%(pool)s，这门课只派%(pools)s",
    "not_the_requested_lecturer": "这次课指定了别的讲师",
    "too_far": "从住处单程约 %(minutes)s 分钟，超过 %(limit)s 分钟的上限",
    "travel_buffer": "与 %(when)s 的课只隔 %(gap_minutes)s 分钟，路上要 %(needs_minutes)s 分钟",
    "already_teaching": "这个时间已有课：%(when)s",
    "day_cap": "当天已有 %(count)s 次课，达到上限 %(limit)s 次",
    "week_cap": "当周已有 %(count)s 次课，达到上限 %(limit)s 次",
    "month_cap": "当月已有 %(count)s 次课，达到上限 %(limit)s 次",
    "in_the_past": "时间已经过去",
    "already_offered": "已派单，等待答复",
    "already_holder": "已是本课讲师",
    "already_declined": "本次已婉拒",
    "already_expired": "本次逾期未答",
    "already_revoked": "本次派单已撤回",
    "already_released": "曾接下本课，后退出",
    "already_replaced": "本课已改派他人",
    "already_no_show": "本课曾未到",
    "already_partial": "本课已上过一部分",
    "already_voided": "本课的承诺已作废",
}
# The same in a few words, for counts and cells.
LABELS = {
    "lecturer_inactive": "已停用",
    "not_qualified": "无授课资格",
    "wrong_pool": "师资库不符",
    "not_the_requested_lecturer": "未被指定",
    "too_far": "路程太远",
    "appointment_not_valid": "不在聘期",
    "not_available": "时段未开放",
    "travel_buffer": "赶不及",
    "already_teaching": "同时有课",
    "day_cap": "当日已满",
    "week_cap": "当周已满",
    "month_cap": "当月已满",
}
CHANGES = {
    "activate_lecturer": "在师资库重新启用",
    "add_qualification": "在师资库为其增加这门课",
    "add_wish": "把这位讲师加入指定名单",
    "renew_appointment": "续聘，使聘任书在 %(valid_on)s 有效",
    "appoint": "发聘任书，使其在 %(valid_on)s 有效",
    "move_into_half_day": "把时间调到一个半天之内（%(half_days)s）",
    "add_availability": "请其开放%(half_day)s",
    "undo_leave": "请其销假",
    "waive": "课次告急时，可征得学校同意放宽",
}
# By the name of the term: what it says.
TERMS = {
    "distance": "离家 %(km)s 公里",
    "load_month": "当月已有 %(sessions)s 次课",
    "load_year": "当年已有 %(sessions)s 次课",
    "often_at_school": "今年到过该校 %(sessions)s 次",
    "evenings": "今年已有 %(sessions)s 次晚课",
    "far": "今年已有 %(sessions)s 次远途",
    "short_notice": "今年已有 %(sessions)s 次临时答应",
    "experience": "讲过这门课 %(sessions)s 次",
}


def reason(of: Mapping[str, Any], words: Words) -> dict[str, str]:
    """{"code", "text", "change"}: why not, and the smallest change that would lift it."""
    return {
        "code": str(of["code"]),
        "text": _why_not(of, words),
        "change": _change(of.get("change") or {}, words),
    }


def term(of: Mapping[str, Any], words: Words) -> str:
    """One part of a score; empty when it neither helps nor hurts."""
    name, points, why = of["name"], of["points"], of["why"]
    if name == "wish":
        return words("学校点名第 %(n)s 位", n=why["place"]) if why.get("place") else ""
    if name == "pool":
        pool = words.word("pool", why["pool"])
        return (
            words("%(pool)s，顺位靠后", pool=pool) if points else words("首选%(pool)s", pool=pool)
        )
    if name == "distance" and why.get("km") is None:
        return words("住处未登记")
    if name != "distance" and not points:
        return ""
    return words(TERMS[name], **why) if name in TERMS else str(name)


def terms(candidate: Mapping[str, Any], words: Words) -> list[dict[str, Any]]:
    """The score in words, what weighs most first."""
    said = [{"text": term(one, words), "points": one["points"]} for one in candidate["terms"]]
    return sorted((one for one in said if one["text"]), key=lambda one: -abs(one["points"]))


def warning(of: Mapping[str, Any], words: Words) -> str:
    return refusals.of_code(str(of["code"]), of, words)


def label(code: str, words: Words) -> str:
    found = LABELS.get(code)
    return words(found) if found else code


def half_day(code: str, words: Words) -> str:
    """MON_AM as 周一上午."""
    day, _, part = code.partition("_")
    if words.language == "en":
        return f"{day.title()} {words.word('half', part.lower())}"
    return DAYS.get(day, day) + words.word("half", part.lower())


def _why_not(of: Mapping[str, Any], words: Words) -> str:
    code = str(of["code"])
    if code == "appointment_not_valid":
        if of.get("ended_on"):
            return words("聘任书已于 %(on)s 到期", on=of["ended_on"])
        return words("%(on)s 不在聘期内", on=of["on"])
    if code == "not_available":
        if of.get("leave"):
            return words(
                "请假：%(span)s", span=words.span(of["leave"]["from"], of["leave"]["until"])
            )
        if not of.get("half_day"):
            return words("时间跨出了半天时段")
        return words("%(half)s不在其可排时间", half=half_day(of["half_day"], words))
    facts: dict[str, Any] = dict(of)
    if "starts_at" in facts:
        facts["when"] = words.span(facts["starts_at"], facts["ends_at"])
    if code == "wrong_pool":
        facts["pool"] = words.word("pool", facts["pool"])
        facts["pools"] = "、".join(words.word("pool", one) for one in facts["pools"])
    found = REASONS.get(code)
    return words(found, **facts) if found else refusals.of_code(code, of, words)


def _change(of: Mapping[str, Any], words: Words) -> str:
    kind = str(of.get("kind", ""))
    if kind == "move_lesson":
        minutes = int(of["minutes"])
        if minutes < 0:
            return words("把这次课提前 %(n)s 分钟", n=-minutes)
        return words("把这次课推后 %(n)s 分钟", n=minutes)
    if kind == "place_nearer":
        return words("换一个近 %(n)s 分钟路程以上的地点", n=of["minutes"])
    if kind == "raise_cap":
        caps = {"day": "把每日上限提高到 %(n)s", "week": "把每周上限提高到 %(n)s"}
        return words(caps.get(str(of["cap"]), "把每月上限提高到 %(n)s"), n=of["limit"])
    facts = dict(of)
    if kind == "move_into_half_day":
        facts["half_days"] = "、".join(of["half_days"])
    if kind == "add_availability":
        facts["half_day"] = half_day(of["half_day"], words)
    return words(CHANGES[kind], **facts) if kind in CHANGES else ""
