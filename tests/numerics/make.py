"""Makers of line histories and places of real data for tests of numerics."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import strategies as st

from foodflow.numerics.intervals import StateChange
from foodflow.numerics.oee import STATES, Count

START = datetime(2024, 3, 4, 6, tzinfo=UTC)
REAL_DATA = Path(__file__).parents[3] / "shared" / "data" / "plant"

moments = st.integers(-(10**10), 10**11).map(lambda tick: START + timedelta(microseconds=tick))
changes = st.lists(
    st.builds(
        StateChange,
        at=moments,
        state=st.sampled_from([state for state in STATES if state != "unrecorded"]),
        reason=st.sampled_from([None, "mechanical"]),
    ),
    max_size=12,
)
quantities = st.decimals(0, 1000, places=2) | st.integers(0, 1000)
rates = st.sampled_from([None, 7, 80, 100, 120])
counts = st.lists(st.builds(Count, at=moments, good=quantities, scrap=quantities, ideal_rate=rates), max_size=12)


def after(minutes: float) -> datetime:
    """The moment so many minutes after the start."""
    return START + timedelta(minutes=minutes)


def history(*points: tuple[float, str]) -> list[StateChange]:
    """State changes at minutes after the start."""
    return [StateChange(after(minutes), state) for minutes, state in points]


def real_lines(name: str) -> Sequence[str]:
    """The lines of a file of real data; skips the test where the data is absent."""
    path = REAL_DATA / name
    if not path.exists():
        pytest.skip(f"{path} is absent")
    with path.open(encoding="utf-8", newline="") as file:
        return file.readlines()
