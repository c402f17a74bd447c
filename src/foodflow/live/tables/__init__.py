"""Tables of live sessions."""
