"""Portal: the board and the rescue desk as sheets to print or to phone from."""

from datetime import date
from functools import partial
from typing import Any

from services.portal.pages.sheets import Column
from services.portal.pages.words import Words

Shown = dict[str, Any]


def board(words: Words, days: list[date]) -> list[Column]:
    """A lecturer a row, a half-day a column: what he has promised and what he is asked."""
    columns: list[Column] = [
        (words("编号"), lambda row: row["lecturer"]["code"]),
        (words("姓名"), lambda row: row["lecturer"]["name"]),
        (words("师资类别"), lambda row: words.word("pool", row["lecturer"]["pool"])),
    ]
    for number in range(len(days) * 3):
        on, half = days[number // 3], ("am", "pm", "eve")[number % 3]
        title = f"{words.day(on.isoformat())} {words.word('half', half)}"
        columns.append((title, partial(_cell, words, number)))
    return columns


def substitutes(words: Words, lesson: Shown) -> list[Column]:
    """Everybody who could stand in for the lesson, in the order they would arrive."""
    return [
        (words("课程"), lambda _: lesson["course_title"]),
        (words("学校"), lambda _: lesson["school_name"]),
        (words("时间"), lambda _: words.span(lesson["starts_at"], lesson["ends_at"])),
        (words("顺位"), "rank"),
        (words("讲师"), "name"),
        (words("师资类别"), lambda row: words.word("pool", row["pool"])),
        (words("电话"), "phone"),
        (words("到达"), lambda row: words.moment(row["arrives_at"])),
        (words("路程（分钟）"), "minutes"),
        (words("讲过本课"), "course_lessons"),
        (words("派课单"), lambda row: words.word("state.offer", row["offer"])),
        (words("需学校同意"), "waived"),
    ]


def _cell(words: Words, number: int, row: Shown) -> str:
    cell = row["row"][number]
    if cell["away"]:
        return words("请假")
    kinds = {"a": "assignment", "o": "offer"}
    return "；".join(
        f"{chip['starts']}–{chip['ends']} {chip['school']}《{chip['title']}》"
        + words("（%(state)s）", state=words.word(f"state.{kinds[chip['kind']]}", chip["state"]))
        for chip in cell["chips"]
    )
