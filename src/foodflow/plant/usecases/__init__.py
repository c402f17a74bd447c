"""The deeds of the plant, one module per noun."""
