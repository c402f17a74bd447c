"""What is remembered of a sensor between calls: one record of fixed size, with a version and a checksum."""

import zlib
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from foodflow.numerics.detection.findings import RULES

VERSION: Final = 3
BLOCK: Final = 32
PAST: Final = 15
HELD: Final = 7
HOURS: Final = 48
KINDS: Final = 6
NEVER: Final = np.iinfo(np.int64).min

# What is believed of tails before anything is seen: the share beyond two deviations, and how far beyond on average.
TAIL_RATE: Final = 0.05
TAIL_EXCESS: Final = 0.45

_HEAD: Final = np.dtype([("version", "u1"), ("checksum", "<u4")])
BODY: Final = np.dtype(
    [
        # Readings of the block that is not full yet: it is judged anew from its beginning with each call, so that the
        # same readings give the same findings however they are cut into calls.
        ("fill", "u1"),
        ("tail_times", "<i8", BLOCK),
        ("tail_values", "<f8", BLOCK),
        ("tail_uncertain", "?", BLOCK),
        # The end of the block before.
        ("past_times", "<i8", PAST),
        ("past_zones", "i1", PAST),
        ("past_turns", "i1", PAST),
        # When limits and a rate that are going on were last passed, in the order of `LATER`. What held earlier readings
        # stood here, in bits of the rules; taken for moments, those lie before 1988: longer ago than any off-delay.
        ("raised_at", "<i8", 3),
        ("unused", "<i8"),
        ("past_held", "<u4", HELD),
        ("before_time", "<i8"),
        ("before_value", "<f8"),
        ("before_z", "<f8"),
        ("same_since", "<i8"),
        ("repeats", "<i8"),
        # What is going on.
        ("active", "<u4"),
        # What was going on by what has been told: with other settings, readings of the block may say something else.
        ("told", "<u4"),
        ("since", "<i8", len(RULES)),
        ("gap_told", "<i8"),
        ("cusum_up", "<f8"),
        ("cusum_down", "<f8"),
        ("ewma", "<f8"),
        ("cusum_zero", "<i8", 2),
        ("ewma_zero", "<i8"),
        # The learned normal.
        ("blocks", "<i8"),
        ("level", "<f8"),
        ("variance", "<f8"),
        ("covariance", "<f8"),
        ("interval", "<f8"),
        ("odd", "<i4"),
        ("candidate", "<f8"),
        ("fresh", "?"),
        # The learned season and the learned detector.
        ("season", "<f8", HOURS),
        ("visits", "<f4", HOURS),
        ("season_hours", "<f8"),
        ("season_error", "<f8"),
        ("level_error", "<f8"),
        ("smoothed", "<f8", KINDS),
        ("learned_blocks", "<i4"),
        ("taught_blocks", "<i4"),
        ("centre", "<f8", KINDS),
        ("square", "<f8", KINDS),
        ("tail_rate", "<f8", KINDS),
        ("tail_excess", "<f8", KINDS),
    ]
)
SIZE: Final = _HEAD.itemsize + BODY.itemsize
SEAL: Final = _HEAD.itemsize
"""How long the version and the checksum are, with which a state begins."""

Records = NDArray[Any]
States = NDArray[np.uint8]
"""Records as they are kept, with a version and a checksum: (n, SIZE)."""


def stacked(states: Sequence[bytes | None]) -> States:
    """States as rows; in place of one that is absent or of another size, one that begins anew."""
    sized = [state if state is not None and len(state) == SIZE else _NEW for state in states]
    return np.frombuffer(b"".join(sized), np.uint8).reshape(len(sized), SIZE)


def unpack(states: States) -> Records:
    """The records of states, shape (n,); a state that is damaged or of another version begins anew."""
    records = states[:, _HEAD.itemsize :].copy().view(BODY)[:, 0]
    heads = states[:, : _HEAD.itemsize].copy().view(_HEAD)[:, 0]
    damaged = (heads["version"] != VERSION) | (heads["checksum"] != _checksums(records))
    records[damaged] = _NEW_RECORD
    return records


def pack(records: Records) -> States:
    """The states of records."""
    records = np.ascontiguousarray(records)
    heads = np.empty((len(records), 1), _HEAD)
    heads["version"][:, 0], heads["checksum"][:, 0] = VERSION, _checksums(records)
    # As bytes they are copied whole, and not field by field.
    return np.concatenate((heads.view(np.uint8), records.view(np.uint8).reshape(len(records), -1)), axis=1)


def put(records: Records, places: NDArray[np.intp], others: Records) -> None:
    """Put other records in some places; as bytes, which is much faster than field by field."""
    whole = np.dtype((np.void, BODY.itemsize))
    records.view(whole)[places] = others.view(whole)


def is_sound(state: bytes) -> bool:
    """Whether a state is of this version and undamaged; one that is not is begun anew by `unpack`."""
    if len(state) != SIZE or state[0] != VERSION:
        return False
    return int.from_bytes(state[1:5], "little") == zlib.crc32(state[_HEAD.itemsize :])


def _checksums(records: Records) -> NDArray[np.uint32]:
    size = BODY.itemsize
    whole = memoryview(records.view(np.uint8).data)
    starts = range(0, len(whole), size)
    return np.fromiter((zlib.crc32(whole[start : start + size]) for start in starts), np.uint32, len(records))


def _new() -> Records:
    record = np.zeros(1, BODY)
    for name in (
        "tail_times",
        "past_times",
        "before_time",
        "same_since",
        "raised_at",
        "since",
        "gap_told",
        "cusum_zero",
    ):
        record[name] = NEVER
    record["ewma_zero"] = NEVER
    record["tail_rate"], record["tail_excess"] = TAIL_RATE, TAIL_RATE * TAIL_EXCESS
    return record


_NEW_RECORD: Final = _new()
_NEW: Final = pack(_NEW_RECORD).tobytes()
