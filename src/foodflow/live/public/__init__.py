"""What others may use of live sessions."""
