"""Quantisation-aware training of the matting network: rounding as in quantize.qat, batches as in quantize.matte."""
from __future__ import annotations

import numpy as np

from quantize.matte.network import matte_network
from quantize.matte.train import MatteTraining
from quantize.network import keras
from quantize.qat import AwareTraining


class AwareMatteTraining(AwareTraining, MatteTraining):
    """See AwareTraining and MatteTraining. Export takes its weights; ranges are set by samples, as without it, for the
    projection goes into a layer that no training has seen."""

    def _plain(self, **shape_of_network) -> keras.Model:
        return matte_network(shape_of_network["channels"])

    def _taken(self, batch: tuple[np.ndarray, ...]) -> list[np.ndarray]:
        picture = batch[0] / np.float32(255)
        return [picture, np.concatenate([picture, batch[2]], axis=-1)]
