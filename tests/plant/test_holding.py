"""What rows contain, held in a process."""

from foodflow.plant.queries.holding import Held

OLD, NEW = b"1", b"2"


def test_a_content_is_found_by_key_and_version_alone() -> None:
    held = Held(10)
    held.replace([], [(1, OLD), (2, OLD)], b"aaabbb", size=3)
    assert held.found([(2, OLD), (1, OLD), (1, NEW), (3, OLD), (1, None)]) == [b"bbb", b"aaa", None, None, None]


def test_a_new_version_takes_the_place_of_the_old_one() -> None:
    held = Held(10)
    held.replace([], [(1, OLD), (2, OLD)], b"ab", size=1)
    held.replace([(1, OLD)], [(1, NEW)], b"c", size=1)
    assert held.found([(1, OLD), (1, NEW), (2, OLD)]) == [None, b"c", b"b"]
    assert len(held) == 2


def test_those_held_longest_leave_first() -> None:
    held = Held(3)
    for key in range(3):
        held.replace([], [(key, OLD)], b"x", size=1)
    held.replace([(0, OLD)], [(0, NEW), (3, OLD)], b"yz", size=1)
    assert len(held) == 3
    assert held.found([(0, NEW), (1, OLD), (2, OLD), (3, OLD)]) == [b"y", None, b"x", b"z"]
    held.replace([], [(key, NEW) for key in range(10, 15)], b"abcde", size=1)
    assert held.found((key, NEW) for key in range(10, 15)) == [None, None, b"c", b"d", b"e"]
