"""What rows contain, held in the process that wrote them."""

from collections.abc import Sequence

import numpy as np

from foodflow.plant.queries.holding import Held

OLD, NEW, NEWER = b"1", b"2", b"3"


def wrote(held: Held, version: bytes, rows: dict[int, str], before: Sequence[bytes | None] = ()) -> None:
    contents = np.array([[ord(content)] for content in rows.values()], np.uint8)
    held.replace(before, np.array(list(rows), np.int32), version, contents)


def found(held: Held, *versions: tuple[int, bytes | None]) -> list[str | None]:
    keys = np.array([key for key, _ in versions], np.int32)
    otherwise = np.full((len(keys), 1), ord("-"), np.uint8)
    contents, are_held = held.find(keys, [version for _, version in versions], otherwise)
    told = contents.tobytes().decode()
    assert [each != "-" for each in told] == are_held.tolist()
    assert (otherwise == ord("-")).all()
    return list(told)


def test_a_content_is_found_by_key_and_version_alone() -> None:
    held = Held(10)
    wrote(held, OLD, {2: "a", 5: "b", 7: "c"})
    assert found(held, (2, OLD), (5, OLD), (7, OLD)) == ["a", "b", "c"]
    assert found(held, (5, OLD)) == ["b"]
    assert found(held, (1, OLD), (2, NEW), (5, OLD), (6, OLD), (7, None), (8, OLD)) == ["-", "-", "b", "-", "-", "-"]
    assert found(held, (2, None)) == ["-"]
    assert found(held) == []


def test_contents_that_were_written_at_different_times_are_found_together() -> None:
    held = Held(10)
    wrote(held, OLD, {1: "a", 2: "b", 3: "c"}, [None, None, None])
    wrote(held, NEW, {2: "B", 4: "D"}, [OLD, None])
    assert found(held, (1, OLD), (2, NEW), (3, OLD), (4, NEW)) == ["a", "B", "c", "D"]
    assert found(held, (2, OLD)) == ["b"]  # where the new one is rolled back, the old one still stands


def test_what_no_longer_stands_is_dropped() -> None:
    held = Held(10)
    wrote(held, OLD, {1: "a", 2: "b"})
    wrote(held, NEW, {1: "A"}, [OLD])
    assert len(held) == 3
    wrote(held, NEWER, {2: "B"}, [OLD])
    assert len(held) == 2
    assert found(held, (1, NEW), (2, NEWER), (2, OLD)) == ["A", "B", "-"]


def test_what_one_transaction_wrote_twice_is_what_it_wrote_last() -> None:
    held = Held(10)
    wrote(held, OLD, {1: "a", 2: "b"})
    wrote(held, OLD, {1: "A"}, [OLD])
    assert found(held, (1, OLD), (2, OLD)) == ["A", "-"]
    assert len(held) == 1


def test_what_was_written_first_leaves_first() -> None:
    held = Held(3)
    for key in range(3):
        wrote(held, bytes([key]), {key: "x"})
    wrote(held, NEWER, {3: "y", 4: "z"})
    assert len(held) == 3
    assert found(held, (0, bytes([0])), (1, bytes([1])), (2, bytes([2])), (3, NEWER)) == ["-", "-", "x", "y"]
    wrote(held, OLD, dict.fromkeys(range(4), "o"))  # more than can be held
    assert len(held) == 0
