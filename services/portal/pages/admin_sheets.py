"""Portal: sheets people upload: rows by field, as the services want them, and what is no value."""

import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from services.portal.pages.upstream import Refused
from services.portal.pages.vocabulary import WORDS
from services.portal.pages.words import Words, words

MOST_BYTES = 2 * 1024 * 1024
MOST_UNPACKED = 40 * 1024 * 1024  # a small file can hold a very large sheet
MOST_LINES = 5000  # empty ones between the rows among them
WORKBOOK, RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
FIRST_SHEET = re.compile(rb"<(?:\w+:)?sheet\b[^>]*?\br:id=\"([^\"]+)\"")
RELATION = re.compile(rb"<(?:\w+:)?Relationship\b[^>]*>")
FORMULA = re.compile(rb"<(?:\w+:)?c\b[^>]*?\br=\"([A-Z]{1,3})(\d{1,7})\"[^>]*>\s*<(?:\w+:)?f\b")
APART = re.compile(r"[\s、,，|;；]+")
WORDS_APART = re.compile(r"[\n、,，|;；]+")  # an English one may be two
DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:\s+0?0:00(?::00)?)?")
CLOCK = re.compile(r"(\d{1,2})\s*[:：时点]\s*(\d{2})?\s*分?(?::\d{2})?")
YES, NO = (
    {"是", "有", "可以", "yes", "y", "true", "1"},
    {"否", "无", "不可以", "no", "n", "false", "0"},
)
# Names in use beside our own, of the same thing.
ALSO = {
    "category": {
        "先进模范类": "exemplary_model",
        "基层实务类": "grassroots_practice",
        "综合": "mixed",
    },
    "delivery": {"线上": "online"},
}


@dataclass(frozen=True)
class Column:
    """A column of a template. `kind`: text, codes (several), day, clock, yes_no, word:… or words:…
    of a vocabulary; what cannot be read as such stays as written, and is refused beside it."""

    title: str
    name: str
    must: bool = False
    kind: str = "text"
    example: Any = ""
    shown: bool = False  # on the page of the trial


@dataclass(frozen=True)
class Sheet:
    """Rows with their `line`, empty cells left out; and what cannot be used as it stands."""

    rows: list[dict[str, Any]]
    errors: list[dict[str, Any]]


def read(body: bytes, columns: Sequence[Column], *, most: int) -> Sheet:
    """The first sheet by the titles of its columns, in either language. 422 `file_unreadable`,
    `columns_missing`, `too_many_rows`, `rows_missing`."""
    table = _table(body, most)
    titles = [str(cell).strip() for cell in table[0]] if table else []
    places = {name: at for at, name in _places(titles, columns)}
    if missing := [one.title for one in columns if one.must and one.name not in places]:
        raise Refused(422, "columns_missing", {"columns": missing})
    formulas = _formulas(body)
    rows, errors = [], []
    for line, cells in enumerate(table[1:], 2):
        if not any(str(one).strip() for one in cells):
            continue
        row: dict[str, Any] = {"line": line}
        for column in columns:
            at = places.get(column.name, len(cells))
            if at >= len(cells):
                continue
            value = cell(column.kind, cells[at])
            if value not in (None, "", []):
                row[column.name] = value
            if (line, at) in formulas:
                errors.append({"line": line, "field": column.name, "code": "cell_is_a_formula"})
        rows.append(row)
    if len(rows) > most:
        raise Refused(422, "too_many_rows", {"most": most})
    if not rows:
        raise Refused(422, "rows_missing", {})
    return Sheet(rows, errors)


def cell(kind: str, value: Any) -> Any:
    """A cell as the service wants it."""
    kind, _, of = kind.partition(":")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if kind == "day":
        return _day(value)
    if kind == "clock":
        return _clock(value)
    text = f"{value:%Y-%m-%d}" if isinstance(value, date) else str(value).strip()
    if kind == "codes":
        return [part for part in APART.split(text) if part]
    if kind == "word":
        return _known(of).get(text.casefold(), text)
    if kind == "words":
        return _several(_known(of), text)
    if kind == "yes_no":
        said = text.casefold()
        return True if said in YES else False if said in NO else text
    return text


def example(kind: str, value: Any, said: Words) -> Any:
    """A value as a template shows it, which `cell` reads again."""
    kind, _, of = kind.partition(":")
    if kind == "yes_no":
        return said("是") if value else said("否")
    if kind == "word":
        return said.word(of, value)
    if kind == "words":
        return "、".join(said.word(of, one) for one in value)
    return said(value) if isinstance(value, str) else value


def _table(body: bytes, most: int) -> list[list[Any]]:
    from python_calamine import CalamineWorkbook  # a start does not wait for it

    try:
        with zipfile.ZipFile(io.BytesIO(body)) as file:
            if WORKBOOK not in file.namelist() or _unpacked(file) > MOST_UNPACKED:
                raise Refused(422, "file_unreadable", {})
        book = CalamineWorkbook.from_filelike(io.BytesIO(body))
        sheet = book.get_sheet_by_index(0)
        if sheet.total_height > MOST_LINES:
            raise Refused(422, "too_many_rows", {"most": most})
        return list(sheet.to_python(skip_empty_area=False))
    except Refused:
        raise
    except Exception as error:  # whatever a file can be
        raise Refused(422, "file_unreadable", {}) from error


def _unpacked(file: zipfile.ZipFile) -> int:
    return sum(part.file_size for part in file.infolist())


def _places(titles: list[str], columns: Sequence[Column]) -> list[tuple[int, str]]:
    english = words("en")
    found = []
    for column in columns:
        for title in (column.title, english(column.title)):
            if title in titles:
                found.append((titles.index(title), column.name))
                break
    return found


def _formulas(body: bytes) -> set[tuple[int, int]]:
    """Line and place of every formula: what it comes to is known to Excel alone, and may have been
    kept by it, or not."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as file:
            sheet = file.read(_first_sheet(file))
    except (KeyError, ValueError, zipfile.BadZipFile):
        return set()
    return {(int(line), _place(name)) for name, line in FORMULA.findall(sheet)}


def _first_sheet(file: zipfile.ZipFile) -> str:
    first = FIRST_SHEET.search(file.read(WORKBOOK))
    for relation in RELATION.findall(file.read(RELATIONS)):
        if first and b'Id="' + first[1] + b'"' in relation:
            target = re.search(rb'Target="([^"]+)"', relation)
            path = target[1].decode() if target else ""
            return path.removeprefix("/") if path.startswith("/") else f"xl/{path}"
    return "xl/worksheets/sheet1.xml"


def _place(name: bytes) -> int:
    """A is 0, Z 25, AA 26."""
    at = 0
    for letter in name:
        at = at * 26 + letter - 64
    return at - 1


def _several(known: dict[str, str], text: str) -> list[str]:
    found = []
    for part in WORDS_APART.split(text):
        one = part.strip()
        parts = [one] if one.casefold() in known else one.split()
        found += [known.get(word.casefold(), word) for word in parts]
    return found


def _known(kind: str) -> dict[str, str]:
    english = words("en")
    known = {code: code for code in WORDS[kind]}
    known |= {english(word).casefold(): code for code, word in WORDS[kind].items()}
    known |= {word.casefold(): code for code, word in WORDS[kind].items()}
    return known | ALSO.get(kind, {})


def _day(value: Any) -> str:
    if isinstance(value, datetime | date):
        return f"{value:%Y-%m-%d}"
    text = str(value).strip()
    if found := DAY.fullmatch(text):
        year, month, day = (int(part) for part in found.groups())
        return f"{year:04}-{month:02}-{day:02}"
    return text


def _clock(value: Any) -> str:
    if isinstance(value, datetime | time):
        return f"{value:%H:%M}"
    if isinstance(value, float) and 0 < value < 1:  # a time that is not shown as one
        minutes = round(value * 24 * 60)
        return f"{minutes // 60:02}:{minutes % 60:02}"
    text = str(value).strip()
    if found := CLOCK.fullmatch(text):
        return f"{int(found[1]):02}:{int(found[2] or 0):02}"
    return text
