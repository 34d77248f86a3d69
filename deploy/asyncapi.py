"""Deploy: docs/asyncapi.yaml, every event the services tell, generated from the contracts."""

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from services import contracts
from services.kit.event import ENVELOPE, TYPE_PREFIX, Event

TARGET = Path(__file__).parent.parent / "docs" / "asyncapi.yaml"


def events() -> list[type[Event]]:
    """Every event class of the contracts, by aggregate."""
    for module in pkgutil.iter_modules(contracts.__path__):
        importlib.import_module(f"{contracts.__name__}.{module.name}")
    found = {event for event in _leaves(Event) if event.__module__.startswith(contracts.__name__)}
    return sorted(found, key=lambda event: event.aggregate)


def document() -> dict[str, Any]:
    """AsyncAPI 3.0: a channel per aggregate, the fact as the last token of its address."""
    told = events()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Yueke events",
            "version": "1",
            "license": {"name": "Apache-2.0"},
            "description": (
                "Past-tense facts as CloudEvents 1.0 structured JSON over NATS JetStream. "
                "`sequence` is the version of the aggregate: an older one than the newest heard "
                "changes nothing. Fields are added, never renamed or removed."
            ),
        },
        "defaultContentType": "application/cloudevents+json",
        "servers": {"nats": {"host": "127.0.0.1:4222", "protocol": "nats"}},
        "channels": {_name(event): _channel(event) for event in told},
        "operations": {f"tell_{_name(event)}": _operation(event) for event in told},
        "components": {
            "messages": {event.__name__: _message(event) for event in told},
            "schemas": _schemas(told),
        },
    }


def text() -> str:
    dumped: str = yaml.safe_dump(document(), allow_unicode=True, sort_keys=False, width=100)
    return f"# Made by `make asyncapi` from services/contracts; a test keeps it true.\n{dumped}"


def _leaves(event: type[Event]) -> Iterator[type[Event]]:
    for child in event.__subclasses__():
        yield from _leaves(child)
        if "aggregate" in vars(child):
            yield child


def _name(event: type[Event]) -> str:
    return event.aggregate.replace(".", "_")


def _channel(event: type[Event]) -> dict[str, Any]:
    return {
        "address": f"evt.{{district}}.{event.aggregate}.{{fact}}",
        "description": (event.__doc__ or "").strip(),
        "messages": {event.__name__: {"$ref": f"#/components/messages/{event.__name__}"}},
        "parameters": {
            "district": {"description": "Short name of the district", "examples": ["xiqing"]},
            "fact": {"enum": list(event.facts)},
        },
    }


def _operation(event: type[Event]) -> dict[str, Any]:
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{_name(event)}"},
        "summary": f"The {event.aggregate.split('.')[0]} service tells it",
    }


def _message(event: type[Event]) -> dict[str, Any]:
    types = [f"{TYPE_PREFIX}.{event.aggregate}.{fact}.v1" for fact in event.facts]
    return {
        "name": event.__name__,
        "summary": (event.__doc__ or "").strip().splitlines()[0],
        "contentType": "application/cloudevents+json",
        "headers": {
            "type": "object",
            "properties": {"Nats-Msg-Id": {"type": "string", "description": "The event's id"}},
        },
        "payload": {
            "allOf": [
                {"$ref": "#/components/schemas/CloudEvent"},
                {
                    "type": "object",
                    "properties": {
                        "type": {"enum": types},
                        "data": {"$ref": f"#/components/schemas/{event.__name__}"},
                    },
                },
            ]
        },
    }


def _schemas(told: list[type[Event]]) -> dict[str, Any]:
    schemas: dict[str, Any] = {"CloudEvent": CLOUD_EVENT}
    for event in told:
        schema = event.model_json_schema(
            mode="serialization", ref_template="#/components/schemas/{model}"
        )
        schemas.update(schema.pop("$defs", {}))
        for field in ENVELOPE:
            schema["properties"].pop(field)
        schema["required"] = [name for name in schema["required"] if name not in ENVELOPE]
        schemas[event.__name__] = schema
    return dict(sorted(schemas.items()))


CLOUD_EVENT: dict[str, Any] = {
    "type": "object",
    "required": ["specversion", "id", "source", "type", "subject", "time", "sequence", "data"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string", "format": "uuid"},
        "source": {"type": "string", "examples": ["/xiqing/booking"]},
        "type": {"type": "string"},
        "subject": {"type": "string", "format": "uuid", "description": "Id of the aggregate"},
        "time": {"type": "string", "format": "date-time", "description": "District time"},
        "datacontenttype": {"const": "application/json"},
        "sequence": {"type": "string", "description": "Version of the aggregate"},
        "district": {"type": "string"},
        "data": {"type": "object"},
    },
}


def main() -> None:
    TARGET.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
