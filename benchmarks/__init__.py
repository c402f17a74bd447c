"""Benchmarks: one file per promise of speed, each figure as a ratio to a limit that was measured in the same run."""
