"""`python -m edge` is the command `masque`, for places where no console script is installed."""
from edge.cli import main

main()
