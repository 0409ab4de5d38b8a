"""A finished run → int8 TFLite and its card; refuses a file whose int8 lost more than ALLOWED_LOSS of its float."""
from __future__ import annotations

import base64
import datetime
import hashlib
import json
import platform
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

import edge.demo
from edge.boards import load_tiers
from edge.card import Card, Port, Proof, Signature, card_path, model_path
from edge.errors import DataError, ModelError
from edge.frame import CLASSES, Region
from edge.photograph import read_photograph
from edge.preprocess import letterbox
from edge.segment.runtime import open_runtime
from edge.segment.tflite import TfliteSegmenter
from quantize.convert import ORIENTATIONS, OUTPUTS, signatures_of, to_int8_tflite
from quantize.dataset import HEADWEAR, PreparedSet
from quantize.evaluate import KerasSegmenter, evaluate, score, still_cut
from quantize.judge.parts import evaluate_parts, still_classes
from quantize.judge.skin_tone import CATEGORIES, by_tone, skin_cases
from quantize.layer_report import LayerLoss, layer_losses, weakest
from quantize.manifest import read_manifest
from quantize.network import keras, network_of, tf
from quantize.qat import AWARE, as_float, aware
from quantize.tflite.description import described
from quantize.train import AVERAGED, CLASS_WEIGHTS
from quantize.warm_start import with_weights
from quantize.whole_file import write_whole

ALLOWED_LOSS = {"person_iou": 0.01, "boundary_f": 0.02}
"""What int8 may lose against float on any source of the validation split."""

REPRESENTATIVE = 160
"""Training pictures per orientation that set the activation ranges."""

PROBED = 12
"""Of these, pictures on which every layer of the int8 file is compared with float."""

BORROWED = 3.0
"""How much oftener training shows headwear than its pictures do: hatted ones are drawn oftener, and hats are borrowed.
Six-class mean IoU of the large model on 276 celebamask training pictures: 0.752 with 1, 0.764 with 3, 0.759 with 8."""

LIMITS = ["Weak on full-length and distant people, on seats and table tops in the colour of clothes, and on several "
          "people at different distances: such pictures are rare in its training set.",
          "Headwear is the least sure of the parts: one training pixel in two hundred.",
          "Skin tones are estimated from labelled skin pixels of the validation pictures; age is not labelled, so "
          "not measured."]


def export(run: Path, sets: Path, data: Path, out: Path, licence: str) -> tuple[Card, list[LayerLoss]]:
    """Quantises a finished run, compares with float on `data` and writes `out/seg-TIER.tflite` + card.

    A run of `qat` brings its own ranges; its float weights are what it began from. Raises ModelError, naming source,
    both figures and the weakest layer, when int8 loses more than ALLOWED_LOSS; nothing is written then.
    """
    finished = FinishedRun.read(run, sets)
    boxed = representative_pictures(finished.pictures, finished.portrait)
    content = to_int8_tflite(finished.to_convert, finished.portrait, boxed)
    losses = layer_losses(finished.as_float, content, "all_portrait", boxed["portrait"][:PROBED])
    card = _draft_card(content, finished)
    runtime = open_runtime("ai-edge-litert")
    segmenter = TfliteSegmenter(content, card, runtime, threads=1, mirror=True, parts=True)
    of_float = _figures(KerasSegmenter(_compiled(finished.network), finished.portrait), finished.tier, data)
    of_int8 = _figures(segmenter, finished.tier, data)
    _refuse_losses(of_float, of_int8, losses)
    tones = by_tone(score(still_cut(segmenter, finished.tier), skin_cases(data))) if _labels_parts(data) else {}
    metrics = {**{f"int8.{name}": value for name, value in of_int8.items()},
               **{f"float.{name}": value for name, value in of_float.items()},
               **{f"int8.skin_tone.{tone}.{name}": row[name] for tone, row in tones.items()
                  if tone in CATEGORIES for name in ("person_iou", "person_iou_beside_source", "pictures")}}
    weak = weakest(losses)
    card = msgspec.structs.replace(
        card, metrics=metrics, licence=licence, proof=proof_of(TfliteSegmenter(content, card, runtime, threads=1)),
        quantisation={"method": finished.method, "weakest_layer": weak.layer, "its_own_snr_db": weak.own_db,
                      "its_worst_channel": weak.worst_channel, "worst_channel_snr_db": weak.worst_channel_db,
                      "last_layer_snr_db_in_chain": next(x.in_chain_db for x in losses if x.layer == "head")})
    write_model(card, content, out)
    return card, losses


@dataclass(frozen=True)
class FinishedRun:
    """What is exported: network is the float reference, to_convert what becomes int8, as_float its float twin."""

    recipe: dict
    pictures: PreparedSet
    network: keras.Model
    to_convert: keras.Model
    as_float: keras.Model
    method: str

    @classmethod
    def read(cls, run: Path, sets: Path) -> FinishedRun:
        """Raises DataError when the run is not finished, or was trained on other sets."""
        recipe, pictures = finished_recipe(run, sets)
        network = with_weights(network_of(recipe), run / AVERAGED)
        _undo_rarity(network)
        if not (run / AWARE).is_file():
            return cls(recipe, pictures, network, network, network, "post-training")
        rounding = with_weights(aware(network), run / AWARE)
        _undo_rarity(rounding)
        twin = network_of(recipe)
        as_float(rounding, twin)
        return cls(recipe, pictures, network, rounding, twin, "quantisation-aware training")

    @property
    def tier(self) -> str:
        """small, medium or large."""
        return self.recipe["tier"]

    @property
    def portrait(self) -> tuple[int, int]:
        """(height, width) of the network's upright input."""
        tier = load_tiers()[self.tier]
        return tier.height.value, tier.width.value


def kind_of(run: Path) -> str:
    """seg or matte: what a run trains. Raises DataError when the folder is none."""
    path = run / "recipe.json"
    if not path.is_file():
        raise DataError(f"{path}: missing; {run} is no run of `masque-quantize train`")
    return json.loads(path.read_text(encoding="utf-8")).get("kind", "seg")


def finished_recipe(run: Path, sets: Path) -> tuple[dict, PreparedSet]:
    """The recipe of a finished run and the set that it was trained on. Raises DataError when it is not finished, or was
    trained on other sets."""
    if not (run / AVERAGED).is_file():
        raise DataError(f"{run}: holds no {AVERAGED}; the training is not finished: `masque-quantize train` or "
                        "`qat` with the same --out goes on with it")
    recipe = json.loads((run / "recipe.json").read_text(encoding="utf-8"))
    name = recipe.get("set") or recipe["tier"]
    pictures = PreparedSet(sets / name)
    if pictures.sha256 != recipe["set_sha256"]:
        raise DataError(f"{sets / name}: set {pictures.sha256[:12]}… is not "
                        f"{recipe['set_sha256'][:12]}…, on which this run was trained; its card would name the "
                        "wrong pictures and licences")
    return recipe, pictures


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


def _figures(segmenter: TfliteSegmenter | KerasSegmenter, tier: str, data: Path) -> dict[str, float]:
    """Person and, where the validation split labels them, parts."""
    of_person = evaluate(segmenter, tier, data)
    return of_person | (evaluate_parts(still_classes(segmenter, tier), data) if _labels_parts(data) else {})


def _compiled(network: keras.Model):
    """The network as KerasSegmenter calls it, as one graph: some ten thousand looks are compared."""
    graph = tf.function(lambda pictures: network(pictures, training=False), reduce_retracing=True)
    return lambda pictures, training: graph(tf.constant(pictures))


def _undo_rarity(network: keras.Model) -> None:
    """Takes back what training added to the odds of headwear: it would be seen on many who wear none.

    The other classes keep their weights: undoing them cost a point of body skin.
    """
    layer = next(x for x in network.layers if x.name in ("parts", "quant_parts"))
    bias = next(w for w in layer.weights if w.name.split("/")[-1].startswith("bias"))
    shift = np.zeros(len(CLASSES), np.float32)
    shift[HEADWEAR] = np.log(CLASS_WEIGHTS[HEADWEAR] * BORROWED)
    bias.assign_sub(shift)


def _labels_parts(data: Path) -> bool:
    return any(e.split == "val" and e.supervision == "parts" for e in read_manifest(data))


def _refuse_losses(of_float: dict[str, float], of_int8: dict[str, float], losses: list[LayerLoss]) -> None:
    """Raises ModelError when int8 lost too much anywhere."""
    for name, value in of_float.items():
        allowed = ALLOWED_LOSS.get(name.rpartition(".")[2], 1.0)
        if value - of_int8[name] > allowed:
            weak = weakest(losses)
            raise ModelError(
                f"export refused: {name} is {of_int8[name]:.4f} in int8 and {value:.4f} in float, a loss of "
                f"{value - of_int8[name]:.4f}; at most {allowed} is allowed. The layer that loses most by itself is "
                f"{weak.layer} ({weak.own_db} dB, its channel {weak.worst_channel} {weak.worst_channel_db} dB)")


def write_model(card: Card, content: bytes, out: Path) -> None:
    """Model and card, each whole or not at all."""
    path = model_path(card.kind, card.tier, out)
    write_whole(path, content)
    write_whole(card_path(path), msgspec.json.format(msgspec.json.encode(card), indent=2) + b"\n")


def _draft_card(content: bytes, run: FinishedRun) -> Card:
    """The card without its figures; shapes and scales are what the network must have, the loader checks the file."""
    pictures = run.pictures
    trained_on, backdrops = ([pictures.rows[i] for i in part] for part in (pictures.train, pictures.backdrops))
    data: dict[str, str | int | dict[str, int] | list[str]] = {
        "set_sha256": pictures.sha256, "pictures": dict(Counter(row["source"] for row in trained_on)),
        "backdrops": len(pictures.backdrops),
        "licences": sorted({row["licence"] for row in [*trained_on, *backdrops] if row["licence"]})}
    descriptions = described(content)

    def signature(name: str, asked: str, shape: tuple[int, int]) -> Signature:
        channels: dict[str, tuple[int, ...]] = {"person": (), "parts": (len(CLASSES),)}
        of = descriptions[name]
        return Signature(Port((1, *shape, 3), 1 / 255, -128),
                         {output: Port((1, *shape, *channels[output]), 1 / 256, -128) for output in OUTPUTS[asked]},
                         operators=sum(of.operators.values()), macs=of.macs, arena_bytes=of.arena_bytes)

    return Card(
        kind="seg", tier=run.tier, sha256=hashlib.sha256(content).hexdigest(), size_bytes=len(content),
        parameters=run.network.count_params(), classes=CLASSES,
        signatures={name: signature(name, *told) for name, told in signatures_of(run.portrait).items()},
        recipe=run.recipe, data=data, quantisation={}, metrics={}, commit=source_commit(), limits=LIMITS, licence="",
        measured=f"{datetime.date.today()}, {platform.machine()}, `masque-quantize export`: validation split, "
                 "still path --quality fast, threshold 0.5, own size",
        proof=Proof("", "", "", (0, 0), ""))


def source_commit() -> str:
    """The source's commit, with a + where files differ from it; empty outside a git checkout."""
    told = subprocess.run(["git", "describe", "--always", "--dirty=+", "--abbrev=12"], capture_output=True, text=True,
                          cwd=Path(__file__).parent, check=False)
    return told.stdout.strip() if told.returncode == 0 else ""
