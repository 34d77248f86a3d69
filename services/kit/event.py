"""Kit: the shape every event has. Contracts build on this file and on nothing else."""

from datetime import datetime
from typing import Any, ClassVar, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.kit.ids import uuid7

TYPE_PREFIX = "cn.party-school.yueke"
# What CloudEvents carries beside the data; the rest of an event is its data.
ENVELOPE = {"id", "fact", "key", "version", "district", "at"}


class Actor(BaseModel):
    """Who did it, and for whom when it was recorded on somebody's behalf."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    role: str
    name: str = ""
    on_behalf_of: UUID | None = None
    channel: str | None = None


class Event(BaseModel):
    """A past-tense fact another service may rely on. Fields are added, never renamed or removed."""

    model_config = ConfigDict(frozen=True)

    aggregate: ClassVar[str]  # service.noun
    facts: ClassVar[tuple[str, ...]]  # all that can be told of this aggregate

    id: UUID = Field(default_factory=uuid7)
    fact: str
    key: UUID
    version: int
    district: str
    at: AwareDatetime
    by: Actor

    @property
    def subject(self) -> str:
        """`service.noun.fact`, for example booking.order.submitted."""
        return f"{self.aggregate}.{self.fact}"

    def envelope(self) -> dict[str, Any]:
        """CloudEvents 1.0, structured: the aggregate's version travels as `sequence`."""
        data = self.model_dump(mode="json", exclude=ENVELOPE)
        return {
            "specversion": "1.0",
            "id": str(self.id),
            "source": f"/{self.district}/{self.aggregate.split('.')[0]}",
            "type": f"{TYPE_PREFIX}.{self.subject}.v1",
            "subject": str(self.key),
            "time": self.at.isoformat(),
            "datacontenttype": "application/json",
            "sequence": str(self.version),
            "district": self.district,
            "data": data,
        }

    @classmethod
    def read(cls, envelope: dict[str, Any]) -> Self:
        """The event inside an envelope; unknown fields are ignored, so producers may add some."""
        return cls.model_validate(
            {
                **envelope["data"],
                "id": envelope["id"],
                "fact": envelope["type"].split(".")[-2],
                "key": envelope["subject"],
                "version": int(envelope["sequence"]),
                "district": envelope["district"],
                "at": datetime.fromisoformat(envelope["time"]),
            }
        )


class MoveEvent(Event):
    """A move of a state machine: which verb took the row from where to where."""

    verb: str
    was: str | None
    state: str
    note: str | None = None
