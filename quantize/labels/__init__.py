"""Polygons that people drew → class masks that training reads. Strangers' files: nothing in them is trusted."""
