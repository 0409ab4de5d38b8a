"""`masque bundle`: a signed Debian package for one board, and the program that settles it there."""
