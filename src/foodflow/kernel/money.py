"""Money: amounts as decimals that travel with their currency (ISO 4217), rounded to what the currency has coins for."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from foodflow.kernel.errors import FieldError, Invalid

_TWO: Final = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE CZK
DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD
KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP
PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH
USD UYU UZS VES WST XCD XCG YER ZAR ZMW ZWG
"""
_NONE: Final = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THREE: Final = "BHD IQD JOD KWD LYD OMR TND"

DECIMALS: Final = {code: decimals for codes, decimals in ((_TWO, 2), (_NONE, 0), (_THREE, 3)) for code in codes.split()}
"""The currencies in use (ISO 4217) and how many decimals each one's smallest coin takes."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a currency; amounts of different currencies are never added."""

    amount: Decimal
    currency: str

    def __add__(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} cannot be added")
        return Money(self.amount + other.amount, self.currency)

    @property
    def rounded(self) -> "Money":
        """The same to the smallest coin, half to the even one, so that sums of many do not drift."""
        return Money(rounded(self.amount, self.currency), self.currency)


def rounded(amount: Decimal, currency: str) -> Decimal:
    """An amount to the smallest coin of its currency, half to the even one."""
    return amount.quantize(Decimal(1).scaleb(-DECIMALS[currency]), ROUND_HALF_EVEN)


def require_currency(code: str, *, field: str = "currency") -> str:
    """A code of ISO 4217 that is in use."""
    if code not in DECIMALS:
        message = f"{code[:10]!r} is not a currency of ISO 4217, such as EUR or USD"
        raise Invalid.because(FieldError(field, message, "money.unknown_currency"))
    return code
