"""The shapes of a bulk call in JSON: what the interface's document shows, and what explains a body that is refused.

The decoders read the same with compiled code that stops at the first fault; these name all of them, each by its place.
"""

from typing import Annotated, Any, Final, NotRequired
from uuid import UUID

import msgspec
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, with_config
from pydantic_core import ErrorDetails
from typing_extensions import TypedDict

from foodflow.kernel.errors import FieldError, Invalid, Malformed, Refusal
from foodflow.kernel.wire import Instant
from foodflow.plant.rules.sensors import MAX_LISTED
from foodflow.plant.rules.shared import MAX_CODE, MAX_UNIT
from foodflow.plant.schemas.incoming.building import MAX_BULK, MAX_STATUS, MAX_STEP
from foodflow.plant.usecases.ways_in import Place

_STRICT: Final = ConfigDict(extra="forbid")
Value = Annotated[float, Field(strict=True, allow_inf_nan=False)] | None
Code = Annotated[str, Field(min_length=1, max_length=MAX_CODE)]
Unit = Annotated[
    str, Field(min_length=1, max_length=MAX_UNIT, description="UCUM code of the values, if not the sensor's")
]
StatusCode = Annotated[int, Field(strict=True, ge=0, le=MAX_STATUS, description="OPC UA StatusCode; 0 is Good")]
Micros = Annotated[int, Field(strict=True, ge=-(2**63), le=2**63 - 1, description="Microseconds since 1970, UTC")]
Step = Annotated[int, Field(strict=True, ge=1, le=MAX_STEP, description="Milliseconds from a reading to the next")]
Valid = Annotated[bool, Field(strict=True, description="false: the value is Bad")]


@with_config(_STRICT)
class ReadingRow(TypedDict):
    """One reading of a bulk call, of the sensor that `sensor_id` or `sensor_code` names."""

    sensor_id: NotRequired[UUID]
    sensor_code: NotRequired[Code]
    timestamp: Instant
    value: Annotated[Value, Field(description="null only where the status is Bad")]
    status_code: NotRequired[StatusCode]
    is_valid: NotRequired[Valid]


class RowsIn(BaseModel):
    """Readings of any number of sensors: all are taken or none."""

    model_config = _STRICT

    readings: Annotated[list[ReadingRow], Field(max_length=MAX_BULK)]


@with_config(_STRICT)
class ReadingColumns(TypedDict):
    """The same as columns of one length: `sensor_id` or `sensor_code`, `timestamp` or `timestamp_us`."""

    sensor_id: NotRequired[list[UUID]]
    sensor_code: NotRequired[list[Code]]
    timestamp: NotRequired[list[Instant]]
    timestamp_us: NotRequired[list[Micros]]
    value: list[Value]
    status_code: NotRequired[list[StatusCode]]


class ColumnsIn(BaseModel):
    """Readings as columns."""

    model_config = _STRICT

    columns: ReadingColumns


@with_config(_STRICT)
class SensorSeries(TypedDict):
    """The readings of one sensor, whose times are listed or lie `step_ms` apart from `start` on."""

    sensor_id: NotRequired[UUID]
    sensor_code: NotRequired[Code]
    timestamps: NotRequired[list[Instant]]
    timestamps_us: NotRequired[list[Micros]]
    start: NotRequired[Instant]
    step_ms: NotRequired[Step]
    values: list[Value]
    status_codes: NotRequired[list[StatusCode]]
    unit: NotRequired[Unit]


class SeriesIn(BaseModel):
    """Readings sensor by sensor."""

    model_config = _STRICT

    series: list[SensorSeries]


_ROW: Final[TypeAdapter[ReadingRow]] = TypeAdapter(ReadingRow)
_SHAPES: Final[dict[str, type[BaseModel]]] = {"readings": RowsIn, "columns": ColumnsIn, "series": SeriesIn}


def why_refused(body: bytes, otherwise: Exception) -> Refusal:
    """What is wrong with a body that could not be decoded, each fault by its place."""
    try:
        keys: dict[str, Any] = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        keys = {}
    shape = next((shape for key, shape in _SHAPES.items() if key in keys), RowsIn)
    try:
        shape.model_validate_json(body)
    except ValidationError as error:
        return _refusal(error.errors(include_url=False, include_input=False))
    return Invalid.because(FieldError("body", str(otherwise), "invalid"))


def why_row_refused(text: bytes) -> list[tuple[str, str, str]] | Refusal:
    """What is wrong with one row: the cell, the message and the code of each fault; or why it is no JSON."""
    try:
        _ROW.validate_json(text)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        if any(fault["type"] == "json_invalid" for fault in faults):
            return _refusal(faults)
        return [(_path(fault), _message(fault), fault["type"]) for fault in faults]
    return []


def _refusal(faults: list[ErrorDetails]) -> Refusal:
    if any(fault["type"] == "json_invalid" for fault in faults):
        reason = str(faults[0].get("ctx", {}).get("error", ""))
        return Malformed(f"the body is not valid JSON: {reason}".rstrip(": "))
    errors = [FieldError(_path(fault) or "body", _message(fault), fault["type"]) for fault in faults[:MAX_LISTED]]
    if len(faults) > MAX_LISTED:
        errors.append(FieldError("readings", f"{len(faults) - MAX_LISTED} more faults", "more"))
    return Invalid.because(*errors)


def _path(fault: ErrorDetails) -> str:
    return ".".join(str(part) for part in fault["loc"])


def _message(fault: ErrorDetails) -> str:
    return fault["msg"].removeprefix("Value error, ")


def json_schema() -> dict[str, Any]:
    """The schema of a bulk call's JSON, whole: a part of a document that is put elsewhere cannot refer to parts."""
    return {"oneOf": [_whole(shape.model_json_schema()) for shape in _SHAPES.values()]}


def row_schema() -> dict[str, Any]:
    """The schema of one line of NDJSON."""
    return _whole(_ROW.json_schema())


def _whole(schema: dict[str, Any]) -> dict[str, Any]:
    parts = schema.pop("$defs", {})

    def put_in(value: Any) -> Any:  # noqa: ANN401 - JSON
        if isinstance(value, dict):
            if "$ref" in value:
                return put_in(parts[value["$ref"].rpartition("/")[2]])
            return {key: put_in(each) for key, each in value.items()}
        return [put_in(each) for each in value] if isinstance(value, list) else value

    whole: dict[str, Any] = put_in(schema)
    return whole


def placed(rows: Place, row: int, faults: list[tuple[str, str, str]]) -> list[FieldError]:
    """The faults of a row by its place."""
    return [FieldError(rows(row, cell or "sensor_id"), message, code) for cell, message, code in faults]
