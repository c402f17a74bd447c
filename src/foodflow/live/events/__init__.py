"""Events of live sessions."""
