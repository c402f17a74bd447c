"""Pure functions over arrays and dataclasses: no I/O, no clock, no framework."""
