"""Portal: proposals to teach together or on one way, in the words of whoever reads them."""

from typing import Any

from services.portal.pages import refusals
from services.portal.pages.desk_lists import place_of
from services.portal.pages.upstream import Refused
from services.portal.pages.vocabulary import WORDS
from services.portal.pages.words import Words

WORDS["grouping"] = {"merge": "拼班", "route": "送教路线"}
# Why a proposal ended, where its state does not say it.
WORDS["grouping_end"] = {
    "lesson_changed": "其中一节课已另有安排",
    "holder_refused": "讲师不能改到这一天",
    "holder_expired": "讲师逾期未答复",
    "conflict": "讲师届时另有课",
    "slot_passed": "时间已过",
    "lesson_cancelled": "其中一节课已取消",
}


def spoken(one: dict[str, Any], words: Words) -> dict[str, Any]:
    """The same with what people are told: whom it waits for, and why it ended."""
    names = [one[side]["school_name"] for side in one["waits_for"]]
    return {**one, "waiting": names, "ended": ended(one, words), "where": place_of(one["place"])}


def ended(one: dict[str, Any], words: Words) -> str:
    """A person's reason, or the code's sentence; nothing where the state says it all."""
    if one["reason"]:
        return str(one["reason"])
    code = one["reason_code"]
    if one["state"] != "lapsed" or not code:
        return ""
    if code in WORDS["grouping_end"]:
        return words.word("grouping_end", code)
    return refusals.sentence(Refused(409, code, {}), words)
