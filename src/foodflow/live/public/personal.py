"""What live sessions hold about a person, for whoever gives it out or erases them."""

from foodflow.live.usecases.personal import forget, recorded_by

__all__ = ["forget", "recorded_by"]
