"""The formats of a bulk call by their content types, and how the interface's document shows them."""

from typing import Any, Final

from foodflow.plant.schemas.incoming import arrow, documents, lines, shapes
from foodflow.plant.schemas.incoming.building import Decoder

ARROW: Final = "application/vnd.apache.arrow.stream"
DECODERS: Final[dict[str, Decoder]] = {
    "application/json": documents.decode,
    "application/x-ndjson": lines.decode_ndjson,
    "text/csv": lines.decode_csv,
    ARROW: arrow.decode,
}
_ID: Final = "01890a5d-ac96-774b-bcce-b302099a8057"
_AT: Final = "2026-01-31T08:00:00Z"
_ROW: Final = {"sensor_id": _ID, "timestamp": _AT, "value": 4.2}
_EXAMPLES: Final[dict[str, Any]] = {
    "rows": {"readings": [_ROW, {"sensor_code": "TT-7", "timestamp": _AT, "value": 4.4, "status_code": 0x40900000}]},
    "columns": {"columns": {"sensor_code": ["TT-7", "TT-8"], "timestamp": [_AT, _AT], "value": [4.2, 4.4]}},
    "series": {
        "series": [{"sensor_code": "TT-7", "start": _AT, "step_ms": 1000, "values": [39.6, 39.9], "unit": "[degF]"}]
    },
}
_CSV: Final = "sensor_code,timestamp,value,status_code\r\nTT-7,2026-01-31T08:00:00Z,4.2,\r\n"
_ARROW_COLUMNS: Final = (
    "An Arrow IPC stream without compression. Columns: `sensor_id` (utf8, a dictionary of it, or fixed_size_binary(16))"
    " or `sensor_code` (utf8 or a dictionary of it); `timestamp` (with a zone, or int64 microseconds since 1970);"
    " `value` (float64, float32 or whole numbers; null where a Bad reading has none); perhaps `status_code` (uint32)."
)


def request_body() -> dict[str, Any]:
    """What OpenAPI says of a bulk call's body."""
    content: dict[str, Any] = {
        "application/json": {
            "schema": shapes.json_schema(),
            "examples": {name: {"value": value} for name, value in _EXAMPLES.items()},
        },
        "application/x-ndjson": {
            "schema": {"type": "string", "description": "One reading a line, as in `readings`"},
            "example": '{"sensor_code": "TT-7", "timestamp": "2026-01-31T08:00:00Z", "value": 4.2}\n',
        },
        "text/csv": {
            "schema": {
                "type": "string",
                "description": "With a header: sensor_id or sensor_code, timestamp, value and perhaps status_code",
            },
            "example": _CSV,
        },
        ARROW: {"schema": {"type": "string", "format": "binary", "description": _ARROW_COLUMNS}},
    }
    return {"requestBody": {"required": True, "content": content}}
