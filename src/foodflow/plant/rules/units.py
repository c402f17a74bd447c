"""Units: UCUM codes, and what a value of one is in another."""

import math
import re
import threading
from dataclasses import dataclass
from decimal import Decimal, localcontext
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from foodflow.kernel.errors import Conflict, FieldError, Invalid

if TYPE_CHECKING:
    from ucumvert import PintUcumRegistry  # type: ignore[import-untyped]  # it has no types

EVERYDAY: Final = frozenset(
    {"1", "%", "Cel", "[degF]", "K", "bar", "mbar", "Pa", "kPa", "L", "L/min", "L/h", "m3/h", "kg", "g", "kg/h", "t/h"}
    | {"mm", "m", "mm/s", "m/s", "Hz", "/min", "/h", "V", "A", "kW", "kW.h", "N", "N.m", "s", "min", "h", "[pH]"}
)
"""Codes that need not be looked up: the register of units takes a second to load."""
_WRITTEN: Final = """
Cel °c degc celsius
[degF] °f degf fahrenheit
K °k kelvin
% percent brix °bx
%{RH} %rh rh
[psi] psi
[psi]{gauge} psig
[ppm] ppm
[ppb] ppb
[pH] ph
/min rpm r/min 1/min upm
m3 m³ m^3
m3/h m³/h m^3/h m3/hr
L ltr litre liter
L/min lpm l/m
L/h l/hr
kg/h kg/hr
[lb_av] lb lbs
[oz_av] oz
[gal_us] gal
[gal_us]/min gpm
[in_i] in inch
[ft_i] ft
kW.h kwh
W.h wh
s sec secs
min mins
h hr hour
{pieces} pcs pieces
{pieces}/min pcs/min
{units} units
{units}/min units/min
mm[Hg] mmhg
um µm μm
uS/cm µs/cm μs/cm
Ohm ohm ω
deg °
dB db
[HP] hp
N.m nm
1 none - count
"""
_MEANT: Final = {text: code for code, *texts in map(str.split, _WRITTEN.strip().splitlines()) for text in texts}
"""What people write, in small letters, and the code for it."""
_ANNOTATION: Final = re.compile(r"\{[^{}]*\}")
_HUGE: Final = re.compile(r"[0-9]{5}")
_PRECISION: Final = 40
_CROOKED: Final = Decimal("1e-20")
_load: Final = threading.Lock()


class UnitsIncompatible(Invalid):
    """A value of one unit is no value of the other."""

    code = "plant.unit.incompatible"


class UnitFixed(Conflict):
    """The unit says what the stored values mean; with another one they would mean something else."""

    code = "plant.unit.fixed"


@dataclass(frozen=True, slots=True)
class Conversion:
    """How a value of one unit becomes one of another: times `factor`, plus `offset` (which temperatures have)."""

    factor: float
    offset: float

    def of(self, value: float) -> float:
        """A value in the other unit."""
        return value if self.changes_nothing else value * self.factor + self.offset

    @property
    def changes_nothing(self) -> bool:
        """Whether both units say the same."""
        return self.factor == 1 and self.offset == 0


UNCHANGED: Final = Conversion(1, 0)
"""From a unit to itself."""


def require_unit(unit: str, *, field: str = "unit_of_measure") -> None:
    """A unit is a UCUM code; where somebody wrote what a code stands for, the refusal says the code."""
    if unit in EVERYDAY or _is_code(unit):
        return
    meant = _MEANT.get(unit.strip().lower())
    hint = f"; did you mean {meant}?" if meant else "; such as Cel, [degF], bar, kg/h, L/min, % or 1"
    raise Invalid.because(FieldError(field, f"{unit[:50]!r} is not a UCUM code{hint}", "plant.unit.unknown"))


def require_fixed(present: str, wanted: str) -> None:
    """The unit of a sensor that has readings stays; but a text that was no code may become the code that it meant."""
    if wanted == present or (_MEANT.get(present.strip().lower()) == wanted and not _is_code(present)):
        return
    raise UnitFixed(f"there are readings or calibrations in {present}; set up another sensor for values in {wanted}")


def conversion(of: str, to: str, *, field: str = "unit") -> Conversion:
    """How values of a unit become values of another; refused where they measure something else."""
    if of == to:
        return UNCHANGED
    found = _conversion(of, to)
    if found is None:
        message = f"values in {of} cannot be told in {to}"
        raise UnitsIncompatible(message, errors=(FieldError(field, message, UnitsIncompatible.code),))
    return found


@lru_cache(4096)
def _is_code(unit: str) -> bool:
    from ucumvert import InvalidUcumError, parse_ucum  # noqa: PLC0415 - loaded when somebody names a rare unit

    if _HUGE.search(_ANNOTATION.sub("", unit)) or unit != unit.strip():
        return False
    try:
        with _load:
            parse_ucum(unit, _parser())
    except InvalidUcumError:
        return False
    return True


@lru_cache(4096)
def _conversion(of: str, to: str) -> Conversion | None:
    """Three values of one unit in the other lie on a line, or there is no such conversion (as of decibels)."""
    if not _is_code(of):
        return None
    with _load, localcontext(prec=_PRECISION):
        try:
            zero, one, two = (_told(Decimal(value), of, to) for value in (0, 1, 2))
        except Exception:  # noqa: BLE001 - the parser, the units and the numbers each have their own; all say no
            return None
        factor = one - zero
        if not factor or not math.isfinite(float(factor)) or abs(two - one - factor) > abs(factor) * _CROOKED:
            return None
        return Conversion(float(factor), float(zero))


def _told(value: Decimal, of: str, to: str) -> Decimal:
    """A value in another unit; what a code says before its unit (`100/{cells}`) counts on both sides."""
    units = _register()
    given, wanted = (units.from_ucum(unit if _ANNOTATION.sub("", unit) else "1") for unit in (of, to))
    told = units.Quantity(value * Decimal(str(given.magnitude)), given.units).to(wanted.units)
    return Decimal(str(told.magnitude)) / Decimal(str(wanted.magnitude))


@lru_cache(1)
def _parser() -> object:
    from ucumvert import get_ucum_parser  # noqa: PLC0415 - the same

    parser: object = get_ucum_parser()
    return parser


@lru_cache(1)
def _register() -> "PintUcumRegistry":
    from ucumvert import PintUcumRegistry  # noqa: PLC0415 - the same

    return PintUcumRegistry(non_int_type=Decimal)
