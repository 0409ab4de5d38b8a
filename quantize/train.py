"""Trains the float network of one tier. Resumable to the bit: batch k depends on the seed and k alone.

A run is a folder: `recipe.json`, `checkpoints/`, `history.jsonl` (a line each time the network is validated) and, at
the end, `averaged.weights.h5`: the moving average of the weights, which is what gets exported.
"""
from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np

from edge.board_shapes import Tier
from edge.boards import load_tiers
from edge.errors import DataError, OutputError
from edge.frame import CLASSES
from edge.preprocess import letterbox, place, upright
from quantize.augment import sample
from quantize.dataset import PreparedSet
from quantize.distil import Teacher, taught_loss
from quantize.manifest import ALLOWED, IGNORE, PERSON_VALUES
from quantize.metrics import iou
from quantize.network import keras, segmentation_network, shape_of, tf
from quantize.warm_start import begin_from, lineage
from quantize.whole_file import write_whole

BOUNDARY_WEIGHT = 3.0
"""Extra loss on pixels within two of a boundary: there the mask is won or lost."""

AVERAGED = "averaged.weights.h5"
"""What a finished run leaves: the moving average of its weights."""

PARTS_WEIGHT = 0.7
"""Weight of the parts' loss beside the person's; it helps the person too, which the body then knows by its parts."""

AVERAGING = 0.999
"""Decay of the moving average of the weights, per step."""

LABELLED = 0.95
"""Share of a validation picture's pixels that must be person or background for certain, for it to be scored."""

CLASS_WEIGHTS = (0.3, 1.0, 1.0, 1.5, 2.0, 3.0)
"""Weight of each class in the parts' loss, where a label names it: skin is seldom seen, headwear hardly ever."""

GROUP_WEIGHT = 0.1
"""Weight of a pixel whose label leaves several classes open: of four pictures three say no more than "person"."""

STATISTICS_BATCHES = 8
"""Batches on which the statistics of a network revived from int8 are measured."""

LANDSCAPE_SHARE = 0.25
"""Share of batches in landscape orientation; booths stand upright more often than they lie."""


@dataclass(frozen=True)
class Recipe:
    """All that decides a training, besides its set. rate: AdamW's peak learning rate; steps and warm_up in batches;
    only: train the layers whose names begin so ("parts": a head on a body that stays as it is), the empty text all;
    sizes: tiers whose input sizes the batches have, drawn one by one (none: the tier's own), so that one training
    serves them all (US 2023/0362331, multi-scale training); set: the prepared set's name (none: the tier's)."""

    tier: str
    steps: int = 12000
    batch: int = 32
    rate: float = 2e-3
    weight_decay: float = 1e-4
    warm_up: int = 300
    seed: int = 0
    only: str = ""
    sizes: tuple[str, ...] = ()
    set: str = ""


class Training:
    """One run: network, optimiser and moving average, with checkpoints that restore all three."""

    weights_file = AVERAGED
    measure, measured = "iou", "person IoU"

    def __init__(self, recipe: Recipe, pictures: PreparedSet, out: Path, start: Path | None = None,
                 teacher: Path | None = None) -> None:
        """Opens or resumes the run in `out`. start: weights to begin from, see quantize.warm_start; teacher: weights
        of a network to learn from, see quantize.distil.

        Raises DataError when `out` holds a run with another recipe or another set, or when weights do not exist.
        """
        self.recipe, self.pictures, self.out = recipe, pictures, out
        tiers = load_tiers()
        tier = tiers[recipe.tier]
        self.shape = (tier.height.value, tier.width.value)
        self.shapes = [(tiers[name].height.value, tiers[name].width.value) for name in recipe.sizes] or [self.shape]
        shape_of_network = self._shape_of(tier)
        _claim(out, {**asdict(recipe), "sizes": " ".join(recipe.sizes), **shape_of_network,
                     "set_sha256": pictures.sha256, "start": lineage(start) if start else None,
                     "teacher": lineage(teacher) if teacher else None})
        self.teacher = Teacher(teacher, recipe.tier) if teacher else None
        tf.keras.utils.set_random_seed(recipe.seed)
        self.network = self._network_from(start, **shape_of_network)
        for layer in self.network.layers:
            layer.trainable = layer.name.startswith(recipe.only)
        schedule = keras.optimizers.schedules.CosineDecay(
            0.0, recipe.steps, alpha=0.0, warmup_target=recipe.rate, warmup_steps=recipe.warm_up)
        self.optimiser = keras.optimizers.AdamW(schedule, weight_decay=recipe.weight_decay)
        self.averaged = [tf.Variable(w, trainable=False) for w in self.network.weights]
        self.step = tf.Variable(0, dtype=tf.int64)
        state = tf.train.Checkpoint(network=self.network, optimiser=self.optimiser, step=self.step,
                                    averaged=self.averaged)
        self.checkpoints = tf.train.CheckpointManager(state, out / "checkpoints", max_to_keep=2)
        self.optimiser.build(self.network.trainable_variables)
        if self.checkpoints.latest_checkpoint:
            state.restore(self.checkpoints.latest_checkpoint).assert_consumed()

    def _shape_of(self, tier: Tier) -> dict[str, Any]:
        return shape_of(tier)

    def _network_from(self, start: Path | None, **shape_of_network) -> keras.Model:
        network = segmentation_network(**shape_of_network)
        if start is not None:
            begin_from(network, start, (self.batch(i)[0] / np.float32(255) for i in range(STATISTICS_BATCHES)))
        return network

    def run(self, checkpoint_every: int = 500, tell: Callable[[dict], None] = lambda line: None) -> Path:
        """Trains to the recipe's last step; `tell` gets each validation. Returns the averaged weights' path.

        Raises DataError when the loss is not a number, naming the batch, and OutputError when the disk is full. Either,
        like Ctrl-C, loses at most checkpoint_every steps.
        """
        losses, started = [], time.monotonic()
        for step, batch in self._batches(int(self.step)):
            loss = float(self._learn(*(tf.constant(part) for part in batch)))
            if not np.isfinite(loss):
                raise DataError(f"{self.out}: the loss of batch {step} (seed {self.recipe.seed}) is {loss}; "
                                "lower --rate, or look at that batch's pictures")
            losses.append(loss)
            if (step + 1) % checkpoint_every == 0 or step + 1 == self.recipe.steps:
                with _written_to(self.out / "checkpoints"):
                    self.checkpoints.save()
                line = {"step": step + 1, "loss": round(float(np.mean(losses)), 4), self.measure: self.validate(),
                        "images_per_s": round(len(losses) * self.recipe.batch / (time.monotonic() - started), 1)}
                history = self.out / "history.jsonl"
                with _written_to(history), history.open("a", encoding="utf-8") as stream:
                    stream.write(json.dumps(line) + "\n")
                tell(line)
                losses, started = [], time.monotonic()
        path = self.out / self.weights_file
        with self._average_in_place(), TemporaryDirectory() as folder:  # HDF5 writes bit by bit, and must not half
            self.network.save_weights(Path(folder) / path.name)
            write_whole(path, (Path(folder) / path.name).read_bytes())
        return path

    def validate(self, limit: int = 120) -> float | None:
        """Mean person IoU of the averaged weights at network size, on up to `limit` val pictures labelled throughout.

        None when there is no such picture.
        """
        ious = []
        whole = [i for i in self.pictures.val if _known(self.pictures.picture(i).mask).mean() >= LABELLED]
        with self._average_in_place():
            for i in whole[:: max(1, len(whole) // limit)]:
                picture = self.pictures.picture(i)
                shape = upright(picture.mask.shape, self.shape)
                logits = self._predict(tf.constant(letterbox(picture.pixels, shape)[None] / np.float32(255)))
                spot = place(picture.mask.shape, shape)
                person = spot.cut(letterbox(np.isin(picture.mask, PERSON_VALUES).astype(np.float32), shape)) > 0.5
                known = spot.cut(letterbox(_known(picture.mask).astype(np.float32), shape)) > 0.5
                ious.append(iou(spot.cut(logits.numpy()[0, ..., 0]) > 0, person, known))
        return round(float(np.mean(ious)), 4) if ious else None

    def _batches(self, first: int) -> Iterator[tuple[int, tuple[np.ndarray, ...]]]:
        """Batches from step `first` on, made ahead of time on a thread of their own."""
        ready: queue.Queue = queue.Queue(maxsize=6)
        stopped = threading.Event()

        def produce() -> None:
            """Fills the queue until the last step, an error or a word to stop."""
            for step in range(first, self.recipe.steps):
                try:
                    ready.put((step, self.batch(step)))
                except Exception as error:  # raised again where it is waited for
                    ready.put(error)
                    return
                if stopped.is_set():
                    return

        cv2.setNumThreads(1)
        threading.Thread(target=produce, daemon=True).start()
        try:
            for _ in range(first, self.recipe.steps):
                made = ready.get()
                if isinstance(made, Exception):
                    raise made
                yield made
        finally:
            stopped.set()
            while not ready.empty():
                ready.get_nowait()

    def batch(self, step: int) -> tuple[np.ndarray, ...]:
        """Batch `step`: pixels (n, h, w, 3) uint8, person and known (n, h, w, 1) float32, parts (n, h/2, w/2) uint8;
        with a teacher its pictures, (n, H, W, 3) uint8."""
        rng = np.random.default_rng([self.recipe.seed, step])
        turned = rng.random() < LANDSCAPE_SHARE
        shape = self.shapes[rng.integers(len(self.shapes))]
        shape = shape[::-1] if turned else shape
        larger = self.teacher.shape_for(shape) if self.teacher else None
        samples = [sample(self.pictures, shape, rng, larger) for _ in range(self.recipe.batch)]
        clean = [s.clean for s in samples if s.clean is not None]
        return (np.stack([s.pixels for s in samples]), np.stack([s.person for s in samples])[..., None],
                np.stack([s.known for s in samples])[..., None], np.stack([s.parts for s in samples]),
                *([np.stack(clean)] if clean else []))

    @tf.function(reduce_retracing=True)
    def _predict(self, pictures):
        return self.network(pictures, training=False)["person"]

    @tf.function
    def _learn(self, pixels, person, known, parts, clean=None):
        taught = self.teacher.says(clean, tuple(pixels.shape[1:3])) if self.teacher else None
        with tf.GradientTape() as tape:
            seen = self.network(tf.cast(pixels, tf.float32) / 255.0, training=True)
            loss = loss_of(seen["person"], person, known) + PARTS_WEIGHT * parts_loss(seen["parts"], parts)
            loss += 0.0 if taught is None else taught_loss(seen, *taught)
        variables = self.network.trainable_variables
        self._step(tape.gradient(loss, variables), variables)
        return loss

    def _step(self, gradients, variables) -> None:
        """One step of the optimiser and of the moving average."""
        gradients, _ = tf.clip_by_global_norm(gradients, 5.0)
        self.optimiser.apply_gradients(zip(gradients, variables, strict=True))
        self.step.assign_add(1)
        done = tf.cast(self.step, tf.float32)
        keep = tf.minimum(AVERAGING, (1.0 + done) / (10.0 + done))
        for mean, weight in zip(self.averaged, self.network.weights, strict=True):
            mean.assign(keep * mean + (1.0 - keep) * weight if weight.dtype.is_floating else weight)

    def _average_in_place(self) -> _Swapped:
        return _Swapped(self.network.weights, self.averaged)


def _known(mask: np.ndarray) -> np.ndarray:
    return np.isin(mask, (0, *PERSON_VALUES))


class _Swapped:
    """For the length of a `with`, the network carries the averaged weights."""

    def __init__(self, weights, averaged) -> None:
        self.weights, self.averaged = weights, averaged

    def __enter__(self) -> None:
        self.own = [w.numpy() for w in self.weights]
        for weight, mean in zip(self.weights, self.averaged, strict=True):
            weight.assign(mean)

    def __exit__(self, *_) -> None:
        for weight, own in zip(self.weights, self.own, strict=True):
            weight.assign(own)


def loss_of(logits, person, known):
    """Boundary-weighted cross-entropy plus soft Dice, both over known pixels only; all arguments (n, h, w, 1)."""
    size = 5
    spread = (tf.nn.max_pool2d(person, size, 1, "SAME") + tf.nn.max_pool2d(-person, size, 1, "SAME"))
    weight = known * (1.0 + BOUNDARY_WEIGHT * spread)
    entropy = tf.nn.sigmoid_cross_entropy_with_logits(labels=person, logits=logits)
    probability = tf.sigmoid(logits) * known
    overlap = tf.reduce_sum(probability * person, axis=(1, 2, 3))
    total = tf.reduce_sum(probability, axis=(1, 2, 3)) + tf.reduce_sum(person * known, axis=(1, 2, 3))
    dice = 1.0 - (2.0 * overlap + 20.0) / (total + 20.0)
    return tf.reduce_sum(weight * entropy) / tf.reduce_sum(weight) + 0.5 * tf.reduce_mean(dice)


def parts_loss(logits, values):
    """Cross-entropy over groups: −log of the probability that a mask value leaves open (quantize.manifest.ALLOWED).

    logits (n, h, w, 6), values (n, h, w) uint8. Partly labelled pictures teach what they know and nothing else.
    """
    table, weights = np.ones((256, len(CLASSES)), np.float32), np.zeros(256, np.float32)
    for value, classes in ALLOWED.items():
        table[value] = np.isin(np.arange(len(CLASSES)), classes)
        weights[value] = CLASS_WEIGHTS[classes[0]] if len(classes) == 1 else GROUP_WEIGHT
    weights[IGNORE] = 0.0
    allowed, weight = (tf.gather(of_value, tf.cast(values, tf.int32)) for of_value in (table, weights))
    log_open = tf.reduce_logsumexp(tf.where(allowed > 0, logits, -1e9), axis=-1)
    loss = tf.reduce_logsumexp(logits, axis=-1) - log_open
    return tf.reduce_sum(weight * loss) / (tf.reduce_sum(weight) + 1.0)


@contextmanager
def _written_to(place: Path) -> Iterator[None]:
    """One line for whatever a full disk makes Python or TensorFlow raise; what was written earlier stays."""
    try:
        yield
    except (OSError, tf.errors.OpError) as error:
        why = error.strerror if isinstance(error, OSError) else error.message.rpartition(";")[2].partition("[Op:")[0]
        raise OutputError(f"{place}: cannot be written ({str(why or error).strip()}); with the cause removed, the same "
                          "command goes on from the last checkpoint") from error


def _claim(out: Path, recipe: dict) -> None:
    """Writes recipe.json, or makes sure that the run already there has the same one."""
    path = out / "recipe.json"
    if path.is_file():
        earlier = json.loads(path.read_text(encoding="utf-8"))
        changed = sorted(k for k in recipe if recipe[k] != earlier.get(k))
        if changed:
            raise DataError(f"{path}: this run was started with {changed[0]} = {earlier.get(changed[0])!r}, not "
                            f"{recipe[changed[0]]!r}; choose another --out, or delete the run")
        return
    write_whole(path, (json.dumps(recipe, indent=2) + "\n").encode())
