"""Decisions about companies, people, what they may and what they prove themselves with, and the refusals of each."""
