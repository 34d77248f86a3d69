"""Kit: a state machine written as a table of moves."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar

from services.kit.auth import Role
from services.kit.errors import Conflict, Forbidden

S = TypeVar("S", bound=StrEnum)


class Move(NamedTuple, Generic[S]):
    """One row of the table. `url` is the verb people say; a move of the clock has none."""

    verb: str
    source: AbstractSet[S]
    target: S
    by: AbstractSet[Role]
    fact: str
    url: str | None = None


class Machine(Generic[S]):
    """Answers: may this move happen, which moves are open, and which of them does a URL mean."""

    def __init__(self, name: str, moves: Iterable[Move[S]]) -> None:
        self.name = name
        self.moves = list(moves)
        self._by_key = {(m.verb, s): m for m in self.moves for s in m.source}
        self.facts = tuple(sorted({m.fact for m in self.moves}))

    def move(self, verb: str, state: S, roles: AbstractSet[Role]) -> Move[S]:
        """The move, or the reason why not: `not_yours` (403) or `wrong_state` (409)."""
        allowed = {role for m in self.moves if m.verb == verb for role in m.by}
        if not allowed & roles:
            raise Forbidden("not_yours", machine=self.name, verb=verb)
        move = self._by_key.get((verb, state))
        if move is None or not move.by & roles:
            raise Conflict("wrong_state", machine=self.name, verb=verb, state=str(state))
        return move

    def resolve(self, url: str, state: S, roles: AbstractSet[Role]) -> str:
        """Which verb a URL means for this caller, for example cancel → cancel_by_district.

        Where several rows would fit, the first in the table wins; the caller's guard may choose
        another. Nothing fits: the same refusals as `move`.
        """
        spoken = [m for m in self.moves if (m.url or m.verb) == url]
        mine = [m for m in spoken if m.by & roles]
        if not mine:
            raise Forbidden("not_yours", machine=self.name, verb=url)
        for move in mine:
            if state in move.source:
                return move.verb
        raise Conflict("wrong_state", machine=self.name, verb=url, state=str(state))

    def open_to(self, state: S, roles: AbstractSet[Role]) -> list[str]:
        """The URL verbs a caller may say now; pages draw their buttons from it."""
        return sorted({m.url for m in self.moves if m.url and state in m.source and m.by & roles})

    def is_end(self, state: S) -> bool:
        """No move leads away from this state."""
        return not any(state in m.source for m in self.moves)

    def diagram(self) -> str:
        """Mermaid text, for the documents and the test that keeps them true."""
        lines = ["stateDiagram-v2"]
        for move in self.moves:
            lines += [
                f"    {source} --> {move.target}: {move.verb}" for source in sorted(move.source)
            ]
        return "\n".join(lines)


def known(states: type[StrEnum], column: str = "state") -> str:
    """The CHECK that keeps unknown states out of a table."""
    return f"{column} IN ({', '.join(repr(str(s)) for s in states)})"
