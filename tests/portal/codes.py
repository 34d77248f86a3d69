"""Every code a service can answer, collected from the source: refusals, problems, reasons."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from services.kit import errors

SERVICES = Path("services")
# A code is the first argument of these,
REFUSALS = {
    *(name for name, value in vars(errors).items() if isinstance(value, type)),
    "InvalidClient",
    "_refused",
    "_reason",
    "reason",
    "Reason",
}
# the second of these,
SECOND = {"Problem", "Refused", "holding"}
# or the value of "code" in a dictionary of these rooms.
ROOMS = ("booking", "catalog", "kit", "lecturer", "notify", "portal", "planner")
# Of no page: what a solver's file, an OAuth client or another service is told.
NOT_SHOWN = {"planner/neutral.py"}


def codes() -> dict[str, set[str]]:
    """Code to the files that say it."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted(SERVICES.rglob("*.py")):
        where = "/".join(path.parts[1:])
        if path.parts[1] in ROOMS and "migrations" not in path.parts and where not in NOT_SHOWN:
            for code in _said(ast.parse(path.read_text(encoding="utf-8"))):
                found[code].add(where)
    return dict(found)


def _said(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            place = 0 if name in REFUSALS else 1 if name in SECOND else None
            if place is not None and len(node.args) > place:
                yield from _texts(node.args[place])
            if name == "dict":
                yield from (
                    text for k in node.keywords if k.arg == "code" for text in _texts(k.value)
                )
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "code":
                    yield from _texts(value)
        elif isinstance(node, ast.Assign):
            names = [getattr(target, "id", "") for target in node.targets]
            if names in (["code"], ["problem"]):
                yield from _texts(node.value)


def _texts(node: ast.expr) -> Iterator[str]:
    """The literal words in it, whichever branch says them."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        if node.value.replace("_", "").isalpha() and node.value.islower():
            yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)
