"""The audiences of a web process, which it begins and ends."""

from foodflow.live.usecases.audiences import Audiences

__all__ = ["Audiences"]
