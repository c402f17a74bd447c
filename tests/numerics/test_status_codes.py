"""Status codes as OPC UA defines them: what counts is the severity in the two highest bits."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from foodflow.numerics.status_codes import BAD, GOOD, UNCERTAIN, all_good, are_bad, are_reserved

# Names and numbers of OPC UA, part 6, annex A.2.
BAD_NO_COMMUNICATION, UNCERTAIN_LAST_USABLE, GOOD_CLAMPED = 0x8031_0000, 0x4090_0000, 0x0030_0000


def test_codes_of_the_standard_are_what_their_names_say() -> None:
    codes = np.array([GOOD, GOOD_CLAMPED, UNCERTAIN, UNCERTAIN_LAST_USABLE, BAD, BAD_NO_COMMUNICATION], np.uint32)
    assert are_bad(codes).tolist() == [False] * 4 + [True] * 2
    assert not are_reserved(codes).any()


@given(st.integers(0, 2**32 - 1))
def test_the_two_highest_bits_decide_and_no_others(code: int) -> None:
    codes = np.array([code], np.uint32)
    assert (are_bad(codes)[0], are_reserved(codes)[0]) == (code >> 30 == 2, code >> 30 == 3)


def test_all_good_is_good() -> None:
    assert all_good(3).tolist() == [GOOD] * 3
    assert all_good(3).dtype == np.uint32
