"""Readings row by row: as JSON objects, in a document or one a line."""

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from msgspec import UNSET, Meta, Struct, UnsetType
from numpy.typing import NDArray

from foodflow.numerics.status_codes import BAD, all_good, are_bad
from foodflow.plant.schemas.incoming import building
from foodflow.plant.schemas.incoming.building import MAX_STATUS, Faults
from foodflow.plant.usecases.ways_in import Incoming, Named, Place


class Row(Struct, forbid_unknown_fields=True, gc=False):
    """One reading, as it was sent."""

    timestamp: str
    value: float | None
    sensor_id: str | UnsetType = UNSET
    sensor_code: str | UnsetType = UNSET
    status_code: Annotated[int, Meta(ge=0, le=MAX_STATUS)] | UnsetType = UNSET
    is_valid: bool | UnsetType = UNSET


def from_rows(rows: Sequence[Row], place: Place) -> Incoming:
    """Rows as columns."""
    faults = Faults(place)
    named, which = _named(rows, faults)
    times = building.times_of([row.timestamp for row in rows], faults)
    values = np.array([row.value for row in rows], np.float64)  # null becomes NaN, which JSON cannot hold
    statuses = _statuses(rows, faults)
    building.require_values(values, statuses, faults)
    faults.refuse()
    return Incoming(named, which, times, values, statuses, place)


def _named(rows: Sequence[Row], faults: Faults) -> tuple[list[Named], NDArray[np.int32]]:
    """Who the rows are of; by id and by code may stand side by side."""
    ids = [row.sensor_id for row in rows]
    if all(isinstance(id, str) for id in ids) and all(row.sensor_code is UNSET for row in rows):
        texts, which = building.factorised([str(id) for id in ids])
        return building.named_by_id(texts, which, faults), which
    codes = [row.sensor_code for row in rows]
    wrong = [row for row, (id, code) in enumerate(zip(ids, codes, strict=True)) if (id is UNSET) == (code is UNSET)]
    faults.add("sensor_id", wrong, "name the sensor by exactly one of sensor_id and sensor_code", "missing")
    faults.refuse()
    pairs, which = building.factorised(list(zip(ids, codes, strict=True)))
    named = [Named(str(code)) for _, code in pairs]
    by_code = np.array([id is UNSET for id, _ in pairs], np.bool_)
    for by, numbers, cells in (
        (building.named_by_id, np.flatnonzero(~by_code), 0),
        (building.named_by_code, np.flatnonzero(by_code), 1),
    ):
        place_of = np.full(len(pairs), -1, np.int32)
        place_of[numbers] = np.arange(len(numbers), dtype=np.int32)
        found = by([str(pairs[number][cells]) for number in numbers.tolist()], place_of[which], faults)
        for number, each in zip(numbers.tolist(), found, strict=False):
            named[number] = each
    return named, which


def _statuses(rows: Sequence[Row], faults: Faults) -> NDArray[np.uint32]:
    """What the rows say of themselves: a status, or (in older programs) whether they are valid."""
    statuses = all_good(len(rows))
    codes = [row.status_code for row in rows]
    flags = [row.is_valid for row in rows]
    if not all(code is UNSET for code in codes):
        statuses = np.array([0 if code is UNSET else code for code in codes], np.uint32)
    if not all(flag is UNSET for flag in flags):
        silent = np.array([code is UNSET for code in codes], np.bool_)
        invalid = np.array([flag is False for flag in flags], np.bool_)
        statuses[silent & invalid] = BAD
        said = np.array([flag is not UNSET for flag in flags], np.bool_)
        contradicting = said & (invalid != are_bad(statuses))
        message = "contradicts the status_code"
        faults.add("is_valid", np.flatnonzero(contradicting).tolist(), message, "plant.reading.status_contradicted")
    return statuses
