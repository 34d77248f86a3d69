"""Portal: what happened, told to people: rows of the services in one order of time."""

from typing import Any

from services.portal.pages import desk_words
from services.portal.pages.words import Words

# Copies and heartbeats of the machinery: true, but no news to a person.
QUIET = {"staffing"}


def of_booking(rows: list[dict[str, Any]], words: Words) -> list[dict[str, Any]]:
    return [
        {
            "at": row["at"],
            "about": row["about"],
            "what": desk_words.told(words, row["verb"], row["fact"]),
            "kind": row["about"],
            "state": row["state"] if row["state"] != row["was"] else None,
            "by": desk_words.by(words, row["by"]),
            "who": None,
            "note": _note(words, row["note"]),
        }
        for row in rows
    ]


def of_lecturer(rows: list[dict[str, Any]], words: Words) -> list[dict[str, Any]]:
    """Rows of a lecturer's, a seat's or an offer's history."""
    told = []
    for row in rows:
        _, noun, fact = row["subject"].split(".")
        facts = row["facts"]
        if noun in QUIET:
            continue
        state = facts.get("state")
        told.append(
            {
                "at": row["at"],
                "about": noun,
                "what": desk_words.told(words, _verb(noun, facts.get("verb")), fact),
                "kind": noun,
                "state": state if state != facts.get("was") else None,
                "by": desk_words.by(words, row["by"]),
                "note": _note(words, facts.get("note")) or reason(words, facts.get("reason")),
                "who": facts.get("lecturer_name"),
            }
        )
    return told


def reason(words: Words, code: str | None) -> str | None:
    """Reasons of lecturers are codes; everybody else's are sentences."""
    return words.word("decline", code) if code else None


def _verb(noun: str, verb: str | None) -> str | None:
    """To accept an offer is to take the seat."""
    return "commit" if noun == "offer" and verb == "accept" else verb


def _note(words: Words, note: str | None) -> str | None:
    """A note that is only the cause by its code is told in words."""
    return desk_words.told(words, note) if note in desk_words.TOLD else note


def together(*parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Newest first."""
    return sorted((row for part in parts for row in part), key=lambda row: row["at"], reverse=True)
