"""Kit: an example of every request body, made of what its fields say of themselves."""

from typing import Any

Schema = dict[str, Any]

OF_FORMAT = {
    "uuid": "0192f0c1-6a1e-7c1e-9a55-3f6f8a3e2b10",
    "date-time": "2026-12-08T09:00:00+08:00",
    "date": "2026-12-08",
}
WORDS = "情况说明"


def give(operation: Schema, schemas: dict[str, Schema]) -> None:
    """Where neither the body nor its model brings an example, one is put together."""
    for content in operation.get("requestBody", {}).get("content", {}).values():
        schema = resolved(content.get("schema", {}), schemas)
        if not {"example", "examples"} & (schema.keys() | content.keys()):
            content["example"] = of(schema, schemas)


def resolved(schema: Schema, schemas: dict[str, Schema]) -> Schema:
    """Behind references and `or nothing`."""
    for choices in ("anyOf", "oneOf", "allOf"):
        if choices in schema:
            real = [one for one in schema[choices] if one.get("type") != "null"]
            return resolved(real[0], schemas)
    if "$ref" in schema:
        return resolved(schemas[schema["$ref"].rsplit("/", 1)[1]], schemas)
    return schema


def of(schema: Schema, schemas: dict[str, Schema]) -> Any:
    """A value the schema allows: its own example, or the plainest one."""
    if schema.get("examples"):
        return schema["examples"][0]
    if schema.get("default") is not None:
        return schema["default"]
    schema = resolved(schema, schemas)
    if schema.get("examples"):
        return schema["examples"][0]
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    match schema.get("type"):
        case "object":
            return _object(schema, schemas)
        case "array":
            return [of(schema["items"], schemas)] if schema.get("minItems") else []
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return False
    return OF_FORMAT.get(schema.get("format", ""), WORDS)


def _object(schema: Schema, schemas: dict[str, Schema]) -> Schema:
    """What is required; of a body that requires nothing, what has words of its own."""
    fields: dict[str, Schema] = schema.get("properties", {})
    needed = schema.get("required") or [
        name for name in ("reason", "note", "resolution", "starts_at") if name in fields
    ]
    return {name: of(fields[name], schemas) for name in needed}
