"""edge.card, edge.segment.tflite at the door: whatever is wrong with a model is said in a line that names the file."""
from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edge.card import card_path, model_path, read_card, read_verified
from edge.errors import ModelError
from edge.segment.tflite import open_segmenter

Edit = Callable[[dict[str, Any]], None]


@pytest.fixture
def model(tmp_path: Path, models_folder: Path) -> Path:
    """A copy of the large model and its card that a test may spoil."""
    source = model_path("seg", "large", models_folder)
    for path in (source, card_path(source)):
        shutil.copy(path, tmp_path)
    return tmp_path / source.name


def complaint(model: Path, tier: str = "large") -> str:
    with pytest.raises(ModelError) as refused:
        open_segmenter(model, tier)
    assert "\n" not in str(refused.value) and isinstance(refused.value, ValueError)
    return str(refused.value)


def rewritten(model: Path, edit: Edit) -> None:
    """Changes the card of a model; the model itself stays whole."""
    card = json.loads(card_path(model).read_text(encoding="utf-8"))
    edit(card)
    card_path(model).write_text(json.dumps(card), encoding="utf-8")


def test_a_whole_model_opens_and_says_what_it_is(model: Path) -> None:
    segmenter, fallbacks = open_segmenter(model, "large")
    assert fallbacks == () and segmenter.card.tier == "large" and segmenter.portrait == (160, 96)


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    assert complaint(tmp_path / "seg-large.tflite").startswith(f"{tmp_path / 'seg-large.tflite'}: no such model")


def test_an_empty_model_is_no_tflite_file(model: Path) -> None:
    model.write_bytes(b"")
    assert str(model) in complaint(model) and "not a TFLite file" in complaint(model)


def test_a_truncated_model_gives_both_sizes(model: Path) -> None:
    content = model.read_bytes()
    model.write_bytes(content[:-1000])
    said = complaint(model)
    assert said.startswith(str(model)) and f"{len(content) - 1000:,} bytes" in said and f"{len(content):,}" in said


@pytest.mark.parametrize("place", [0.3, 0.9, -1])
def test_one_altered_byte_is_found_by_its_hash(model: Path, place: float) -> None:
    content = bytearray(model.read_bytes())
    content[int(place * len(content)) if place > 0 else -1] ^= 1
    model.write_bytes(content)
    said = complaint(model)
    assert said.startswith(str(model)) and "SHA-256" in said


def test_a_foreign_file_is_said_to_be_foreign(model: Path, portrait_file: Path) -> None:
    shutil.copy(portrait_file.with_name("portrait.alpha.png"), model)
    said = complaint(model)
    assert said.startswith(str(model)) and "not a TFLite file" in said and "89 50 4e 47" in said


def test_a_model_of_another_tier_names_both_tiers(model: Path) -> None:
    small = model.with_name("seg-small.tflite")
    shutil.copy(model, small)
    shutil.copy(card_path(model), card_path(small))
    said = complaint(small, "small")
    assert said.startswith(str(small)) and "tier large" in said and "tier small is wanted" in said


def test_a_model_of_another_kind_names_both_kinds(model: Path) -> None:
    with pytest.raises(ModelError, match=r"is a seg model.*matte for tier large is wanted"):
        read_verified(model, "matte", "large")


def test_a_missing_card_is_named(model: Path) -> None:
    card_path(model).unlink()
    assert complaint(model).startswith(f"{card_path(model)}: the card of seg-large.tflite is missing")


@pytest.mark.parametrize("content", [b"", b"not JSON", b"[]", b"{}", b'{"kind": "seg"', b"\xff\xfe"])
def test_a_card_that_is_none_is_named(model: Path, content: bytes) -> None:
    card_path(model).write_bytes(content)
    assert complaint(model).startswith(f"{card_path(model)}: not a model card")


@pytest.mark.parametrize(("edit", "key"), [
    (lambda card: card.update(colour="blue"), "colour"),
    (lambda card: card["signatures"]["person_portrait"].update(scale=1), "scale"),
    (lambda card: card.pop("licence"), "licence"),
    (lambda card: card.update(size_bytes="large"), "size_bytes"),
])
def test_unknown_missing_and_wrong_keys_of_a_card_are_named(model: Path, edit: Edit, key: str) -> None:
    rewritten(model, edit)
    said = complaint(model)
    assert said.startswith(str(card_path(model))) and key in said


@pytest.mark.parametrize(("port", "key", "value", "found"), [
    ("picture", "scale", 0.5, "0.0039"), ("picture", "zero_point", 0, "-128"), ("person", "scale", 0.5, "0.0039"),
    ("person", "zero_point", 0, "-128")])
def test_a_card_that_disagrees_with_its_model_gives_both_values(model: Path, port: str, key: str, value: float,
                                                              found: str) -> None:
    def edit(card: dict[str, Any]) -> None:
        signature = card["signatures"]["person_portrait"]
        (signature["picture"] if port == "picture" else signature["outputs"][port])[key] = value

    rewritten(model, edit)
    said = complaint(model)
    assert said.startswith(f"seg-large, person_portrait: {port} ") and found in said and str(value) in said


def test_a_card_of_other_sizes_than_its_model_s_gives_both(model: Path) -> None:
    def halved(card: dict[str, Any]) -> None:
        for signature in card["signatures"].values():
            for port in (signature["picture"], *signature["outputs"].values()):
                port["shape"][1:3] = [side // 2 for side in port["shape"][1:3]]

    rewritten(model, halved)
    assert complaint(model) == "seg-large, person_portrait: picture is (1, 160, 96, 3), its card says (1, 80, 48, 3)"


def in_signature(name: str, **changes: Any) -> Edit:
    return lambda card: card["signatures"][name].update(changes)


def with_parts(card: dict[str, Any], **changes: Any) -> None:
    """Gives a card `all_…` beside `person_…`; changes: signature name → its change, None: without it."""
    card["classes"] = ["background", "face", "hair", "clothes", "body skin", "headwear"]
    for way in ("portrait", "landscape"):
        look = json.loads(json.dumps(card["signatures"][f"person_{way}"]))
        person = look["outputs"]["person"]
        look["outputs"]["parts"] = person | {"shape": [*person["shape"], 6]}
        card["signatures"][f"all_{way}"] = look
    for name, change in changes.items():
        if change is None:
            del card["signatures"][name]
        else:
            change(card["signatures"][name])


LYING, SMALL = [1, 96, 160, 3], {"shape": [1, 80, 48], "scale": 1 / 256, "zero_point": -128}


@pytest.mark.parametrize(("edit", "said"), [
    (lambda card: card["signatures"].pop("person_landscape"), "signature 'person_landscape' is missing; found person_"),
    (lambda card: card["signatures"].clear(), "signature 'person_portrait' is missing; found none"),
    (in_signature("person_portrait", outputs={}), "signature 'person_portrait' answers nothing; person is wanted"),
    (in_signature("person_landscape", outputs={"alpha": SMALL}),
     "signature 'person_landscape' answers alpha; person is wanted"),
    (in_signature("person_portrait", outputs={"person": SMALL}),
     "signature 'person_portrait': person is (1, 80, 48), beside the other signatures and "),
    (lambda card: card["signatures"]["person_landscape"]["picture"].update(shape=[1, 160, 96, 3]),
     "signature 'person_landscape': picture is (1, 160, 96, 3), beside the other signatures and "),
    (lambda card: with_parts(card, all_landscape=None), "signature 'all_landscape' is missing; found person_portrait"),
    (lambda card: with_parts(card, all_portrait=None), "signature 'all_portrait' is missing; found person_portrait"),
    (lambda card: with_parts(card, all_portrait=lambda of: of["outputs"].pop("parts")),
     "signature 'all_portrait' answers person; person and parts is wanted"),
    (lambda card: with_parts(card, all_portrait=lambda of: of["outputs"]["parts"]["shape"].pop()),
     "signature 'all_portrait': parts is (1, 160, 96), beside the other signatures and 6 classes (1, 160, 96, 6) is"),
    (lambda card: with_parts(card, all_portrait=lambda of: of["picture"].update(shape=LYING)),
     "signature 'all_portrait': picture is (1, 96, 160, 3), beside the other signatures and 6 classes (1, 160, 96, 3)"),
    (lambda card: (with_parts(card), card.update(classes=["background", "person"])),
     "signature 'all_portrait': parts is (1, 160, 96, 6), beside the other signatures and 2 classes (1, 160, 96, 2) "),
])
def test_a_card_whose_signatures_do_not_fit_each_other_is_refused(model: Path, edit: Edit, said: str) -> None:
    rewritten(model, edit)
    assert complaint(model).startswith(f"{card_path(model)}: {said}")
    with pytest.raises(ModelError):
        read_card(model)


def test_what_a_card_can_be_asked_for(model: Path) -> None:
    rewritten(model, lambda card: with_parts(card))
    assert read_card(model).asked == ("person", "all")
    rewritten(model, lambda card: with_parts(card, all_portrait=None, all_landscape=None))
    assert read_card(model).asked == ("person",)


def test_a_signature_that_the_model_does_not_have_is_refused(model: Path) -> None:
    rewritten(model, lambda card: card["signatures"].update(person_square=card["signatures"]["person_portrait"]))
    assert "seg-large" in complaint(model)


@pytest.mark.parametrize("which", ["seg-large.tflite", "seg-large.json"])
def test_a_file_that_may_not_be_read_is_named(spawned: Callable[..., subprocess.Popen], model: Path, which: str,
                                              as_ordinary_user: Callable[[], None]) -> None:
    model.with_name(which).chmod(0)
    process = spawned("models", "--verify", "--models", model.parent, preexec_fn=as_ordinary_user)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert said == f"masque: {model.with_name(which)}: cannot be read (Permission denied)\n"


def test_every_model_under_test_is_whole_and_of_the_tier_in_its_name(models_folder: Path) -> None:
    models = sorted(models_folder.glob("seg-*.tflite"))
    assert models
    for path in models:
        content, card = read_verified(path, "seg", path.stem.removeprefix("seg-"))
        assert card == read_card(path) and len(content) == card.size_bytes
        assert card.licence and card.limits and card.metrics and card.measured
