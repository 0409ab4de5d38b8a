"""A microcontroller's tables: what they are learned from, labelled signals of 800 samples, and how, two vectors and 32
prototypes."""
