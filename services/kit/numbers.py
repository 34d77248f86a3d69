"""Kit: numbers that are data, per district: deadlines, lead times, caps, tolerances."""

from collections.abc import Mapping
from decimal import Decimal
from functools import cached_property
from zoneinfo import ZoneInfo

from sqlmodel import Field, Session, select

from services.kit.db import insert_once
from services.kit.errors import Invalid
from services.kit.outbox import Table


class Setting(Table, table=True):
    """One number of one district, with the source of the rule."""

    __tablename__ = "setting"

    district: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    value: str
    source: str = ""


class Numbers:
    """A district's numbers. A missing one is refused: a rule without its number is no rule."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)

    @classmethod
    def of(cls, session: Session, district: str) -> "Numbers":
        """The numbers of the district, read once per transaction."""
        known: dict[str, Numbers] = session.info.setdefault("numbers", {})
        if district not in known:
            rows = session.exec(select(Setting).where(Setting.district == district)).all()
            known[district] = cls({row.name: row.value for row in rows})
        return known[district]

    def text(self, name: str) -> str:
        if name not in self._values:
            raise Invalid("number_missing", name=name)
        return self._values[name]

    def int(self, name: str) -> int:
        return int(self.text(name))

    def decimal(self, name: str) -> Decimal:
        return Decimal(self.text(name))

    def list(self, name: str) -> list[str]:
        """Values separated by `|`."""
        return self.text(name).split("|")

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.text("time_zone"))

    def all(self) -> dict[str, str]:
        return dict(self._values)


def put(session: Session, district: str, name: str, value: str, source: str = "") -> None:
    """Set one number; loading the same reference twice changes nothing that was set since."""
    row = {"district": district, "name": name, "value": value, "source": source}
    if not insert_once(session, Setting, row):
        setting = session.get_one(Setting, (district, name))
        setting.value, setting.source = value, source or setting.source
    session.info.pop("numbers", None)
