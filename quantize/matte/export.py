"""A finished run of the matting network → `matte-TIER.tflite` and its card; refuses int8 that lost too much."""
from __future__ import annotations

import datetime
import hashlib
import platform
from collections import Counter
from pathlib import Path

import msgspec
import numpy as np

from edge.boards import load_tiers
from edge.card import Card, Port, Proof, Signature
from edge.errors import ModelError
from edge.matte_model import MatteModel
from edge.proof import matte_proof
from edge.segment.runtime import open_runtime
from quantize.dataset import PreparedSet
from quantize.export import finished_recipe, source_commit, write_model
from quantize.layer_report import LayerLoss, layer_losses, weakest
from quantize.matte.convert import ANSWERS, Parts, mixed, to_int8
from quantize.matte.evaluate import FloatMatteModel, errors_of, evaluate_matte
from quantize.matte.network import TILE_PX, matte_network
from quantize.matte.projection import LEARNED_SHARE, look_projection, patch_projection
from quantize.matte.samples import Sample, sample
from quantize.network import keras
from quantize.qat import AWARE, as_float, aware
from quantize.tflite.description import described
from quantize.train import AVERAGED
from quantize.warm_start import with_weights

ALLOWED_LOSS = 1.05
"""How many times float's MSE or SAD int8 may have, with any trimaps and any way to match pixels. Rounding moves links:
on the first models errors came out between 0.965 and 1.031 times float's."""

SAMPLES, SAMPLE_SEED = 60, 2 * 10**6
"""Drawn samples that the projections are fitted on and the ranges of activations set by; no training sample."""

PROBED = 6
"""Of these, samples on which every layer of the int8 file is compared with float."""

LIMITS = ["Trained on drawn shapes and strands in the colours of portraits and rooms, not on measured alphas: "
          "real fur and hair are softer.",
          "The correction mends drawn strands and makes single errors on measured alphas larger: see README, "
          "Matting."]


def export_matte(run: Path, sets: Path, data: Path, out: Path, licence: str,
                 dimensions: int | None = None) -> tuple[Card, list[LayerLoss]]:
    """Quantises a finished run, compares with float on the matting pictures of `data` and writes model and card.

    Raises ModelError, naming trimaps, way, both figures and the weakest layer, when int8 loses more than ALLOWED_LOSS;
    nothing is written then. DataError: the run is not finished, or of other sets.
    """
    recipe, pictures = finished_recipe(run, sets)
    recipe["dimensions"] = dimensions or load_tiers()[recipe["tier"]].feature_dimensions.value
    samples = drawn_samples(pictures)
    reference = parts_of(with_weights(matte_network(recipe["channels"]), run / AVERAGED), samples, recipe["dimensions"])
    parts, method = reference, "post-training"
    if (run / AWARE).is_file():
        parts = parts_of(_learned_rounding(run, reference.network), samples, recipe["dimensions"])
        method = "aware weights"
    content = to_int8(parts, samples)
    card = _draft_card(content, parts, recipe, pictures)
    model = MatteModel(content, card, open_runtime("ai-edge-litert"))
    of_float = evaluate_matte(FloatMatteModel(reference, card), recipe["tier"], data)
    of_int8 = evaluate_matte(model, recipe["tier"], data)
    losses = _layers(parts.network, content, samples[:PROBED])
    refuse_losses(of_float, of_int8, losses)
    weak = weakest(losses)
    card = msgspec.structs.replace(
        card, licence=licence, proof=matte_proof(model),
        metrics={**{f"int8.{name}": value for name, value in of_int8.items()},
                 **{f"float.{name}": of_float[name] for name in errors_of(of_float)}},
        quantisation={"method": method, "weakest_layer": weak.layer, "its_own_snr_db": weak.own_db,
                      "its_worst_channel": weak.worst_channel, "worst_channel_snr_db": weak.worst_channel_db})
    write_model(card, content, out)
    return card, losses


def drawn_samples(pictures: PreparedSet) -> list[Sample]:
    """What projections are fitted on, and ranges set by; black and white are among them."""
    samples = [sample(pictures, TILE_PX, np.random.default_rng([SAMPLE_SEED, i])) for i in range(SAMPLES)]
    samples[0].pixels[0, 0], samples[0].pixels[0, 1] = 0, 255
    return samples


def parts_of(network: keras.Model, samples: list[Sample], dimensions: int) -> Parts:
    """The network with both projections to so many dimensions."""
    looks = keras.Model(network.inputs[0], network.output["looks"])
    return Parts(network, patch_projection(samples, dimensions), look_projection(looks, samples, dimensions))


def _learned_rounding(run: Path, network: keras.Model) -> keras.Model:
    """The weights of quantisation-aware training in a float network."""
    twin = keras.models.clone_model(network)
    as_float(with_weights(aware(network), run / AWARE), twin)
    return twin


def refuse_losses(of_float: dict[str, float], of_int8: dict[str, float], losses: list[LayerLoss]) -> None:
    """Raises ModelError when int8 lost too much anywhere."""
    for name in errors_of(of_float):
        if of_int8[name] > ALLOWED_LOSS * of_float[name]:
            weak = weakest(losses)
            raise ModelError(
                f"export refused: {name} is {of_int8[name]:.4f} in int8 and {of_float[name]:.4f} in float, "
                f"{of_int8[name] / of_float[name]:.3f} times as much; at most {ALLOWED_LOSS} is allowed. The layer "
                f"that loses most by itself is {weak.layer} ({weak.own_db} dB, its channel {weak.worst_channel} "
                f"{weak.worst_channel_db} dB)")


def _layers(network: keras.Model, content: bytes, samples: list[Sample]) -> list[LayerLoss]:
    picture, alpha = network.inputs
    return [*layer_losses(keras.Model(picture, network.output["looks"]), content, "features_learned",
                          [s.pixels for s in samples]),
            *layer_losses(keras.Model(alpha, network.output["correction"]), content, "refine",
                          [mixed(s) for s in samples])]


def _ports(content: bytes) -> dict[str, dict[str, Port]]:
    """Signature → port → its shape, scale and zero point, as the file has them."""
    interpreter = open_runtime("ai-edge-litert").module.Interpreter(model_content=content)
    runners = {name: interpreter.get_signature_runner(name) for name in ANSWERS}
    return {name: {port: Port(tuple(map(int, told["shape"])), *told["quantization"])
                   for port, told in (runner.get_input_details() | runner.get_output_details()).items()}
            for name, runner in runners.items()}


def _draft_card(content: bytes, parts: Parts, recipe: dict, pictures: PreparedSet) -> Card:
    """The card without its figures; shapes and scales as the file has them, the loader checks them again."""
    descriptions, ports = described(content), _ports(content)
    rows = [pictures.rows[i] for i in (*pictures.train, *pictures.backdrops)]
    signatures = {name: Signature(ports[name]["picture"], {answer: ports[name][answer]},
                                  operators=sum(descriptions[name].operators.values()), macs=descriptions[name].macs,
                                  arena_bytes=descriptions[name].arena_bytes) for name, answer in ANSWERS.items()}
    return Card(
        kind="matte", tier=recipe["tier"], sha256=hashlib.sha256(content).hexdigest(), size_bytes=len(content),
        parameters=parts.network.count_params(), classes=(), signatures=signatures, recipe=recipe,
        data={"set_sha256": pictures.sha256, "pictures": dict(Counter(row["source"] for row in rows)),
              "alphas": "drawn: blobs, masks of labelled persons and strands over them, exact by construction",
              "licences": sorted({row["licence"] for row in rows if row["licence"]})},
        quantisation={}, metrics={}, commit=source_commit(), limits=LIMITS, licence="",
        measured=f"{datetime.date.today()}, {platform.machine()}, `masque-quantize export --kind matte`: unknown "
                 "pixels at the tier's working size, MSE in thousandths; share of variance kept: pca "
                 f"{parts.pca.kept:.3f}, learned {parts.learned.kept:.3f} (what is learned at weight {LEARNED_SHARE})",
        proof=Proof("", "", "", (0, 0), ""))
