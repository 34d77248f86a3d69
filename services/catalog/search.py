"""Catalog's full-text index: Chinese, and the same answers on SQLite and PostgreSQL.

Indexed are all 1- and 2-grams of a text. A question is cut into words, and a text answers it when
it holds every bigram of every word: words may stand in any order, half-words are found, and no
dictionary has to agree with the writer. Grams are spelt in hexadecimal, because the two databases
would cut anything else (rare characters, digits) each in its own way.
"""

import hashlib
import unicodedata
from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    Text,
    Uuid,
    bindparam,
    cast,
    column,
    false,
    literal_column,
    select,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import Mapped
from sqlmodel import Session

INDEX = "course_text"
_INDEX = table(INDEX, column("version_id", Uuid), column("grams"))
LONGEST_QUESTION = 100


def create(connection: Connection) -> None:
    """Make the index unless it stands; run after every migration."""
    if connection.dialect.name == "sqlite":
        connection.execute(
            text(
                f"CREATE VIRTUAL TABLE IF NOT EXISTS {INDEX}"
                " USING fts5(version_id UNINDEXED, grams, tokenize='ascii', detail='none')"
            )
        )
        return
    connection.execute(
        text(
            f"CREATE TABLE IF NOT EXISTS {INDEX}"
            " (version_id uuid PRIMARY KEY, grams tsvector NOT NULL)"
        )
    )
    connection.execute(
        # Courses are read all day and written now and then: no list of changes to look through.
        text(
            f"CREATE INDEX IF NOT EXISTS {INDEX}_grams ON {INDEX}"
            " USING gin (grams) WITH (fastupdate = off)"
        )
    )


def put(session: Session, texts: Iterable[tuple[UUID, str]]) -> None:
    """Index these versions, in place of what was indexed before, in the caller's transaction."""
    sqlite = _is_sqlite(session)
    rows = []
    for id, words in texts:
        grams = sorted(set(grams_of(words)))
        rows.append({"row": _row_of(id), "id": id, "grams": " ".join(grams) if sqlite else grams})
    if rows:
        session.execute(_PUT_SQLITE if sqlite else _PUT_POSTGRESQL, rows)


def finds(session: Session, version_id: Mapped[UUID], question: str) -> ColumnElement[bool]:
    """The condition that a version answers the question; no word in it finds nothing."""
    asked = sorted({gram for word in words_of(question) for gram in _asked(word)})
    if not asked:
        return false()
    found = select(_INDEX.c.version_id)
    if _is_sqlite(session):
        match = literal_column(INDEX).op("MATCH")(" ".join(asked))
    else:
        match = _INDEX.c.grams.op("@@")(cast(" & ".join(asked), TSQUERY))
    return version_id.in_(found.where(match))


def words_of(question: str) -> list[str]:
    """The question as words, without signs."""
    # Imported when the first question is asked: the dictionary takes 34 MB of an idle service.
    import rjieba

    return [word for run in runs(question) for word in rjieba.cut(run)]


def grams_of(words: str) -> list[str]:
    """All 1- and 2-grams, never across a space or a sign."""
    return [
        _spelt(run[start : start + size])
        for run in runs(words)
        for size in (1, 2)
        for start in range(len(run) - size + 1)
    ]


def runs(words: str) -> list[str]:
    """Letters and digits that stand together; full width, case and the like made one."""
    plain = unicodedata.normalize("NFKC", words).casefold()
    return "".join(sign if sign.isalnum() else " " for sign in plain).split()


def _asked(word: str) -> Sequence[str]:
    if len(word) == 1:
        return [_spelt(word)]
    return [_spelt(word[start : start + 2]) for start in range(len(word) - 1)]


def _spelt(gram: str) -> str:
    return "".join(f"u{ord(sign):x}" for sign in gram)


def _row_of(id: UUID) -> int:
    """FTS5 finds a row to replace only by its number: 63 bits worked out from the id."""
    return int.from_bytes(hashlib.sha256(id.bytes).digest()[:8], "big") >> 1


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


_PUT_SQLITE = text(
    f"INSERT OR REPLACE INTO {INDEX} (rowid, version_id, grams) VALUES (:row, :id, :grams)"
).bindparams(bindparam("row", type_=BigInteger), bindparam("id", type_=Uuid))
_PUT_POSTGRESQL = text(
    f"INSERT INTO {INDEX} (version_id, grams) VALUES (:id, array_to_tsvector(:grams))"
    " ON CONFLICT (version_id) DO UPDATE SET grams = excluded.grams"
).bindparams(bindparam("id", type_=Uuid), bindparam("grams", type_=ARRAY(Text)))
