"""Our own checks on the code: what no linter knows about FoodFlow. `python -m tools.checks` runs them all."""
