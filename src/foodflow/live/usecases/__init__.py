"""Deeds of live sessions."""
