"""Rules of webhooks: which addresses are taken, and how long is waited."""

from datetime import timedelta

import pytest

from foodflow.kernel.errors import Invalid
from foodflow.kernel.webhooks import rules


def test_a_public_installation_takes_no_address_of_its_own_machine() -> None:
    rules.require_address("http://127.0.0.1:9000/", local=True)
    with pytest.raises(Invalid):
        rules.require_address("http://127.0.0.1:9000/", local=False)


def test_delays_grow_bear_jitter_and_end() -> None:
    assert rules.delay_after(1, chance=0) == timedelta(seconds=5)
    assert rules.delay_after(1, chance=1) == timedelta(seconds=6)
    assert rules.delay_after(1, chance=0, retry_after=77) == timedelta(seconds=77)
    assert rules.delay_after(1, chance=0, retry_after=10**6) == timedelta(hours=6)
    assert rules.delay_after(len(rules.DELAYS), chance=0) == timedelta(hours=6)
    assert rules.delay_after(len(rules.DELAYS) + 1, chance=0) is None
    assert list(rules.DELAYS) == sorted(rules.DELAYS)
    assert 23 * 3600 < sum(rules.DELAYS) < 26 * 3600
