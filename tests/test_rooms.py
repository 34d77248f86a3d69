"""Who may import whom. The map of the house, as a test."""

import ast
from pathlib import Path

import pytest

ROOMS = ["catalog", "booking", "lecturer", "notify", "portal", "planner"]
MAY_IMPORT = {room: (room, "contracts", "kit") for room in ROOMS} | {
    "contracts": ("contracts", "kit.event", "kit.ids"),
    "kit": ("kit",),
}
# Inside a room, lower never imports higher; what is not named is a verb module.
GROUND = ("states", "models", "rules")
ROOF = ("queries", "schemas", "api", "handlers", "clockwork", "pages", "app")
WEB = {"fastapi", "starlette", "httpx", "nats", "uvicorn"}

FILES = sorted(p for p in Path("services").rglob("*.py") if "migrations" not in p.parts)
IN_ROOMS = [p for p in FILES if p.parts[1] in ROOMS and p.stem != "__init__"]


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        if isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{name.name}" for name in node.names}
    return found


def floor(stem: str) -> int:
    """Ground floors in order, then the verbs, then what is shown and said to the outside."""
    kind = stem.split("_")[-1] if stem.split("_")[-1] in GROUND + ROOF else stem
    if kind in GROUND:
        return GROUND.index(kind)
    return len(GROUND) + (1 + ROOF.index(kind) if kind in ROOF else 0)


@pytest.mark.parametrize("path", FILES, ids=str)
def test_rooms_keep_to_themselves(path: Path) -> None:
    room = path.parts[1]
    for name in imports(path):
        if name.startswith("services.") and room in MAY_IMPORT:
            inside = name.removeprefix("services.")
            allowed = MAY_IMPORT[room]
            assert any(f"{inside}.".startswith(f"{ok}.") for ok in allowed), f"{path}: {name}"


@pytest.mark.parametrize("path", FILES, ids=str)
def test_services_know_nothing_of_deployment_or_tests(path: Path) -> None:
    assert not [n for n in imports(path) if n.split(".")[0] in {"deploy", "tests"}]


@pytest.mark.parametrize("path", IN_ROOMS, ids=str)
def test_the_domain_knows_nothing_of_http_or_nats(path: Path) -> None:
    last = path.stem.split("_")[-1]
    if "pages" in path.parts or last in {"api", "app", "stream", "mail"}:
        return
    assert not [n for n in imports(path) if n.split(".")[0] in WEB], path


@pytest.mark.parametrize("path", IN_ROOMS, ids=str)
def test_lower_floors_never_import_higher_ones(path: Path) -> None:
    for name in imports(path):
        parts = name.split(".")
        if parts[:2] == ["services", path.parts[1]] and len(parts) > 2:
            here = "pages" if "pages" in path.parts else path.stem
            assert floor(parts[2]) <= floor(here), f"{path}: {name}"


@pytest.mark.parametrize("path", FILES, ids=str)
def test_every_file_says_whose_room_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path


@pytest.mark.parametrize("path", FILES, ids=str)
def test_a_file_fits_on_three_screens(path: Path) -> None:
    # Tables of one room stay together, so that a reader finds them all.
    most = 400 if path.stem == "models" else 350
    assert len(path.read_text(encoding="utf-8").splitlines()) <= most, path
