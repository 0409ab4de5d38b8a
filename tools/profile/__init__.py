"""`masque profile`: where a frame's time, memory and energy go on this board, from start to the thousandth frame."""
