"""Makers of runs of readings for tests of the detectors."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from foodflow.numerics.detection.watching import Finding, Rule, Run, Settings, watch

SECOND: Final = 1_000_000
START: Final = 1_700_000_000 * SECOND


def every(seconds: float, count: int) -> NDArray[np.int64]:
    """Moments at equal distances from the start."""
    return START + (np.arange(count) * seconds * SECOND).astype(np.int64)


def run(
    values: Sequence[float] | NDArray[np.float64],
    settings: Settings | None = None,
    *,
    times: NDArray[np.int64] | None = None,
    state: bytes | None = None,
    uncertain: NDArray[np.bool_] | None = None,
) -> Run:
    """A run of values, a second apart unless times are given."""
    array = np.asarray(values, np.float64)
    moments = every(1, len(array)) if times is None else times
    doubtful = np.zeros(len(array), np.bool_) if uncertain is None else uncertain
    return Run(settings or Settings(), state, moments, array, doubtful)


def found(whole: Run, cuts: Sequence[int] = ()) -> list[Finding]:
    """All that is found in a run that is given at once, or cut at some places into several calls."""
    state, findings = whole.state, list[Finding]()
    edges = [0, *sorted(cuts), len(whole.times)]
    for begin, end in pairwise(edges):
        here = slice(begin, end)
        part = Run(whole.settings, state, whole.times[here], whole.values[here], whole.uncertain[here])
        [watched] = watch([part])
        state = watched.state
        findings += watched.findings
    return findings


def told(findings: Sequence[Finding]) -> list[tuple[Rule, str, int]]:
    """Rule, kind and whole seconds since the start of findings."""
    return [(finding.rule, finding.kind, (finding.at - START) // SECOND) for finding in findings]
