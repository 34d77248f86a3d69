"""Portal: a draft plan in words: how good it is, why a lesson is not in it, what would help."""

from collections.abc import Mapping
from typing import Any

from services.portal.pages.desk_board_words import LABELS
from services.portal.pages.words import Words, instant

PHASES = {
    "reading": "读取课次",
    "waiting": "前面还有草案在排，请稍候",
    "read": "读取讲师和场地",
    "begin": "列出可能的安排",
    "start": "从上一草案开始",
    "greedy": "先排出一版",
    "rounded": "由推算得出一版",
    "whole": "整体求最优",
    "bound": "推算还能好多少",
    "parts": "逐段改进",
}
# The soft points by name.
TERMS = {
    "preference": "学校志愿与师资库",
    "request": "未请到意向讲师",
    "rating": "讲师评价",
    "move": "与上一草案不同",
    "travel": "路程",
    "fairness": "课量不均",
}
HEADLINES = {
    **LABELS,
    "no_start_fits": "学校的期望时间里没有能排的时刻",
    "not_worth_it": "有人能讲，但会挤掉更要紧的课",
    "venue_full": "场地已满",
    "over_budget": "超出预算",
    "impossible": "这些课次都排不了",
    "season_open": "这一天在征集中，统一分配",
}
CHANGES = {
    "one_more_a_week": "%(lecturer_name)s当周多讲一次（现上限 %(limit)s 次）",
    "one_more_a_day": "%(lecturer_name)s当天多讲一次（现上限 %(limit)s 次）",
    "one_more_a_month": "%(lecturer_name)s当月多讲一次（现上限 %(limit)s 次）",
    "another_room": "换一间场地",
    "more_availability": "请%(lecturer_name)s开放 %(when)s",
    "another_pool": "放宽师资库，由%(lecturer_name)s来讲",
    "another_lecturer": "不限意向讲师，由%(lecturer_name)s来讲",
    "more_budget": "增加预算",
    "renew_appointment": "给%(lecturer_name)s续聘",
    "farther_travel": "允许%(lecturer_name)s去更远的地方",
    "move_a_neighbour": "挪动%(lecturer_name)s前后的课",
    "one_more_window": "请学校也接受 %(when)s（%(lecturer_name)s可讲）",
}
# What happened to a plan: by the verb of an edit, by the fact of everything else.
TOLD = {
    "pin": "钉住一个课次",
    "unpin": "松开一个课次",
    "leave_out": "这次不排一个课次",
    "started": "开始排课",
    "ready": "草案排好",
    "failed": "排课没有成功",
    "replanned": "由它重新优化",
    "publishing": "开始发布",
    "published": "发布完成",
    "discarded": "弃用",
}
STATUS = {
    "optimal": "已证明最优",
    "feasible": "时间用完，可能还能更好",
    "impossible": "一节也排不了",
    "edited": "手工调整过，可以再优化",
}


def phase(code: str | None, words: Words) -> str:
    return words(PHASES[code]) if code in PHASES else words("排课中")


def headline(why: Mapping[str, Any] | None, words: Words) -> str:
    """Why a lesson is not in the plan, in a few words."""
    code = str((why or {}).get("headline") or "")
    return words(HEADLINES[code]) if code in HEADLINES else words("没有合适的讲师")


def counts(why: Mapping[str, Any] | None, words: Words) -> list[tuple[str, int]]:
    """Lecturers and times lost to each reason, most first."""
    found = ((code, int(n)) for code, n in ((why or {}).get("counts") or {}).items())
    return [(words(HEADLINES[code]), n) for code, n in found if code in HEADLINES]


def change(why: Mapping[str, Any] | None, words: Words) -> str:
    """The cheapest single thing that would let it in; empty when there is none."""
    wanted = dict((why or {}).get("change") or {})
    text = CHANGES.get(str(wanted.get("kind")))
    if text is None:
        return ""
    starts = wanted.get("starts_at")
    facts = {"lecturer_name": words("讲师"), "limit": "", **wanted}
    return words(text) % {**facts, "when": words.moment(instant(starts)) if starts else ""}


def told(row: Mapping[str, Any], words: Words) -> str:
    """One thing that happened to a plan."""
    text = TOLD.get(str(row["verb"])) or TOLD.get(str(row["fact"]))
    return words(text) if text else str(row["fact"])


def about(row: Mapping[str, Any], titles: Mapping[str, str], words: Words) -> str:
    """The lesson of an edit and where it is pinned; what came of a run or a publishing."""
    facts, fact = row["facts"], row["fact"]
    if fact == "edited":
        slot = facts.get("slot") if row["verb"] == "pin" else None
        when = words.span(slot["starts_at"], slot["ends_at"]) if slot else ""
        who = facts.get("lecturer_name") if slot else ""
        title = titles.get(str(facts.get("lesson_id")), "")
        return " ".join(str(part) for part in (title, when, who) if part)
    if fact == "ready":
        return words("排上 %(n)s / %(all)s 课次", n=facts["served"], all=facts["lessons"])
    if fact == "published":
        return words("排定 %(n)s 课次，%(m)s 课次没有排", n=facts["placed"], m=facts["skipped"])
    return ""


def gap(plan: Mapping[str, Any]) -> dict[str, Any] | None:
    """How far from what is known to be unbeatable: weight, and soft points in percent."""
    best, bound = plan["best"], plan["bound"]
    if not best or not bound:
        return None
    lost = best["unserved"] - bound["unserved"]
    points = max(0, best["soft"] - bound["soft"])
    share = 100 * points / best["soft"] if best["soft"] and not lost else 0
    return {"weight": lost, "points": points, "percent": round(share, 1)}
