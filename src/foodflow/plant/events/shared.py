"""What every event of the plant says, and the permission that lets somebody hear of it."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from foodflow.kernel.events import Event

READ = "plant.read"


@dataclass(frozen=True, kw_only=True)
class OfPlant(Event):
    needs: ClassVar[str] = READ

    line_id: UUID
    plant_name: str

    @property
    def site(self) -> str:
        return self.plant_name
