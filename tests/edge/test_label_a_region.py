"""TfliteSegmenter.label: person and parts of a region, from the signature `all`; what does not fit is refused."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from drawn_model import PER_PART, drawn_card, drawn_runtime

from edge.card import Card, Port, Signature
from edge.errors import ModelError
from edge.frame import CLASSES, Region
from edge.segment.tflite import TfliteSegmenter, open_segmenter

FACE, CLOTHES = CLASSES.index("face"), CLASSES.index("clothes")


def opened(card: Card | None = None, model: Card | None = None, **options: Any) -> TfliteSegmenter:
    """A drawn model behind a card; model: the card of what is really in the file, where that is something else."""
    card = card or drawn_card()
    types = options.pop("types", {})
    return TfliteSegmenter(b"", card, drawn_runtime(model or card, **types), threads=1, **options)


def altered(name: str, **ports: Port) -> Card:
    """A sound card but for some ports of one signature."""
    card = drawn_card()
    signature = card.signatures[name]
    picture, outputs = ports.pop("picture", signature.picture), signature.outputs | ports
    return msgspec.structs.replace(card, signatures=card.signatures | {
        name: msgspec.structs.replace(signature, picture=picture, outputs=outputs)})


@pytest.fixture
def pixels() -> np.ndarray:
    """(64, 64, 3): a person on the left, clothes above, face below."""
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[:, :32, 0] = 255
    pixels[:32, :, 1], pixels[32:, :, 1] = CLOTHES * PER_PART + 5, FACE * PER_PART + 5
    return pixels


@pytest.mark.parametrize(("region", "size"), [(Region(0, 0, 64, 64), (8, 8)), (Region(0, 10, 64, 20), (16, 5)),
                                              (Region(20, 0, 20, 60), (5, 16))], ids=["square", "stands", "lies"])
def test_person_and_parts_cover_the_region_undistorted_at_network_size(pixels: np.ndarray, region: Region,
                                                                     size: tuple[int, int]) -> None:
    labels = opened(parts=True).label(pixels, region)
    assert labels.person.region == region and labels.person.values.shape == size
    assert labels.parts.shape == (*size, 6) and labels.parts.flags.c_contiguous


def test_each_part_is_told_where_it_is(pixels: np.ndarray) -> None:
    labels = opened(parts=True).label(pixels, Region.whole(pixels.shape))
    assert (labels.parts[:3].argmax(axis=-1) == CLOTHES).all() and (labels.parts[5:].argmax(axis=-1) == FACE).all()
    assert (labels.person.values[:, :4] > 0.9).all() and (labels.person.values[:, 4:] < 0.1).all()


def test_the_person_of_a_label_is_the_person_of_a_look(pixels: np.ndarray) -> None:
    segmenter, whole = opened(parts=True), Region.whole(pixels.shape)
    np.testing.assert_array_equal(segmenter.label(pixels, whole).person.values, segmenter.segment(pixels, whole).values)


@pytest.mark.parametrize("shape", [(64, 40), (40, 64)], ids=["stands", "lies"])
def test_in_the_mirror_too_it_is_the_mean_of_two_looks(shape: tuple[int, int]) -> None:
    picture = np.random.default_rng(4).integers(0, 256, (*shape, 3), np.uint8)
    whole, flipped = Region.whole(shape), np.ascontiguousarray(picture[:, ::-1])
    mean = opened(parts=True, mirror=True).label(picture, whole)
    once = opened(parts=True)
    straight, mirrored = once.label(picture, whole), once.label(flipped, whole)
    np.testing.assert_allclose(mean.parts, (straight.parts + mirrored.parts[:, ::-1]) / 2, atol=1e-6)
    np.testing.assert_allclose(mean.person.values, (straight.person.values + mirrored.person.values[:, ::-1]) / 2,
                               atol=1e-6)


def test_a_model_that_knows_the_person_only_is_refused_where_parts_are_wanted() -> None:
    card = drawn_card()
    person = {name: signature for name, signature in card.signatures.items() if name.startswith("person")}
    alone = msgspec.structs.replace(card, signatures=person)
    assert opened(alone, model=card).portrait == (16, 8)
    with pytest.raises(ModelError, match="knows the person only, not their parts; it has person_portrait, person_l"):
        opened(alone, model=card, parts=True)


def test_other_classes_are_refused_where_parts_are_wanted() -> None:
    card = drawn_card(classes=(*CLASSES[:4], "hat", "skin"))
    assert opened(card).card == card
    with pytest.raises(ModelError, match=r"its classes are .*clothes, hat, skin; labels stand for background, face"):
        opened(card, parts=True)


PARTS = drawn_card().signatures["all_landscape"].outputs["parts"]


@pytest.mark.parametrize(("port", "said"), [
    (Port((1, 8, 8, 6), PARTS.scale, -128), r"parts is \(1, 8, 16, 6\), its card says \(1, 8, 8, 6\)"),
    (Port(PARTS.shape, 1 / 128, -128), r"parts scale and zero point are \(0.0039.*, -128\), its card says \(0.0078"),
    (Port(PARTS.shape, PARTS.scale, 0), r"parts scale and zero point are \(0.0039.*, -128\), its card says \(.*, 0\)"),
], ids=["shape", "scale", "zero point"])
def test_a_card_that_disagrees_with_its_model_on_parts_gives_both_values(port: Port, said: str) -> None:
    with pytest.raises(ModelError, match=f"seg-large, all_landscape: {said}"):
        opened(altered("all_landscape", parts=port), model=drawn_card())


@pytest.mark.parametrize(("port", "wrong", "said"), [
    ("parts", Port(PARTS.shape, 1 / 128, -128), r"parts has scale 0.0078125 .* works with 0.003906 and -128"),
    ("person", Port((1, 8, 16), 1 / 256, 0), r"person has scale 0.00390625 and zero point 0, .* 0.003906 and -128"),
    ("picture", Port((1, 8, 16, 3), 1 / 128, -128), r"picture has scale 0.0078125 .* works with 0.003922 and -128"),
])
def test_a_model_and_card_of_another_scale_than_the_run_time_s_are_refused(port: str, wrong: Port, said: str) -> None:
    with pytest.raises(ModelError, match=f"seg-large, all_landscape: {said}"):
        opened(altered("all_landscape", **{port: wrong}))


def test_floats_are_refused() -> None:
    with pytest.raises(ModelError, match="seg-large, all_portrait: parts is float32, int8 is wanted"):
        opened(types={"parts": np.float32})


def test_other_answers_than_the_card_s_are_named() -> None:
    card = drawn_card()
    silent: dict[str, Signature] = card.signatures | {"all_portrait": card.signatures["person_portrait"]}
    with pytest.raises(ModelError, match="all_portrait: answers person, its card says parts, person"):
        opened(card, model=msgspec.structs.replace(card, signatures=silent))


# The model that ships


@pytest.mark.parametrize("shape", [(600, 512), (300, 512)], ids=["stands", "lies"])
def test_of_a_real_model_the_parts_of_every_pixel_sum_to_about_1(labeller: TfliteSegmenter, portrait: np.ndarray,
                                                                shape: tuple[int, int]) -> None:
    picture = np.ascontiguousarray(portrait[: shape[0], : shape[1]])
    parts = labeller.label(picture, Region.whole(shape)).parts
    assert parts.min() >= 0 and parts.shape[2] == len(CLASSES)
    np.testing.assert_allclose(parts.sum(axis=-1), 1, atol=0.03)  # six values, each rounded to 1/256


def test_a_real_model_sees_nearly_the_same_person_with_and_without_parts(labeller: TfliteSegmenter,
                                                                        portrait: np.ndarray) -> None:
    whole = Region.whole(portrait.shape)
    alone, beside = labeller.segment(portrait, whole).values, labeller.label(portrait, whole).person.values
    assert np.abs(alone - beside).mean() < 0.01
    assert (alone > 0.5).any() and ((alone > 0.5) == (beside > 0.5)).mean() > 0.99


def test_a_real_model_opened_for_the_person_gives_the_same_as_one_opened_for_parts(
        parts_model: Path, labeller: TfliteSegmenter, portrait: np.ndarray) -> None:
    whole, alone = Region.whole(portrait.shape), open_segmenter(parts_model, "large")[0]
    np.testing.assert_array_equal(alone.segment(portrait, whole).values, labeller.segment(portrait, whole).values)
