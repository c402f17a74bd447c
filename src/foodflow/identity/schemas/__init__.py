"""Wire shapes of identity, one module for each noun."""
