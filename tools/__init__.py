"""For everybody with a board on the desk: the demo, benchmarks, and how the demo's truth was made."""
