"""What the plant tells, one module per noun."""
