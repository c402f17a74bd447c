"""The pages of docs/generated: what the code says of itself. `python -m tools.docs` writes them, `… check` compares."""
