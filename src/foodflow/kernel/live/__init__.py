"""Live messages: what a transaction publishes reaches this company's open pages the moment it commits."""

from foodflow.kernel.live.publishing import CHANNEL, Message, publish, write

__all__ = ["CHANNEL", "Message", "publish", "write"]
