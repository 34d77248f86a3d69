"""Portal: a repair in words: what it is for, what it does, what comes of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.portal.pages import desk_plan_words
from services.portal.pages.words import Words

OUTCOMES = {"done": "已办", "asked": "已请学校答复", "left": "未采用", "skipped": "没有动"}


def about_one(repair: Mapping[str, Any]) -> bool:
    """Is it about one lecturer?"""
    return repair["cause"]["kind"] in ("leave", "appointment")


def cause(of: Mapping[str, Any], words: Words) -> str:
    """What is about to be saved, or was."""
    match of["kind"]:
        case "leave":
            span = words.span(of["starts_at"], of["ends_at"])
            return words("讲师请假：%(span)s", span=span)
        case "appointment":
            return words("聘书从 %(on)s 起失效", on=words.day(of["on"]))
        case "site":
            if of["first_on"] and of["last_on"]:
                return words("教学点不开放：%(days)s", days=_days(of, words))
            return words("教学点暂停开放")
    return words("停课日：%(days)s", days=_days(of, words))


def _days(of: Mapping[str, Any], words: Words) -> str:
    first, last = words.day(of["first_on"]), words.day(of["last_on"])
    return first if first == last else f"{first} — {last}"


def action(line: Mapping[str, Any], words: Words) -> str:
    """What is proposed for one lesson."""
    before, after = line["before"], line["after"] or {}
    match line["action"]:
        case "substitute":
            return words("时间不变，先请%(name)s代课", name=after["lecturer_name"])
        case "move":
            if after["lecturer_id"] is None:
                return words("改到学校期望过的另一时间")
            if after["lecturer_id"] == before["lecturer_id"]:
                return words(
                    "改到学校期望过的另一时间，问%(name)s能否同往", name=after["lecturer_name"]
                )
            return words("改到学校期望过的另一时间，先请%(name)s", name=after["lecturer_name"])
        case "move_place":
            where = (after["place"] or {}).get("name") or words("另一地点")
            return words("时间不变，请学校答复能否改在%(where)s", where=where)
        case "ask":
            return words("学校期望的时间都排不了，请学校答复新的时间")
    return words("没有找到可提的时间，请与学校商量")


def why(line: Mapping[str, Any], words: Words) -> str:
    """Why it cannot stay within the school's own wishes; empty when it can."""
    if not line["why"]:
        return ""
    headline = desk_plan_words.headline(line["why"], words)
    change = desk_plan_words.change(line["why"], words)
    return headline + (words("；怎样才行：%(change)s", change=change) if change else "")


def outcome(line: Mapping[str, Any], words: Words) -> str:
    if line["outcome"] == "done" and line["action"] == "substitute":
        return words("已先向%(name)s派单", name=line["after"]["lecturer_name"])
    return words(OUTCOMES[line["outcome"]]) if line["outcome"] else ""


def means(repair: Mapping[str, Any], words: Words) -> list[str]:
    """What saving does, ticked or not."""
    match repair["cause"]["kind"]:
        case "leave" | "appointment":
            return [
                words(
                    "保存后他在上面这些课次的承诺收回；换人的先问方案里的讲师，他不接再按排名往下问。"
                ),
                words("没有勾选的课次照常按排名找人。"),
                words(
                    "改到学校期望过的时间不再征求学校同意，学校会收到通知；请学校答复的，原安排保留到学校答复。"
                ),
            ]
        case "site":
            return [
                words("保存后这里不能再排新课；没有勾选的课次不会自动改，列为“冲突”。"),
                words("换地点和新的时间都要学校答复，学校同意前原安排不变。"),
            ]
    return [
        words("保存后这些日子不能再排课；没有勾选的课次不会自动改，列为“冲突”。"),
        words(
            "改到学校期望过的时间不再征求学校同意，学校会收到通知；请学校答复的，原安排保留到学校答复。"
        ),
    ]


def to_schools(of: Mapping[str, Any], words: Words) -> str:
    """What a school is told as the reason of a change; never why a lecturer is away."""
    match of["kind"]:
        case "leave" | "appointment":
            return words("原讲师不能到课")
        case "site":
            return words("教学点不开放")
    return words("当天停课")


def back(of: Mapping[str, Any]) -> str:
    """The impact it was made from."""
    match of["kind"]:
        case "leave" | "appointment":
            return f"/desk/lecturers/{of['lecturer_id']}"
        case "site":
            return f"/desk/sites/{of['site_id']}"
    return "/desk/lessons?conflict=true"


def first_asked(chosen: Sequence[Mapping[str, Any]]) -> dict[str, str | None]:
    """By lesson, who is to be asked first; None where it is moved, or its school is asked."""
    return {
        line["lesson_id"]: line["after"]["lecturer_id"] if line["action"] == "substitute" else None
        for line in chosen
        if line["action"] != "decide"
    }
