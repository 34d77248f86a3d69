"""Deploy: I12, the services agree: every copy equals its source, of the same version. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from deploy.books import Books, Look, Looks, Row, instant, version


@dataclass(frozen=True)
class Copy:
    """Rows of `kind` repeat `columns` of the rows of `source`."""

    source: str
    kind: str
    columns: tuple[str, ...] = ()
    key: str = "id"  # the source row's id, in the copy


class Behind(NamedTuple):
    """A copy that has not heard its source's newest word."""

    look: Look
    has: int
    told: int


LESSON = ("state", "revision", "starts_at", "ends_at", "school_id", "order_id")
PERSON = ("active", "roles", "name", "email", "language", "school_id", "lecturer_id")
SITE = ("code", "name", "address", "lat", "lon", "capacity", "open_rule", "closed_on", "state")
COPIES = (
    Copy("portal.account", "notify.account", PERSON),
    Copy("catalog.course", "booking.course_copy", ("code", "versions")),
    Copy("catalog.course", "lecturer.course_copy", ("code", "versions")),
    Copy("catalog.site", "booking.site_copy", SITE),
    Copy("booking.lesson", "lecturer.seat", (*LESSON, "course_id")),
    Copy("booking.lesson", "notify.lesson_copy", LESSON),
    Copy("booking.edition", "lecturer.copied", key="key"),
    Copy("lecturer.staffing", "booking.staffing_copy", ("revision", "status", "holder_id")),
    Copy("lecturer.staffing", "notify.staffing_copy", ("revision", "status", "assignment_id")),
    Copy(
        "lecturer.assignment",
        "notify.assignment_copy",
        ("state", "lesson_id", "lecturer_id", "sequence", "starts_at", "ends_at"),
    ),
)
# Each service keeps the numbers of its own district, under the same names.
NUMBERED = ("lecturer", "notify")


def behind(books: Books) -> Iterator[Behind]:
    """Copies older than their source. They may be catching up: only time tells."""
    for copy, source, row in _pairs(books):
        told, has = version(source), version(row)
        if has < told:
            why = f"has version {has} of {told} of {copy.source}"
            yield Behind(Look(copy.kind, source["id"], why), has, told)


def copies_equal(books: Books) -> Looks:
    """I12, of copies that have heard the newest word: the same facts; and nothing nobody told."""
    for copy, source, row in _pairs(books):
        if row is None or version(row) < version(source):
            continue
        why = ""
        if version(row) > version(source):
            why = f"has version {version(row)}, {copy.source} only {version(source)}"
        else:
            said = {**source.get("body", {}), **source}
            other = [name for name in copy.columns if not _same(name, row[name], said[name])]
            if other:
                name = other[0]
                why = f"{name} is {row[name]}, in {copy.source} it is {said[name]}"
        yield Look(copy.kind, source["id"], why)
    for copy in COPIES:
        known = books.by_id(copy.source)
        for row in books[copy.kind]:
            if row[copy.key] not in known:
                yield Look(copy.kind, row[copy.key], f"is of no row of {copy.source}")
    for service in NUMBERED:
        for row in books[f"{service}.setting"]:
            told = books.numbers.get(row["id"], row["value"])
            why = "" if row["value"] == told else f"is {row['value']}, in booking it is {told}"
            yield Look(f"{service}.setting", row["id"], why)


def _pairs(books: Books) -> Iterator[tuple[Copy, Row, Row | None]]:
    for copy in COPIES:
        known = {row[copy.key]: row for row in books[copy.kind]}
        for source in books[copy.source]:
            if version(source):
                yield copy, source, known.get(source["id"])


def _same(name: str, a: Any, b: Any) -> bool:
    if name.endswith("_at") and a and b:
        return instant(a) == instant(b)
    return bool(a == b)
