"""HTTP interface of series and roll-ups."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any
from uuid import UUID

import numpy as np
from fastapi import Query
from numpy.typing import NDArray
from starlette.requests import Request

from foodflow.kernel import exports
from foodflow.kernel.http import CurrentActor, Transaction, guarded_router, needs
from foodflow.kernel.paging import FILE_ANSWERS
from foodflow.numerics.epoch import from_micros
from foodflow.numerics.rollup import Rollups
from foodflow.plant.rules.rollups import Method, Resolution
from foodflow.plant.rules.units import Conversion
from foodflow.plant.schemas.rollups import (
    BucketsOut,
    ExcursionOut,
    ManySeriesOut,
    ManySeriesWanted,
    RollupOut,
    RollupsPage,
    RollupsWanted,
    SeriesOut,
    SeriesWanted,
)
from foodflow.plant.schemas.shared import BREACHES
from foodflow.plant.usecases import drawing, rolled
from foodflow.plant.usecases.noting import wire
from foodflow.plant.usecases.units import told_in

router = guarded_router(tags=["readings"])


@router.get("/sensors/{id}/series", dependencies=[needs("plant.read")])
async def get_series(
    session: Transaction, actor: CurrentActor, id: UUID, wanted: Annotated[SeriesWanted, Query()]
) -> SeriesOut:
    """A sensor over a window (the 24 hours up to its latest reading) for drawing, however long: peaks kept."""
    unit = await told_in(session, actor, id, wanted.unit)
    drawn = await drawing.draw(session, actor, id, start=wanted.start_time, end=wanted.end_time, wanted=_how(wanted))
    return _series_out(drawn, wanted, unit)


@router.get("/series", dependencies=[needs("plant.read")])
async def get_many_series(
    session: Transaction, actor: CurrentActor, wanted: Annotated[ManySeriesWanted, Query()]
) -> ManySeriesOut:
    """Several sensors for one chart."""
    start, end = wanted.start_time, wanted.end_time
    units = [await told_in(session, actor, id, wanted.unit) for id in wanted.sensor_id]
    drawn = [
        await drawing.draw(session, actor, id, start=start, end=end, wanted=_how(wanted)) for id in wanted.sensor_id
    ]
    told = [_series_out(each, wanted, unit) for each, unit in zip(drawn, units, strict=True)]
    return ManySeriesOut(results=told)


@router.get(
    "/sensors/{id}/rollups",
    dependencies=[needs("plant.read")],
    response_model=RollupsPage,
    openapi_extra={"responses": FILE_ANSWERS},
)
async def list_rollups(  # noqa: PLR0917 - FastAPI's way of declaring parameters
    session: Transaction, actor: CurrentActor, request: Request, id: UUID, wanted: Annotated[RollupsWanted, Query()]
) -> object:
    """What a sensor read in each minute, hour or UTC day in which it did; `next` leads on, and `format` gives all of
    them as a file.
    """
    resolution, unit = Resolution(wanted.resolution), await told_in(session, actor, id, wanted.unit)
    asked = await rolled.ask(session, actor, id, start=wanted.start_time, end=wanted.end_time, resolution=resolution)
    if wanted.format != "json":
        rows = _rows_of(rolled.parts(session, asked), unit)
        return await exports.file_of(session, rows, RollupOut, name="rollups", format=wanted.format, actor=actor)
    found, goes_on_at = await rolled.page(session, asked, limit=wanted.page_size)
    address = None
    if goes_on_at is not None:
        rest = {"start_time": wire(from_micros(goes_on_at)), "end_time": wire(asked.end)}
        address = str(request.url.include_query_params(**rest))
    return RollupsPage(next=address, results=_rows(found, unit))


async def _rows_of(parts: AsyncIterator[Rollups], unit: Conversion) -> AsyncIterator[Sequence[RollupOut]]:
    async for part in parts:
        yield _rows(part, unit)


def _how(wanted: SeriesWanted) -> drawing.Wanted:
    resolution = None if wanted.resolution == "auto" else Resolution(wanted.resolution)
    return drawing.Wanted(wanted.points, resolution, Method(wanted.method))


def _series_out(drawn: drawing.Drawing, wanted: SeriesWanted, unit: Conversion) -> SeriesOut:
    """The wire shape of a series, its values in a unit."""
    return SeriesOut(
        sensor_id=drawn.sensor.id,
        start_time=drawn.start,
        end_time=drawn.end,
        resolution=drawn.resolution,
        method=Method(wanted.method),
        unit=wanted.unit or drawn.sensor.unit_of_measure,
        readings=drawn.readings,
        timestamps=[from_micros(time) for time in drawn.times.tolist()],
        values=_told(drawn.values, unit),
        buckets=_buckets_out(drawn.buckets, unit) if drawn.buckets is not None else None,
        excursions=[
            ExcursionOut(
                start=from_micros(each.start),
                end=from_micros(each.end),
                breach=BREACHES[each.side],
                extreme=unit.of(each.extreme),
            )
            for each in drawn.excursions
        ],
        complete_from=drawn.complete_from,
    )


def _buckets_out(buckets: Rollups, unit: Conversion) -> BucketsOut:
    return BucketsOut(
        lowest=_told(buckets.lowest, unit),
        highest=_told(buckets.highest, unit),
        counts=buckets.counts.tolist(),
        uncertain=buckets.uncertain.tolist(),
        bad=buckets.bad.tolist(),
        outside=(buckets.below + buckets.above).tolist(),
    )


def _told(values: NDArray[np.float64], unit: Conversion) -> list[float]:
    """Values in a unit."""
    told: list[float] = values.tolist()
    return told if unit.changes_nothing else [unit.of(value) for value in told]


def _rows(found: Rollups, unit: Conversion) -> list[RollupOut]:
    """Each bucket as a row, its values in a unit."""
    tallies = ("uncertain", "bad", "below", "above")
    counts = found.counts.tolist()
    columns: dict[str, list[Any]] = {"start_time": [from_micros(each) for each in found.starts.tolist()]}
    columns |= {"count": counts} | {name: getattr(found, name).tolist() for name in tallies}
    values = {"mean": "means"} | {name: name for name in ("lowest", "highest", "first", "last")}
    for name, of in values.items():
        column = _told(getattr(found, of), unit)
        columns[name] = [value if count else None for value, count in zip(column, counts, strict=True)]
    for name in ("lowest_at", "highest_at", "first_at", "last_at"):
        column = getattr(found, name).tolist()
        columns[name] = [from_micros(at) if count else None for at, count in zip(column, counts, strict=True)]
    rows = zip(*columns.values(), strict=True)
    return [RollupOut.model_validate(dict(zip(columns, row, strict=True))) for row in rows]
