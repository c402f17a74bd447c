"""Posting one event to one address: signed, bounded in time and size, and never into our own network."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from foodflow.kernel import clock, telemetry
from foodflow.kernel.outside_sites import SiteError, Sites, is_private_host
from foodflow.kernel.webhooks import signing

GONE = 410
_SUCCESS = range(200, 300)
_HEADERS = {"content-type": "application/cloudevents+json; charset=utf-8", "user-agent": "FoodFlow-Webhooks/1"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attempt: the status and the beginning of the answer, or why there is none."""

    status: int | None
    answer: str
    seconds: float = 0.0
    retry_after: int | None = None

    @property
    def delivered(self) -> bool:
        """Whether the receiver has taken it."""
        return self.status in _SUCCESS


class Post:
    """Sends events to receivers; to those of private networks only from an installation that people reach in one."""

    def __init__(self, public_url: str) -> None:
        self.address = public_url
        self.local = is_private_host(urlsplit(public_url).hostname or "")
        self._sites = Sites(private=self.local)

    async def send(self, url: str, event: dict[str, Any], keys: Sequence[str]) -> Outcome:
        """Send a CloudEvent, signed with each of the keys."""
        body = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {**_HEADERS, **signing.headers(event["id"], clock.now(), body, keys)}
        began = time.perf_counter()
        try:
            receipt = await self._sites.send(url, body, headers)
        except SiteError as error:
            outcome = Outcome(None, str(error), time.perf_counter() - began)
        else:
            took = time.perf_counter() - began
            outcome = Outcome(receipt.status, receipt.beginning, took, receipt.retry_after)
        telemetry.WEBHOOK_ATTEMPTS.labels("delivered" if outcome.delivered else "failed").inc()
        telemetry.WEBHOOK_SECONDS.observe(outcome.seconds)
        return outcome


def ping(tenant: str, webhook_id: str) -> dict[str, Any]:
    """A CloudEvent that tells of nothing but that somebody tries a webhook."""
    return {
        "specversion": "1.0",
        "id": str(clock.new_id()),
        "source": f"/companies/{tenant}",
        "type": "foodflow.events.webhook.tested",
        "subject": f"events.webhook/{webhook_id}",
        "time": clock.now().isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "tenantid": tenant,
        "data": {"webhook_id": webhook_id},
    }
