"""Brokers: what takes the events of all companies and hands them on to other programs, behind one interface."""

from foodflow.kernel.brokers.broker import Broker, BrokerError, Publication, broker_of

__all__ = ["Broker", "BrokerError", "Publication", "broker_of"]
