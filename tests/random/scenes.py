"""Random events: the register of scenes. Each names the moves it is there for; together they are
the whole table."""

from collections.abc import Callable
from typing import NamedTuple

from tests.random.scene import Scene
from tests.random.stage import Steps
from tests.random.watch import Row

Play = Callable[[Scene], Steps]


class Script(NamedTuple):
    """A scene, the moves it is there for, and how many days it takes."""

    name: str
    play: Play
    moves: tuple[Row, ...]
    days: int


SCRIPTS: dict[str, Script] = {}


def scene(*moves: str, days: int = 0) -> Callable[[Play], Play]:
    """`machine from verb`, as the table has it."""

    def register(play: Play) -> Play:
        name = play.__name__
        SCRIPTS[name] = Script(name, play, tuple(Row(*move.split()) for move in moves), days)
        return play

    return register
