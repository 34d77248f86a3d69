"""Kit: what the generated OpenAPI document leaves unsaid: keys, versions and refusals."""

from typing import Any

from fastapi import FastAPI

from services.kit import examples

IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "Same key and body: the same answer, and nothing is done twice.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
    "example": "0192f0c1-6a1e-7c1e-9a55-3f6f8a3e2b10",
}
PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "description": "Stable code", "examples": ["wrong_state"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "request_id": {"type": "string"},
    },
    "additionalProperties": True,
}
REFUSALS = {
    "400": "A header or parameter is missing or unreadable",
    "401": "No valid token",
    "403": "Not for this role",
    "404": "Not found, or not for the caller to know",
    "409": "The state of things does not allow it",
    "412": "If-Match names an older version",
    "413": "Too large",
    "422": "The body cannot mean anything valid",
    "428": "If-Match is required",
    "429": "Too often; Retry-After says when it may work",
    "503": "Something this needs is away; try again",
}


def complete(app: FastAPI) -> None:
    """Add to every operation the header and the answers the kit gives it."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = generate()
            document.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
            schemas = document["components"]["schemas"]
            for path in document["paths"].values():
                for method, operation in path.items():
                    _complete(method, operation)
                    examples.give(operation, schemas)
        assert app.openapi_schema is not None
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _complete(method: str, operation: dict[str, Any]) -> None:
    if method == "post" and operation.get("security"):
        operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
    body = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status, description in REFUSALS.items():
        operation["responses"][status] = {"description": description, "content": body}
