"""What annotators call things → the class that the labelling rules give them (US 2023/0362331, labelling rules)."""
from __future__ import annotations

import re
from difflib import get_close_matches

from edge.frame import CLASSES
from quantize.manifest import IGNORE

BENEATH = -1
"""Not a mask value: the shape takes the class of what lies beneath it, so nothing is painted."""

BACKGROUND, FACE, HAIR, CLOTHES, SKIN, HEADWEAR = range(len(CLASSES))

SYNONYMS: dict[int, tuple[str, ...]] = {
    FACE: ("ear", "ears", "glasses", "sunglasses", "spectacles", "goggles", "mask", "face mask", "beard", "moustache",
           "mustache", "earring", "earrings"),
    HEADWEAR: ("hat", "cap", "headscarf", "head scarf"),
    CLOTHES: ("clothing", "cloth", "hood", "scarf"),
    SKIN: ("skin", "neck", "watch", "bracelet", "ring"),
    BENEATH: ("necklace",),
    BACKGROUND: ("bag", "handbag", "drink", "cup", "bottle", "phone", "hand-held object", "object"),
    IGNORE: ("ignore",),
}
"""Class → names beside its own. A hood is part of its coat; a headscarf is headwear even where it falls over the body;
what a hand carries is cut out of the person. Plain spellings stand beside the words of the rules."""


def _plain(label: str) -> str:
    """'Body_Skin ' → 'body skin'."""
    return " ".join(re.split(r"[\s_-]+", label.casefold())).strip()


VALUES = {**{name: value for value, names in SYNONYMS.items() for name in map(_plain, names)},
          **{name: value for value, name in enumerate(CLASSES)}}
"""Every name that is understood, in plain spelling → mask value, or BENEATH."""


def value_of(label: str) -> int | None:
    """Mask value 0–5 or 255, or BENEATH; None for a name that nobody agreed on. Case, '_' and '-' do not matter."""
    return VALUES.get(_plain(label))


def is_face_itself(label: str) -> bool:
    """True for the face, of which a person has one; false for ears and glasses, which are of class face too."""
    return _plain(label) == CLASSES[FACE]


def unknown_name(label: str) -> str:
    """The complaint about a label that `value_of` does not know, with the nearest name that it knows."""
    near = get_close_matches(_plain(label[:100]), VALUES, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"classes are {', '.join(CLASSES)} and ignore"
    return f"class {label[:100]!r} is not known; {hint}"
