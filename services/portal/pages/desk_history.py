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
            "note": row["note"],
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
                "what": desk_words.told(words, facts.get("verb"), fact),
                "kind": noun,
                "state": state if state != facts.get("was") else None,
                "by": desk_words.by(words, row["by"]),
                "note": facts.get("note") or facts.get("reason"),
                "who": facts.get("lecturer_name"),
            }
        )
    return told


def together(*parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Newest first."""
    return sorted((row for part in parts for row in part), key=lambda row: row["at"], reverse=True)
