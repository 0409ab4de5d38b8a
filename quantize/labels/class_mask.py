"""Shapes → a class mask, and how many people they show. Shapes must have passed `label_checks`."""
from __future__ import annotations

import cv2
import numpy as np

from quantize.labels.annotation import Annotation, Shape
from quantize.labels.class_names import BENEATH, CLOTHES, FACE, HAIR, HEADWEAR, SKIN, is_face_itself, value_of
from quantize.labels.polygon import covered

PERSON_CLASSES = (FACE, HAIR, CLOTHES, SKIN, HEADWEAR)


def class_mask(annotation: Annotation, width: int, height: int) -> np.ndarray:
    """(height, width) uint8 of classes 0–5 and 255.

    Painted by z from below to above, in file order where z is equal: what was drawn later lies on top. A shape that
    takes the class beneath it (a necklace) paints nothing: draw skin and clothes through under it.
    """
    mask = np.zeros((height, width), np.uint8)
    for shape in sorted(annotation.shapes, key=lambda shape: shape.z):
        value = value_of(shape.label)
        if value is not None and value != BENEATH:
            _paint(mask, shape, value)
    return mask


def people_in(annotation: Annotation, width: int, height: int) -> int:
    """People: those that shapes name, and one for each separate face among the shapes that name nobody."""
    of_people = [shape for shape in annotation.shapes if value_of(shape.label) in PERSON_CLASSES]
    named = {shape.person for shape in of_people if shape.person}
    faces = [shape for shape in of_people if not shape.person and is_face_itself(shape.label)]
    if len(faces) < 2:
        return len(named) + len(faces)
    mask = np.zeros((height, width), np.uint8)
    for face in faces:
        _paint(mask, face, 1)
    return len(named) + cv2.connectedComponents(mask)[0] - 1


def _paint(mask: np.ndarray, shape: Shape, value: int) -> None:
    height, width = mask.shape
    for outline in shape.outlines:
        region, inside = covered(outline, width, height)
        mask[region][inside] = value
    if shape.runs is not None:
        lengths = shape.runs[2:]
        mask.T[np.repeat(np.arange(len(lengths)) % 2 == 1, lengths).reshape(width, height)] = value
