"""A finished run → int8 TFLite and its card; refuses a file whose int8 lost more than ALLOWED_LOSS of its float."""
from __future__ import annotations

import base64
import datetime
import hashlib
import json
import platform
from collections import Counter
from pathlib import Path

import msgspec
import numpy as np

import edge.demo
from edge.boards import load_tiers
from edge.card import Card, Proof, Signature, card_path, model_path
from edge.errors import DataError, ModelError
from edge.frame import Region
from edge.photograph import read_photograph
from edge.preprocess import letterbox
from edge.segment.runtime import open_runtime
from edge.segment.tflite import TfliteSegmenter
from quantize.convert import ORIENTATIONS, signature_name, to_int8_tflite
from quantize.dataset import PreparedSet
from quantize.evaluate import KerasSegmenter, evaluate
from quantize.network import segmentation_network

ALLOWED_LOSS = 0.01
"""Person IoU that int8 may lose against float on any source of the validation split: one point."""

REPRESENTATIVE = 160
"""Training pictures per orientation that set the activation ranges."""

LIMITS = ["Person against background only; parts of a person are not told apart.",
          "Weak on full-length and distant people, on seats and table tops in the colour of clothes, and on several "
          "people at different distances: such pictures are rare in its training set.",
          "Not measured per skin tone, age or gender."]


def export(run: Path, sets: Path, data: Path, out: Path, licence: str) -> Card:
    """Quantises the run's averaged weights, compares with float on `data` and writes `out/seg-TIER.tflite` + card.

    Raises ModelError, naming source and both figures, when int8 loses more than ALLOWED_LOSS; nothing is written then.
    """
    weights = run / "averaged.weights.h5"
    if not weights.is_file():
        raise DataError(f"{run}: holds no averaged.weights.h5; the training is not finished: "
                        "`masque-quantize train` with the same --out goes on with it")
    recipe = json.loads((run / "recipe.json").read_text(encoding="utf-8"))
    pictures = PreparedSet(sets / recipe["tier"])
    if pictures.sha256 != recipe["set_sha256"]:
        raise DataError(f"{sets / recipe['tier']}: set {pictures.sha256[:12]}… is not {recipe['set_sha256'][:12]}…, "
                        "on which this run was trained; its card would name the wrong pictures and licences")
    tier = load_tiers()[recipe["tier"]]
    portrait = (tier.height.value, tier.width.value)
    network = segmentation_network(recipe["width"])
    network.load_weights(weights)
    content = to_int8_tflite(network, portrait, representative_pictures(pictures, portrait))
    card = _draft_card(content, recipe, pictures, network.count_params(), portrait)
    runtime = open_runtime("ai-edge-litert")
    segmenter = TfliteSegmenter(content, card, runtime, threads=1, mirror=True)
    metrics = _compared(evaluate(KerasSegmenter(network, portrait), recipe["tier"], data),
                        evaluate(segmenter, recipe["tier"], data))
    proof = proof_of(TfliteSegmenter(content, card, runtime, threads=1))
    card = msgspec.structs.replace(card, metrics=metrics, proof=proof, licence=licence)
    out.mkdir(parents=True, exist_ok=True)
    path = model_path("seg", recipe["tier"], out)
    described = msgspec.json.format(msgspec.json.encode(card), indent=2) + b"\n"
    for place, data_bytes in ((path, content), (card_path(path), described)):
        beside = place.with_name(f".{place.name}.part")
        beside.write_bytes(data_bytes)
        beside.replace(place)
    return card


def representative_pictures(pictures: PreparedSet, portrait: tuple[int, int]) -> dict[str, list[np.ndarray]]:
    """Evenly spread training pictures, letterboxed as at run time; a black and a white pixel fix the input range."""
    chosen = [pictures.train[i] for i in np.linspace(0, len(pictures.train) - 1, REPRESENTATIVE).astype(int)]
    boxed = {}
    for orientation, shape in zip(ORIENTATIONS, (portrait, portrait[::-1]), strict=True):
        boxed[orientation] = [letterbox(pictures.picture(i).pixels, shape) for i in chosen]
        boxed[orientation][0][0, 0], boxed[orientation][0][0, 1] = 0, 255
    return boxed


def proof_of(segmenter: TfliteSegmenter) -> Proof:
    """What the model answers for the stored portrait; `masque doctor --prove` asks the same again elsewhere."""
    path = Path(edge.demo.__file__).with_name("portrait.jpg")
    pixels = read_photograph(path).pixels
    mask = segmenter.segment(pixels, Region.whole(pixels.shape)).values > 0.5
    return Proof(picture=path.name, picture_sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
                 signature="person_portrait", shape=(mask.shape[0], mask.shape[1]),
                 mask=base64.b64encode(np.packbits(mask).tobytes()).decode())


def _compared(of_float: dict[str, float], of_int8: dict[str, float]) -> dict[str, float]:
    """Both sets of figures under int8./float. names. Raises ModelError when int8 lost too much."""
    for name, value in of_float.items():
        if name.endswith("person_iou") and value - of_int8[name] > ALLOWED_LOSS:
            raise ModelError(f"export refused: {name} is {of_int8[name]:.4f} in int8 and {value:.4f} in float, "
                             f"a loss of {value - of_int8[name]:.4f}; at most {ALLOWED_LOSS} is allowed")
    return {**{f"int8.{k}": v for k, v in of_int8.items()}, **{f"float.{k}": v for k, v in of_float.items()}}


def _draft_card(content: bytes, recipe: dict, pictures: PreparedSet, parameters: int,
                portrait: tuple[int, int]) -> Card:
    """The card without its figures; shapes and scales are what the network must have, the loader checks the file."""
    def signature(shape: tuple[int, int]) -> Signature:
        return Signature((1, *shape, 3), 1 / 255, -128, (1, *shape), 1 / 256, -128)

    trained_on, backdrops = ([pictures.rows[i] for i in part] for part in (pictures.train, pictures.backdrops))
    data: dict[str, str | int | dict[str, int] | list[str]] = {
        "set_sha256": pictures.sha256, "pictures": dict(Counter(row["source"] for row in trained_on)),
        "backdrops": len(pictures.backdrops),
        "licences": sorted({row["licence"] for row in [*trained_on, *backdrops] if row["licence"]})}
    shapes = dict(zip(ORIENTATIONS, (portrait, portrait[::-1]), strict=True))
    return Card(
        kind="seg", tier=recipe["tier"], sha256=hashlib.sha256(content).hexdigest(), size_bytes=len(content),
        parameters=parameters, classes=("background", "person"),
        signatures={signature_name(o): signature(shape) for o, shape in shapes.items()},
        recipe=recipe, data=data, metrics={}, limits=LIMITS, licence="",
        measured=f"{datetime.date.today()}, {platform.machine()}, `masque-quantize export`: validation split, "
                 "still path --quality fast, threshold 0.5, own size",
        proof=Proof("", "", "", (0, 0), ""))
