"""What others may use of identity, one module for each noun."""
