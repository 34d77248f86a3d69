"""Every call is documented: OpenAPI 3.1, its refusals, and an example that is really allowed."""

import importlib
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from deploy.home import SERVICES


def document(room: str) -> dict[str, Any]:
    app = importlib.import_module(f"services.{room}.app").app
    described: dict[str, Any] = app.openapi()
    return described


def operations(described: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method.upper()} {path}", operation)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    ]


@pytest.mark.parametrize("room", SERVICES)
def test_it_is_openapi_3_1_and_names_the_key_and_the_refusals(room: str) -> None:
    described = document(room)

    assert described["openapi"].startswith("3.1")
    for name, operation in operations(described):
        assert {"409", "422", "503"} <= operation["responses"].keys(), name
        if name.startswith("POST /api/") and operation.get("security"):
            assert "Idempotency-Key" in [p["name"] for p in operation["parameters"]], name


@pytest.mark.parametrize("room", SERVICES)
def test_every_body_has_an_example_that_its_schema_allows(room: str) -> None:
    described = document(room)

    for name, operation in operations(described):
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            shown = content.get("example")
            schema = content["schema"]
            if "example" not in content:
                inside = schema.get("$ref") or schema["anyOf"][0]["$ref"]
                model = described["components"]["schemas"][inside.rsplit("/", 1)[1]]
                shown = model["example"] if "example" in model else model["examples"][0]
            validator = Draft202012Validator({**schema, "components": described["components"]})
            wrong = [error.message for error in validator.iter_errors(shown)]
            assert (name, kind, wrong) == (name, kind, [])
