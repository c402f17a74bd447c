"""A believable food plant for people who have no data yet: `plant` runs it, `equipment` says what stands in it."""
