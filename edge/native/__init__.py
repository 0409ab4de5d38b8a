"""The hot loops in C, compiled by setup.py: `from edge.native import loops`. Their slow twins live in the tests."""
