"""The model file itself: what it computes, the memory it plans, what an Edge TPU takes, and the same in fewer bytes."""
