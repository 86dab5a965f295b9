"""`python -m turnwise` is `turnwise`."""

from turnwise.cli.main import main

main()
