"""Tables of the plant, one module per noun."""
