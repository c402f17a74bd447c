"""Which passwords are taken, and how often a forgotten one is helped with."""

import re
from collections.abc import Iterable
from datetime import timedelta

from foodflow.kernel.errors import Conflict, FieldError, Invalid

MIN_PASSWORD, MAX_PASSWORD = 8, 256
RESET_LIFE = timedelta(hours=1)
RESETS_AN_HOUR = 3
"""Mails to one address, whoever asks for them."""

_LONGEST_DATE = 10
_LOOK_ALIKES = str.maketrans("0134578@$!", "oleastbasi")
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    "1q2w3e4r5t6y7u8i9o0p",
)
_LIST = """
password passwort passwd motdepasse contrasena parola senha secret geheim letmein welcome willkommen bienvenue hello
hallo admin administrator adminadmin root superuser user guest test tester testing demo default changeme iloveyou
loveyou trustno princess sunshine monkey dragon football baseball basketball soccer hockey superman batman starwars
pokemon master shadow michael jennifer jessica jordan ashley daniel charlie thomas computer internet samsung google
facebook whatever freedom flower summer winter spring autumn fall sommer fruhling herbst january february march april
june july august september october november december monday tuesday wednesday thursday friday saturday sunday
liverpool chelsea arsenal juventus barcelona chocolate butterfly cookie pepper ginger cheese banana orange mustang
ferrari porsche corvette access login company factory production operator manager supervisor quality foodflow oneone
secure security qwerty qwertz azerty asdf asdfgh asdfghjkl zxcvbnm abc abcd abcde abcdef passw passwrd mypassword
thepassword newpassword blink killer hunter harley ranger buster tigger maggie matrix ninja phoenix purple silver
diamond jesus angel angels lovely babygirl
"""
_COMMONEST = frozenset(_LIST.split())
"""Words of the passwords that are guessed first, without the digits and signs that people put around them."""


class NoPassword(Conflict):
    """This account has no password: its holder has not accepted yet, or signs in elsewhere."""

    code = "identity.no_password"


def require_acceptable_password(password: str, known: Iterable[str] = (), *, field: str = "password") -> None:
    """Length is what counts (NIST SP 800-63B, section 5.1.1.2: no rules of composition), and that it is none of those
    that are guessed first: what is `known` of the person (user name, address, company), or what everybody takes.
    """
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        message = f"must have {MIN_PASSWORD} to {MAX_PASSWORD} characters"
        raise Invalid.because(FieldError(field, message, "identity.password_length"))
    if _plain(password) in {_plain(each) for text in known for each in (text, text.partition("@")[0]) if each}:
        message = "must not be your user name, your e-mail address or your company"
        raise Invalid.because(FieldError(field, message, "identity.password_personal"))
    if _is_guessed_first(password.casefold()):
        message = "is one of those that are guessed first; take a few words that do not belong together"
        raise Invalid.because(FieldError(field, message, "identity.password_common"))


def _is_guessed_first(password: str) -> bool:
    """Whether it is a short piece over and over, a run of the alphabet, of digits or of keys, or one of
    the commonest words with nothing but digits and signs around it, or so few digits and signs that it may be a date.
    """
    if re.fullmatch(r"(.{1,4}?)\1+.{0,3}", password, re.DOTALL) and len(set(password)) <= 4:  # noqa: PLR2004 - a piece
        return True
    if any(password in 2 * run for row in _ROWS for run in (row, row[::-1])):
        return True
    words = _words(password)
    if not words:
        return len(password) <= _LONGEST_DATE
    meant = _words(re.sub(r"[\W\d_]+$", "", password).translate(_LOOK_ALIKES))
    return any(len(each) == 1 and each <= _COMMONEST for each in (words, meant))


def _words(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]+", text))


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())
