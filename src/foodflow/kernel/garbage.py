"""How often Python looks for garbage: objects that know each other and are known to nobody else."""

import gc
from typing import Final

_THRESHOLDS: Final = (50_000, 5, 20)
"""How much must have come before cycles are looked for, first among what is new, then among what has stayed. As Python
has it, the seconds in which a process loads are a tenth longer, and ten thousand connections are looked through again
and again, for more than a second each time.
"""


def look_less_often() -> None:
    """From here on look for garbage less often than Python does by itself."""
    gc.set_threshold(*_THRESHOLDS)


def let_stay() -> None:
    """Take all that is there now for what stays; it is not looked through again."""
    gc.collect()
    gc.freeze()
