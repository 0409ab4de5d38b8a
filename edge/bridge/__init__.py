"""The wire to a microcontroller that solves matting tiles: words, frames, link, solver, and a simulator of the chip."""
