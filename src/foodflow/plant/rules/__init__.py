"""Decisions of the plant, one module per noun, and their refusals."""
