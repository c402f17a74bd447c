"""A finding in one sentence."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from foodflow.numerics.detection.findings import Finding, Rule

_SECOND: Final = 1_000_000
_DAY: Final = 86_400
_HOUR: Final = 3_600
_MINUTE: Final = 60

_PATTERNS: Final = {
    Rule.WESTERN_ELECTRIC_1: "a reading more than three sigmas from what was to be expected",
    Rule.WESTERN_ELECTRIC_2: "two of three readings more than two sigmas off on one side",
    Rule.WESTERN_ELECTRIC_3: "four of five readings more than one sigma off on one side",
    Rule.WESTERN_ELECTRIC_4: "eight readings in a row on one side of what was to be expected",
    Rule.NELSON_2: "nine readings in a row on one side of what was to be expected",
    Rule.NELSON_3: "six readings in a row that rise or fall without a break",
    Rule.NELSON_4: "fourteen readings in a row that rise and fall by turns",
    Rule.NELSON_7: "fifteen readings in a row within one sigma: less scatter than is normal",
    Rule.NELSON_8: "eight readings in a row none of which is within one sigma",
    Rule.DRIFT_EWMA: "the weighted mean of the latest readings has left its normal band",
    Rule.DRIFT_CUSUM: "small deviations to one side have added up",
    Rule.LEARNED: "the latest readings do not fit the learned level and season",
}


def why(finding: Finding, unit: str, name: str) -> str:
    """One sentence that says what was found at the sensor called `name`, whose values are counted in `unit`."""
    if finding.kind == "cleared":
        return _over(finding, unit, name)
    sentence = _SENTENCES.get(finding.rule, _pattern)(finding, unit)
    return f"{name}: {sentence}, {_sure(finding.certainty)}."


def _sure(certainty: float) -> str:
    return "certain" if certainty == 1 else f"{min(int(certainty * 100), 99)} % sure"


def _over(finding: Finding, unit: str, name: str) -> str:
    label = finding.rule.value.replace("_", " ")
    if finding.certainty == 0:
        level = "what is measured" if finding.expected is None else _amount(finding.expected, unit)
        return f"{name}: {label} is over: {level} has lasted so long that it is taken as normal from now on."
    lasted = _lasted(finding)
    if finding.rule is Rule.GAP:
        return f"{name}: readings are there again after {lasted} without any."
    return f"{name}: {label} is over after {lasted}; the latest reading is {_value(finding, unit)}."


def _value(finding: Finding, unit: str) -> str:
    return _amount(finding.value, f"{unit} per second" if finding.rule is Rule.RATE_OF_CHANGE else unit)


def _below(finding: Finding, unit: str) -> str:
    return f"{_amount(finding.value, unit)} is below the limit of {_amount(finding.low, unit)}"


def _above(finding: Finding, unit: str) -> str:
    return f"{_amount(finding.value, unit)} is above the limit of {_amount(finding.high, unit)}"


def _rate(finding: Finding, unit: str) -> str:
    most = _amount(finding.high, f"{unit} per second")
    return f"a change of {_value(finding, unit)} is faster than {most} either way"


def _stuck(finding: Finding, unit: str) -> str:
    return f"{_amount(finding.value, unit)} has not changed at all for {_lasted(finding)}"


def _gap(finding: Finding, _unit: str) -> str:
    most = "" if finding.high is None else f", where {_duration(finding.high)} is the most"
    return f"no reading for {_duration(finding.value)}{most}"


def _pattern(finding: Finding, unit: str) -> str:
    since = datetime.fromtimestamp(finding.since // _SECOND, UTC)
    expected = "" if finding.expected is None else f" where {_amount(finding.expected, unit)} is normal"
    value = f"{_amount(finding.value, unit)}{expected}"
    return f"{_PATTERNS[finding.rule]} (since {since:%Y-%m-%d %H:%M:%S} UTC, now {value})"


_SENTENCES: Final[dict[Rule, Callable[[Finding, str], str]]] = {
    Rule.BELOW_LIMIT: _below,
    Rule.ABOVE_LIMIT: _above,
    Rule.RATE_OF_CHANGE: _rate,
    Rule.STUCK: _stuck,
    Rule.GAP: _gap,
}


def _amount(number: float | None, unit: str) -> str:
    return f"{number:.6g} {unit}".strip() if number is not None else "no value"


def _lasted(finding: Finding) -> str:
    return _duration((finding.at - finding.since) / _SECOND)


def _duration(seconds: float) -> str:
    for size, word in ((_DAY, "days"), (_HOUR, "hours"), (_MINUTE, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.3g} {word}"
    return f"{seconds:.3g} seconds"
