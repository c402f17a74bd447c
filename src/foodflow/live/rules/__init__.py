"""Decisions of live sessions."""
