"""The effect that a line of text asks for: `blur+recolour:hair=#8a2be2`."""
from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import numpy as np

from edge.composite import colour_from
from edge.effects import Blurred, Effect, Kept, Replaced
from edge.effects.places import PLACES
from edge.effects.recoloured import Recoloured
from edge.effects.worn import Worn
from edge.errors import PictureError
from edge.frame import CLASSES

FORMS = ("replace", "blur", "colour:#rrggbb", "recolour:CLASS=#rrggbb", "wear:PLACE=FILE")
"""What an effect may be made of, joined by `+`; after recolour and wear several, joined by commas."""

BACKGROUNDS = ("replace", "blur", "colour")

ReadOverlay = Callable[[str], np.ndarray]
"""Name of a picture file → its pixels (h, w, 4) uint8 RGBA, straight alpha."""


def effect_from(text: str, backdrop: np.ndarray | None, linear: bool, read_overlay: ReadOverlay) -> Effect:
    """'blur+recolour:hair=#8a2be2,clothes=#202020+wear:face=glasses.png' → the effect; the order does not matter.

    backdrop: for `replace`, as Replaced takes it; without any of `replace`, `blur` and `colour` it stands there if it
    is given, else the frame keeps its background. linear: mix light where person and backdrop meet, see Replaced.
    Raises PictureError for what is not known, with what is; what read_overlay raises passes.
    """
    parts = [_split(part) for part in re.split(r"\+(?=[a-z]+(?:[:+]|$))", text)]  # not in a file's name: hat+1.png
    stays = all(name != "wear" for name, _ in parts)
    effect = _background(text, parts, backdrop, linear, stays)
    for class_name, value in _assignments(parts, "recolour", CLASSES[1:]):
        effect = Recoloured(class_name, _colour(text, value), effect)
    for place, name in _assignments(parts, "wear", tuple(PLACES)):
        effect = Worn(read_overlay(name), place, effect)
    return effect


def _split(part: str) -> tuple[str, str]:
    """'name:value' or 'name' → both, checked as far as the name and whether it takes a value."""
    name, _, value = part.partition(":")
    known = {form.partition(":")[0]: ":" in form for form in FORMS}
    if name not in known or known[name] != bool(value):
        raise PictureError(f"effect {part!r} is not known; known are {', '.join(FORMS)}, joined by +")
    return name, value


def _background(text: str, parts: list[tuple[str, str]], backdrop: np.ndarray | None, linear: bool,
                stays: bool) -> Effect:
    given = [(name, value) for name, value in parts if name in BACKGROUNDS]
    if len(given) > 1:
        raise PictureError(f"effect {text!r} has {len(given)} backgrounds; take one of {', '.join(FORMS[:3])}")
    name, value = given[0] if given else ("replace" if backdrop is not None else "keep", "")
    if name == "blur":
        return Blurred(linear)
    if name == "colour":
        return Replaced(np.array(_colour(text, value), np.uint8)[None, None], linear, stays)
    if name == "replace":
        if backdrop is None:
            raise PictureError("effect 'replace' needs a background; give a picture or a colour, or take 'blur'")
        return Replaced(backdrop, linear, stays)
    return Kept()


def _assignments(parts: list[tuple[str, str]], name: str, known: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """('recolour', 'hair=#8a2be2,body-skin=#202020') → ('hair', '#8a2be2'), ('body skin', '#202020')."""
    for value in (value for own, value in parts if own == name):
        for assignment in re.split(r",(?=[a-z -]+=)", value):
            key, _, what = assignment.partition("=")
            if key.replace("-", " ") not in known:
                raise PictureError(f"effect '{name}:{value}': {key!r} is not known; known are {', '.join(known)}")
            if not what:
                raise PictureError(f"effect '{name}:{value}': {key!r} stands alone; write {FORM_OF[name]}")
            yield key.replace("-", " "), what


FORM_OF = {form.partition(":")[0]: form for form in FORMS}


def _colour(text: str, value: str) -> tuple[int, int, int]:
    try:
        return colour_from(value)
    except PictureError as error:
        raise PictureError(f"effect {text!r}: {value!r} is no colour; write it as '#rrggbb', for example "
                           "'#2a9d8f'") from error
