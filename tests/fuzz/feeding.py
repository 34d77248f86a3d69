"""Fuzzing: real ids, versions and times put into a generated case, most of the time."""

from itertools import pairwise
from random import Random
from typing import Any
from uuid import uuid4

from schemathesis import Case

from tests.fuzz.rows import Row, Rows

REAL = 0.85  # how often a known value takes the place of a generated one
NEW = 0.3  # how often a PUT makes a row of its own instead of changing one


def feed(case: Case, rows: Rows, random: Random) -> None:
    """Change the case in place; what nothing is known of stays as generated."""
    chosen = _path(case, rows, random)
    headers = case.headers
    if case.method == "PUT" and random.random() < REAL:
        headers.pop("if-match", None)
        if chosen and "version" in chosen:
            headers["if-match"] = f'"{chosen["version"]}"'
    if case.method == "POST" and random.random() < REAL:
        headers["Idempotency-Key"] = str(uuid4())
    if isinstance(case.query, dict):
        case.query.pop("cursor", None) if random.random() < REAL else None
        case.query = {
            name: _fed(name, value, rows, random, chosen) for name, value in case.query.items()
        }
    if case.path == "/api/token" and isinstance(case.body, dict) and random.random() < NEW:
        person = rows.town.api.person(rows.who)
        case.body |= {name: person[name] for name in ("client_id", "client_secret")}
    elif isinstance(case.body, dict):
        case.body = _body(case.body, rows, random, chosen)


def _path(case: Case, rows: Rows, random: Random) -> Row | None:
    """The row the path ends in, when it is a real one."""
    segments = case.path.strip("/").split("/")
    verb = segments[-1] if not segments[-1].startswith("{") else None
    chosen: Row | None = None
    for before, segment in pairwise(segments):
        if not segment.startswith("{") or random.random() > REAL:
            continue
        name = segment.split("}")[0].removeprefix("{")
        makes = case.method == "PUT" and segment == segments[-1] and random.random() < NEW
        if name in ("on", "name"):
            case.path_parameters[name] = rows.value(name, random)
        elif before in ("parked",) or (makes and name != "school_id"):
            chosen = None
            if before != "parked":
                case.path_parameters[name] = str(uuid4())
        elif row := rows.row(before, random, verb=verb):
            chosen = row
            key = "client_id" if name == "client_id" else "token" if name == "token" else "id"
            if key in row:
                case.path_parameters[name] = row[key]
    return chosen


def _body(value: Any, rows: Rows, random: Random, chosen: Row | None, name: str = "") -> Any:
    if isinstance(value, dict):
        return {
            key: _fed(key, inner, rows, random, chosen)
            if not isinstance(inner, dict)
            else _body(inner, rows, random, chosen, key)
            for key, inner in value.items()
        }
    return _fed(name, value, rows, random, chosen)


def _fed(name: str, value: Any, rows: Rows, random: Random, chosen: Row | None) -> Any:
    if random.random() > REAL:
        return value
    if name in ("revision", "version") and chosen and name in chosen:
        return chosen[name]
    if name == "on_behalf_of":
        return chosen["lecturer_id"] if chosen and "lecturer_id" in chosen else value
    if isinstance(value, list):
        return _list(name, value, rows, random, chosen)
    if value is None or isinstance(value, dict):
        return value
    known = rows.value(name, random)
    return value if known is None else known


def _list(name: str, value: list[Any], rows: Rows, random: Random, chosen: Row | None) -> list[Any]:
    if name == "lines" and any(isinstance(i, dict) and "wishes" in i for i in value):
        return [rows.value("lines.line", random) for _ in value[:3]]
    if any(isinstance(item, dict) for item in value):
        return [_body(item, rows, random, chosen) for item in value]
    real = [rows.value(name, random) for _ in value[:3]]
    return real if all(item is not None for item in real) and real else value
