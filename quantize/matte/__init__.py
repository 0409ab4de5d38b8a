"""The matting model: patch features for the links, and a correction of solved alphas."""
