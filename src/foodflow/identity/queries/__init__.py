"""Every SELECT of identity, one module for each noun."""
