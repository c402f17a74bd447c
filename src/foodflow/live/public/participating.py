"""The places that participants hold, and the tokens that say so."""

from foodflow.live.rules.participants import Participation, sign

__all__ = ["Participation", "sign"]
