"""Bodies made from the document of the interface: for each operation the smallest that its schema allows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

Schema = Mapping[str, Any]
METHODS: Final = ("get", "put", "post", "patch", "delete")
OF_FORMAT: Final = {
    "date": "2026-01-05",
    "date-time": "2026-01-05T06:00:00Z",
    "email": "somebody@example.com",
    "uri": "https://example.com",
    "uuid": "00000000-0000-7000-8000-000000000000",
}


@dataclass(frozen=True)
class Operation:
    """An operation of the document: its method, its path, and the schema of the JSON that it takes, if it takes any."""

    method: str
    path: str
    schema: Schema | None
    document: Schema

    @property
    def body(self) -> Any:  # noqa: ANN401 - JSON
        """The smallest body that says something, or None."""
        if self.schema is None:
            return None
        body = smallest(self.document, self.schema)
        members = resolved(self.document, self.schema).get("properties", {})
        if self.method != "PATCH" or body or not members:
            return body
        changed = next(iter(members))
        return {changed: smallest(self.document, members[changed])}


def operations(document: Schema) -> Iterator[Operation]:
    """All operations of a document."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                content = item[method].get("requestBody", {}).get("content", {})
                yield Operation(method.upper(), path, content.get("application/json", {}).get("schema"), document)


def resolved(document: Schema, schema: Schema) -> Schema:
    """What a schema refers to."""
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def smallest(document: Schema, schema: Schema) -> Any:  # noqa: ANN401 - JSON
    """The smallest value of a schema that is not null: required members alone, no more than must be."""
    schema = resolved(document, schema)
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema:
            branches = [resolved(document, each) for each in schema[choice]]
            return smallest(document, next(each for each in branches if each.get("type") != "null"))
    for given in ("const", "enum", "examples"):
        if given in schema:
            return schema[given] if given == "const" else schema[given][0]
    return _of_type(document, schema)


def _of_type(document: Schema, schema: Schema) -> Any:  # noqa: ANN401 - JSON
    match schema.get("type"):
        case "object":
            members = schema.get("properties", {})
            return {name: smallest(document, members[name]) for name in schema.get("required", ())}
        case "array":
            return [smallest(document, schema["items"]) for _ in range(schema.get("minItems", 0))]
        case "integer" | "number":
            return schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
        case "boolean":
            return False
        case _:
            return OF_FORMAT.get(schema.get("format", ""), "a" * max(schema.get("minLength", 1), 1))
