"""Anomalies in streams of readings: `watching` is the way in, each other module is one family of rules or one step."""
