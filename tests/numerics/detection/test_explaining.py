"""One readable sentence for each finding."""

from typing import Any

from foodflow.numerics.detection.watching import Finding, Rule, why
from tests.numerics.detection.make import SECOND, START

LATER = START + 90 * SECOND


USUAL = Finding(Rule.STUCK, "raised", LATER, START, 9.5, 4.0, 1.0, 8.0, 0.987)


def said(rule: Rule, **fields: Any) -> str:  # noqa: ANN401 - whatever a finding holds
    return why(USUAL._replace(rule=rule, **fields), "bar", "P-7")


def test_each_rule_says_what_it_saw_in_the_unit_of_the_sensor() -> None:
    assert said(Rule.ABOVE_LIMIT) == "P-7: 9.5 bar is above the limit of 8 bar, 98 % sure."
    assert said(Rule.BELOW_LIMIT, value=0) == "P-7: 0 bar is below the limit of 1 bar, 98 % sure."
    assert said(Rule.STUCK, certainty=1.0) == "P-7: 9.5 bar has not changed at all for 90 seconds, certain."
    gap = said(Rule.GAP, value=7200, high=600.0, certainty=1.0)
    assert gap == "P-7: no reading for 2 hours, where 10 minutes is the most, certain."
    rate = said(Rule.RATE_OF_CHANGE, value=-6, high=5.0, certainty=1.0)
    assert rate == "P-7: a change of -6 bar per second is faster than 5 bar per second either way, certain."
    drift = said(Rule.DRIFT_CUSUM, certainty=0.99999)
    assert "small deviations to one side have added up" in drift
    assert "now 9.5 bar where 4 bar is normal), 99 % sure." in drift


def test_every_rule_has_a_sentence_for_its_beginning_and_its_end() -> None:
    sentences = [said(rule, kind=kind) for rule in Rule for kind in ("raised", "cleared")]
    assert len(set(sentences)) == len(sentences)
    assert all(sentence.startswith("P-7: ") and sentence.endswith(".") for sentence in sentences)


def test_what_is_taken_as_normal_is_said_to_be() -> None:
    over = said(Rule.DRIFT_EWMA, kind="cleared", certainty=0.0, expected=9.0)
    assert over == "P-7: drift ewma is over: 9 bar has lasted so long that it is taken as normal from now on."
