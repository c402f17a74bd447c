"""The deeds of identity, one module for each noun."""
