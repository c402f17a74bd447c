"""Queries of live sessions."""
