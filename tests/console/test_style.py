"""The style sheet: what is to be read can be read, on light and on dark ground (WCAG 2.2, success criterion 1.4.3)."""

import re
from itertools import product

import pytest

from foodflow.console import assets

ENOUGH = 4.5
STATES = ("running", "idle", "changeover", "downtime", "maintenance", "not_scheduled", "unrecorded")
TEXTS = ("ink", "quiet", "link", "running", "idle", "downtime")
GROUNDS = ("card", "ground", "alarm-ground")
SCHEMES = ("light", "dark")


def colours(scheme: str, name: str = "console.css") -> dict[str, str]:
    sheet = assets.asset(name).content.decode()
    blocks = re.findall(r":root \{(.*?)\}", sheet, re.DOTALL)
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", blocks[SCHEMES.index(scheme)]))


def luminance(colour: str) -> float:
    channels = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_texts_stand_out_from_every_ground(scheme: str) -> None:
    found = colours(scheme)
    low = {
        (text, ground): contrast(found[text], found[ground])
        for text, ground in product(TEXTS, GROUNDS)
        if contrast(found[text], found[ground]) < ENOUGH
    }
    assert low == {}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_name_of_a_state_stands_out_from_its_colour(scheme: str) -> None:
    found = colours(scheme)
    assert min(contrast(found["on-state"], found[state]) for state in STATES) >= ENOUGH


@pytest.mark.parametrize("scheme", SCHEMES)
def test_live_sessions_have_the_colours_of_all_other_pages(scheme: str) -> None:
    found = colours(scheme, "live.css")
    assert len(found) >= len(TEXTS)
    assert found.items() <= colours(scheme).items()
