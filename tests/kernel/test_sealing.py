"""Sealing: what is read again is read whole, by the same key alone."""

import pytest

from foodflow.kernel.sealing import BrokenSealError, Sealer

KEY = "a key that is long enough for this"


def test_what_was_sealed_is_opened_as_it_was() -> None:
    for content in (b"", b"secret", bytes(range(256)) * 100):
        assert Sealer(KEY).open(Sealer(KEY).seal(content)) == content


def test_a_seal_shows_nothing_of_its_content_and_is_never_the_same() -> None:
    sealer = Sealer(KEY)
    first, second = sealer.seal(b"secret"), sealer.seal(b"secret")
    assert first != second
    assert b"secret" not in first


def test_another_key_and_every_change_break_the_seal() -> None:
    sealed = Sealer(KEY).seal(b"secret")
    with pytest.raises(BrokenSealError):
        Sealer(KEY + "x").open(sealed)
    for place in range(len(sealed)):
        changed = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        with pytest.raises(BrokenSealError):
            Sealer(KEY).open(changed)
