"""Sensor readings from delimited text of any source: `detection` finds the layout, `parsing` reads."""
