"""How a model does where users try it: beyond the validation pictures as they are, as quantize.evaluate has them."""
