"""The ways in: bodies of many readings, in five formats, as columns; pure functions from bytes."""
