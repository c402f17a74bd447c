"""`python -m foodflow`: the same as the `foodflow` command."""

from foodflow.cli import main

main()
