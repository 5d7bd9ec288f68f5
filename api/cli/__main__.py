"""`python -m api.cli` is `keyart`."""

from api.cli import main

main()
