"""Wire shapes of live sessions."""
