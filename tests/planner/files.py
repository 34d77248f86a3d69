"""The practice problems that come with the tests."""

import gzip
from functools import cache
from pathlib import Path

from services.planner import neutral
from services.planner.problem import Problem

FOLDER = Path(__file__).parent / "problems"


@cache
def text(name: str) -> bytes:
    return gzip.decompress((FOLDER / f"{name}.json.gz").read_bytes())


@cache
def practice(name: str) -> Problem:
    return neutral.read(text(name))
