"""Numenta's scoring rule on cases that can be worked out by hand."""

import math

import numpy as np
import pytest

from benchmarks.nab_scoring import PROFILES, Scored, best, probation, score_at, sigmoid

STANDARD = PROFILES["standard"]
ROWS = 200
LEFT, RIGHT = 100, 119


def with_scores(**scores: float) -> list[Scored]:
    """A file of 200 rows with one window of 20, and scores at some rows (`row_105=0.9`)."""
    all_scores = np.zeros(ROWS)
    for name, score in scores.items():
        all_scores[int(name.removeprefix("row_"))] = score
    return [Scored(all_scores, [(LEFT, RIGHT)])]


def test_the_sigmoid_is_the_published_one() -> None:
    assert sigmoid(-1) == pytest.approx(0.98661, abs=1e-5)
    assert sigmoid(-0.5) == pytest.approx(0.84828, abs=1e-5)
    assert sigmoid(0) == 0
    assert sigmoid(1) == pytest.approx(-0.98661, abs=1e-5)
    assert sigmoid(3) == -1


def test_the_weights_are_the_published_ones() -> None:
    weights = {name: (one.found, one.false_alarm, one.missed) for name, one in PROFILES.items()}
    assert weights == {
        "standard": (1, 0.11, 1),
        "reward low FP rate": (1, 0.22, 1),
        "reward low FN rate": (1, 0.11, 2),
    }


def test_the_first_seventh_of_a_file_is_not_scored_and_at_most_750_rows() -> None:
    assert (probation(100), probation(5000), probation(22_695)) == (15, 750, 750)
    early = with_scores(row_29=0.9, row_100=0.9)
    assert score_at(early, STANDARD, 0.5).false_alarms == 0
    assert score_at(with_scores(row_30=0.9, row_100=0.9), STANDARD, 0.5).false_alarms == 1


def test_the_left_edge_alone_is_perfect_and_nothing_is_zero() -> None:
    assert score_at(with_scores(row_100=0.9), STANDARD, 0.5).score == pytest.approx(100)
    assert score_at(with_scores(row_100=0.4), STANDARD, 0.5).score == 0
    assert best(with_scores(), STANDARD).score == 0


def test_only_the_earliest_detection_in_a_window_counts() -> None:
    later = score_at(with_scores(row_110=0.9, row_115=0.9), STANDARD, 0.5)
    weight = (2 / (1 + math.exp(-5 * 10 / 20)) - 1) / (2 / (1 + math.exp(-5)) - 1)
    assert later.score == pytest.approx(100 * (weight + 1) / 2)
    assert (later.found, later.windows, later.false_alarms) == (1, 1, 0)


def test_a_false_alarm_costs_less_soon_after_a_window() -> None:
    soon = score_at(with_scores(row_100=0.9, row_120=0.9), STANDARD, 0.5).score
    late = score_at(with_scores(row_100=0.9, row_199=0.9), STANDARD, 0.5).score
    before = score_at(with_scores(row_50=0.9, row_100=0.9), STANDARD, 0.5).score
    assert soon == pytest.approx(100 + 100 * 0.11 * (2 / (1 + math.exp(5 / 19)) - 1) / 2)
    assert before == late == pytest.approx(100 - 100 * 0.11 / 2)


def test_a_profile_weighs_misses_and_false_alarms() -> None:
    missed = [Scored(np.zeros(ROWS), [(50, 69), (100, 119)])]
    missed[0].scores[50] = 0.9
    low_fn = score_at(missed, PROFILES["reward low FN rate"], 0.5).score
    assert score_at(missed, STANDARD, 0.5).score == pytest.approx(50)
    assert low_fn == pytest.approx(100 * (1 - 2 + 4) / 6)
    alarmed = with_scores(row_50=0.9, row_100=0.9)
    assert score_at(alarmed, PROFILES["reward low FP rate"], 0.5).score == pytest.approx(100 - 11)


def test_the_best_threshold_is_one_for_all_files() -> None:
    files = with_scores(row_100=0.9, row_50=0.6) + with_scores(row_100=0.7)
    outcome = best(files, STANDARD)
    assert (outcome.threshold, outcome.found, outcome.false_alarms) == (0.7, 2, 0)
    assert outcome.score == pytest.approx(100)
    assert score_at(files, STANDARD, 0.8).score == pytest.approx(50)
