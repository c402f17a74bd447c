"""What is told of webhooks."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from foodflow.kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class WebhookDisabled(Event):
    """A webhook was switched off by itself: its receiver said that it is gone, has failed for days, or there is nothing
    to sign with.
    """

    type: ClassVar[str] = "events.webhook.disabled"
    needs: ClassVar[str] = "events.manage_webhooks"

    webhook_id: UUID
    reason: str

    @property
    def subject(self) -> str:
        return f"events.webhook/{self.webhook_id}"
