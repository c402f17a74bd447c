"""PackML to line states and SEMI E10: every state in every mode means something."""

from itertools import product

import pytest

from foodflow.numerics.oee import STATES
from foodflow.numerics.packml import NUMBERS, E10State, PackmlState, UnitMode, e10_state, line_state


def test_there_are_seventeen_states_with_the_numbers_of_the_standard() -> None:
    assert len(PackmlState) == 17
    assert (NUMBERS[1], NUMBERS[2], NUMBERS[4], NUMBERS[6], NUMBERS[9], NUMBERS[11], NUMBERS[17]) == (
        "clearing", "stopped", "idle", "execute", "aborted", "held", "complete",
    )  # fmt: skip


@pytest.mark.parametrize(("state", "mode"), list(product(PackmlState, UnitMode)))
def test_every_state_in_every_mode_is_a_state_of_a_line(state: PackmlState, mode: UnitMode) -> None:
    found = line_state(state, mode)
    assert found in set(STATES) - {"unrecorded", "not_scheduled"}
    assert e10_state(found, mode) is not None


@pytest.mark.parametrize(
    ("state", "mode", "expected", "e10"),
    [
        (PackmlState.EXECUTE, UnitMode.PRODUCTION, "running", E10State.PRODUCTIVE),
        (PackmlState.SUSPENDED, UnitMode.PRODUCTION, "idle", E10State.STANDBY),
        (PackmlState.HELD, UnitMode.PRODUCTION, "downtime", E10State.UNSCHEDULED_DOWN),
        (PackmlState.ABORTED, UnitMode.PRODUCTION, "downtime", E10State.UNSCHEDULED_DOWN),
        (PackmlState.EXECUTE, UnitMode.TRIAL, "running", E10State.ENGINEERING),
        (PackmlState.ABORTED, UnitMode.TRIAL, "downtime", E10State.ENGINEERING),
        (PackmlState.EXECUTE, UnitMode.CLEANING, "maintenance", E10State.SCHEDULED_DOWN),
        (PackmlState.IDLE, UnitMode.CHANGEOVER, "changeover", E10State.SCHEDULED_DOWN),
        (PackmlState.EXECUTE, UnitMode.MANUAL, "downtime", E10State.UNSCHEDULED_DOWN),
    ],
)
def test_what_a_machine_says_means(state: PackmlState, mode: UnitMode, expected: str, e10: E10State) -> None:
    assert (line_state(state, mode), e10_state(expected, mode)) == (expected, e10)


def test_nobody_knows_the_state_of_unrecorded_time() -> None:
    assert e10_state("unrecorded") is None
    assert e10_state("not_scheduled") is E10State.NON_SCHEDULED
