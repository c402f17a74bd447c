"""What a gateway carries: a value of a sensor at its source time, with its OPC UA status code."""

from dataclasses import dataclass

GOOD = 0x00000000
UNCERTAIN = 0x40000000
BAD = 0x80000000
BAD_NO_COMMUNICATION = 0x80310000
BAD_NOT_CONNECTED = 0x808A0000
UNCERTAIN_LAST_USABLE = 0x40900000
_SEVERITY = 0xC0000000


@dataclass(frozen=True, slots=True)
class Measurement:
    """A value of a sensor, named by its code, at microseconds since 1970; `status` is an OPC UA StatusCode (Part 4,
    7.39), and a Bad one may have no value.
    """

    sensor: str
    time: int
    value: float | None
    status: int = GOOD


def is_bad(status: int) -> bool:
    """Whether a status code says that the value must not be used."""
    return status & _SEVERITY == BAD
