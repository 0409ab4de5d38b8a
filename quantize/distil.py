"""A trained, larger network as the teacher of a smaller one: it sees the same picture larger and unspoilt, and says of
every pixel what labels leave open and how sure one can be at an edge (Hinton, Vinyals, Dean 2015, arXiv 1503.02531).
"""
from __future__ import annotations

import json
from pathlib import Path

from edge.boards import load_tiers
from quantize.network import network_of, tf
from quantize.warm_start import with_weights

PERSON_WEIGHT, PARTS_WEIGHT = 1.0, 0.5
"""What the teacher's word counts beside the labels' own losses."""

MULTIPLE = 16
"""Sides of a network's input are multiples of this."""


class Teacher:
    """The averaged weights of a finished run, of any tier, asked at its own tier's size or near it."""

    def __init__(self, weights: Path, student: str) -> None:
        """weights: averaged.weights.h5 of the run; student: the tier that is to learn. Raises DataError."""
        recipe = json.loads(weights.with_name("recipe.json").read_text(encoding="utf-8"))
        self.network = with_weights(network_of(recipe), weights)
        self.network.trainable = False
        tiers = load_tiers()
        self.zoom = tiers[recipe["tier"]].width.value / tiers[student].width.value

    def shape_for(self, shape: tuple[int, int]) -> tuple[int, int]:
        """(height, width) of the picture that the teacher wants, for a student's input of this (height, width)."""
        return round(shape[0] * self.zoom), round(shape[1] * self.zoom)

    def says(self, pictures, shape: tuple[int, int]):
        """pictures (n, H, W, 3) uint8 of shape_for(shape) → probabilities: person (n, h, w, 1), parts (n, h/2, w/2, 6)
        for a student's input of (h, w) = shape."""
        height, width = pictures.shape[1], pictures.shape[2]
        room = [[0, 0], [0, -height % MULTIPLE], [0, -width % MULTIPLE], [0, 0]]
        seen = self.network(tf.pad(tf.cast(pictures, tf.float32) / 255.0, room), training=False)
        person = tf.sigmoid(seen["person"][:, :height, :width])
        parts = tf.nn.softmax(seen["parts"][:, : height // 2, : width // 2])
        half = (shape[0] // 2, shape[1] // 2)
        return (tf.image.resize(person, shape, antialias=True), tf.image.resize(parts, half, antialias=True))


def taught_loss(seen, person, parts):
    """Cross-entropy of what a student sees (logits, as segmentation_network gives them) against a teacher's
    probabilities: person (n, h, w, 1), parts (n, h/2, w/2, 6)."""
    of_person = tf.nn.sigmoid_cross_entropy_with_logits(labels=person, logits=seen["person"])
    of_parts = tf.nn.softmax_cross_entropy_with_logits(labels=parts, logits=seen["parts"])
    return PERSON_WEIGHT * tf.reduce_mean(of_person) + PARTS_WEIGHT * tf.reduce_mean(of_parts)
