"""Every SELECT of the plant, one module per noun."""
