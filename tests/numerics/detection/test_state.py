"""The state: of one size, versioned, sealed, and begun anew when it is not what it should be."""

import base64
import zlib

import numpy as np
import pytest

from foodflow.numerics.detection.findings import Settings
from foodflow.numerics.detection.state import SIZE
from foodflow.numerics.detection.watching import is_sound, stacked, watch
from tests.numerics.detection.make import every, found, run

# What 500 readings left before there were off-delays: noise of seed 9 that rises by 20 after 470, alarms going on.
KEPT = (
    r"c-mujZk?Vh!ceixM1_lu!C}`)Fx~Ly2ADoz_X12aG=7K3A7(QJ%d?7s=>zVnV49)J1WY@eafZnA1w-Tmk|6Sv3nB7X8zA!H6Cm=D"
    r"^C9wc)<NX&?S;rIoQ23I-JuJ;`0J8z<M}2IW-N=Q&6r{0Fui2GO5qkGho?_6IX<$RI2?@ro*mL};*fe&<6w%lu|wL4JG%@Pm^i3E"
    r"X|tHV&)C6h8UOwjm8K38j_hX%-D~79H~aFGLtQ2gcKHWnw=0=AG}VV4-KJ>dkmIp2{;Y_x!<oAEez(<)9ayeUec=Du#KC;Woy7Ue"
    r"jUD)&Z+|$S(Zr#ARh8N&O%n$P7N=n4*=97S83+J}X;+QG@p9t{m_8u&1xz!<GDFhEd?84>d8i0UH_C>Pbd%-)kze5tk$)8jk=MzC"
    r"$miEW<Tv&}<Uh}b$eXSP)BpZ6{%2%?ga3>`E(n7d|NmoiDH8)DLlO}fX2V9u_Ig)fjM(Kb^5+pSc7Tb)08Bj;G{AfaqhaDO8Ws{T"
    r"8eN`T8oPZK@R(!IvUyb3!{Pw57v>KbpAV|;!=0H7EJg|TQq?<z?ASiotIqq?cmLC({ZLtZkWcFi4jx=DCrL0>3_1|QVKZ;x%Ukvg"
    r"qW~{x@8GZ-Nc&-#?Wx>%(<`0o4$2e6qs3(e9ri9Ydv<|S(828MUyi5^|KRb+4aK+s-@cEJ=g7UZci@r}N~wAZ*Y|(&&BPb$KG-X("
    r"UgBMIa+5t{j^yc*CC&CfS6Oc|_I_f&@yf|>(_h?!t9O4`C9=+axjmSAxW-;|9Y|!AeKm+%wFHB%%jXwA^>>Q>tB+H@DS6Da7tk%6"
    r"^Loxydz<_Iz0>n1VbB0t!&?s"
)


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


@pytest.mark.parametrize("delay", [None, 5.0])
def test_a_state_that_was_kept_before_there_were_off_delays_goes_on(delay: float | None) -> None:
    kept = zlib.decompress(base64.b85decode("".join(KEPT)))
    settings = Settings(high=5, max_rate=15, limit_off_delay=delay, rate_off_delay=delay)
    values, times = np.random.default_rng(9).normal(0, 1, 600), every(1, 600)
    values[470:] += 20
    values[520:] -= 20
    assert is_sound(kept)
    goes_on = found(run(values[500:], settings, times=times[500:], state=kept))
    assert {(finding.rule, finding.kind) for finding in goes_on} >= {("above_limit", "cleared")}
    assert goes_on == [finding for finding in found(run(values, settings)) if finding.at >= times[500]]


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
