"""Units: UCUM codes, what people write instead, and conversions by the definitions of the units."""

import pytest

from foodflow.kernel.errors import Conflict, Invalid
from foodflow.plant.rules import units
from foodflow.plant.rules.units import conversion, require_fixed, require_unit

GOLDEN = [
    ("Cel", "[degF]", 100, 212),
    ("[degF]", "Cel", -40, -40),
    ("[degF]", "K", 32, 273.15),
    ("K", "Cel", 0, -273.15),
    ("[psi]", "kPa", 1, 6.894757293168361),
    ("mm[Hg]", "Pa", 1, 133.322387415),
    ("kg/h", "g/s", 3.6, 1),
    ("L/min", "m3/h", 1, 0.06),
    ("[gal_us]/min", "L/min", 1, 3.785411784),
    ("%", "1", 50, 0.5),
    ("kW.h", "J", 1, 3.6e6),
    ("[in_i]", "mm", 1, 25.4),
    ("{pieces}/min", "/h", 2, 120),
    ("{pieces}", "1", 2, 2),
    ("bar{gauge}", "mbar", 1, 1000),
    ("Cel", "Cel", 0.1, 0.1),
]


@pytest.mark.parametrize(("of", "to", "value", "expected"), GOLDEN)
def test_a_value_is_told_in_another_unit(of: str, to: str, value: float, expected: float) -> None:
    assert conversion(of, to).of(value) == pytest.approx(expected, rel=1e-15, abs=1e-13)


@pytest.mark.parametrize(("of", "to"), [("Cel", "bar"), ("kg", "L"), ("dB", "1"), ("[pH]", "1"), ("10*9999", "1")])
def test_units_of_different_things_are_not_converted(of: str, to: str) -> None:
    with pytest.raises(Invalid, match="cannot be told"):
        conversion(of, to)


@pytest.mark.parametrize(
    ("text", "code"),
    [("°C", "Cel"), ("°F", "[degF]"), ("kg/hr", "kg/h"), ("RPM", "/min"), ("m³/h", "m3/h"), ("psi", "[psi]")],
)
def test_a_text_that_is_no_code_is_refused_with_the_code_that_it_means(text: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        require_unit(text)
    assert f"did you mean {code}?" in refused.value.detail
    assert (refused.value.errors[0].field, refused.value.errors[0].code) == ("unit_of_measure", "plant.unit.unknown")
    require_unit(code)


@pytest.mark.parametrize("text", ["", "foo", " Cel", "m99999", "10*99999999", "(" * 50, "Cel\n", "[degF", "{"])
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        require_unit(text)


def test_every_unit_of_every_day_and_every_code_that_is_suggested_is_a_code() -> None:
    codes = units.EVERYDAY | set(units._MEANT.values())
    assert [code for code in sorted(codes) if not units._is_code(code)] == []


def test_a_unit_stays_once_there_are_readings_unless_it_was_a_slip_of_the_pen() -> None:
    require_fixed("Cel", "Cel")
    require_fixed("°C", "Cel")
    for present, wanted in [("Cel", "K"), ("°C", "K"), ("/min", "Hz"), ("foo", "Cel")]:
        with pytest.raises(Conflict):
            require_fixed(present, wanted)
