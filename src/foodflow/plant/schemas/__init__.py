"""Wire shapes of the plant, one module per noun."""
