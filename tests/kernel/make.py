"""Makes events and records of no particular context."""

from dataclasses import dataclass

from foodflow.kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class ThingHappened(Event):
    """Something happened to a thing; `number` tells the events of a thing apart."""

    type = "thing.happened"
    needs = "thing.read"
    thing: str
    number: int = 0

    @property
    def subject(self) -> str:
        return f"thing/{self.thing}"
