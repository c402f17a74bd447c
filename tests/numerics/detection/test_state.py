"""The state: of one size, versioned, sealed, and begun anew when it is not what it should be."""

import numpy as np

from foodflow.numerics.detection.state import SIZE
from foodflow.numerics.detection.watching import is_sound, stacked, watch
from tests.numerics.detection.make import every, found, run


def test_a_state_has_one_size_however_much_was_seen() -> None:
    sizes = {len(watch([run(np.random.default_rng(1).normal(0, 1, count))])[0].state) for count in (1, 31, 32, 5000)}
    assert sizes == {SIZE}
    assert SIZE <= 2048


def test_no_readings_leave_a_state_as_it_is() -> None:
    [watched] = watch([run([1.0, 2.0])])
    [again] = watch([run([], times=every(1, 0), state=watched.state)])
    assert again.state == watched.state
    assert again.findings == []
    assert watch([]) == []


def test_a_damaged_state_or_one_of_another_version_begins_anew() -> None:
    values = np.random.default_rng(2).normal(0, 1, 300)
    [fresh] = watch([run(values)])
    state = fresh.state
    broken = [state[:-1], state + b"x", bytes([99]) + state[1:], state[:40] + bytes([state[40] ^ 1]) + state[41:], b""]
    assert is_sound(state)
    for one in broken:
        assert not is_sound(one)
        assert watch([run(values, state=one)])[0].state == state


def test_a_state_is_no_pickle() -> None:
    state = watch([run([1.0])])[0].state
    assert b"numpy" not in state
    assert state[0] != 0x80


def test_what_is_learned_survives_by_the_state_alone() -> None:
    values = np.random.default_rng(3).normal(0, 1, 1000)
    [watched] = watch([run(values)])
    step = np.full(20, 9.0)
    assert found(run(step, times=every(1, 1020)[1000:], state=bytes(watched.state)))
    assert found(run(step)) == []


def test_where_no_state_of_the_right_size_is_there_one_begins_anew() -> None:
    [watched] = watch([run([1.0])])
    rows = stacked([None, watched.state, watched.state[1:]])
    assert [bytes(row) for row in rows] == [bytes(stacked([None])), watched.state, bytes(stacked([None]))]
    assert is_sound(bytes(rows[0]))
