"""`masque-quantize evaluate`."""
from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click

from edge.cli.options import Voice, voiced
from edge.errors import DataError
from edge.report import peak_rss_mb
from quantize.cli.options import FOLDER, KIND

SECTIONS = ("wide", "robust", "skin_tone", "calibration", "flicker")
"""What can be asked for beside the validation pictures as they are; each a key of the JSON document."""


@click.command("evaluate")
@click.argument("models", metavar="MODEL…", nargs=-1, required=True, type=FOLDER)
@click.option("--data", required=True, type=FOLDER,
              help="Data folder with a validation split; for matte models one with input/, alpha/, trimap…/.")
@click.option("--kind", type=KIND, default="seg", show_default=True, help="What the models are.")
@click.option("--source", "sources", multiple=True, help="Only this source of the manifest; several times.")
@click.option("--wide", is_flag=True, help="One to three people before rooms, 16:9 and 4:3 (needs backgrounds/).")
@click.option("--robust", is_flag=True, help="picsart turned, cropped, dark, backlit, blurred, as poor JPEG, …")
@click.option("--all", "all_pictures", is_flag=True, help="--robust on all pictures; else on a third.")
@click.option("--skin-tone", is_flag=True, help="Person IoU by the colour of labelled skin.")
@click.option("--calibration", is_flag=True, help="Is a probability of 0.8 right four times in five?")
@click.option("--flicker", "clips", metavar="CLIPS", type=FOLDER, help="Flicker of the live path on a folder of clips.")
@click.option("--everything", is_flag=True, help="All of these; clips/ is looked for inside and beside DATA.")
@voiced
def command(models: tuple[Path, ...], data: Path, kind: str, sources: tuple[str, ...], all_pictures: bool,
            clips: Path | None, everything: bool, voice: Voice, **asked: bool) -> None:
    """Score int8 models on the validation split through the run-time path (`masque matte --quality fast`).

    Person IoU, two-class mIoU and boundary-F, and six-class mIoU of models that tell parts apart. --kind matte: MSE and
    SAD of the unknown pixels and time, matched by colours, by PCA and by the network, without and with the correction.
    """
    from edge.card import read_card

    if kind == "matte":
        _matte(models, data, voice)
        return
    chosen = SECTIONS if everything else [name for name in SECTIONS if asked.get(name) or (name == "flicker" and clips)]
    judges = _judges(chosen, data, sources, all_pictures, clips)
    figures: dict[str, dict[str, float]] = {}
    of_card: dict[str, dict[str, float]] = {}
    sections: dict[str, dict[str, dict]] = {name: {} for name in chosen}
    for model in models:
        card = read_card(model)
        figures[str(model)] = found = _found(model, card.tier, "all_portrait" in card.signatures, data, sources, voice)
        of_card[str(model)] = of_float = {name: card.metrics[f"float.{name}"] for name in found
                                          if f"float.{name}" in card.metrics}
        for name, value in found.items():
            beside = f"float on its card {of_float[name]}" if name in of_float else ""
            voice.say(f"{model.name:24} {name:28} {value:<8} {beside}".rstrip())
        for name, judge in judges.items():
            rows = judge(model, card.tier, partial(voice.progress, label=f"{model.name} {name}"))
            sections[name][str(model)] = rows
            for group, row in rows.items():
                told = "  ".join(f"{key} {value}" for key, value in row.items() if key != "bins")
                voice.say(f"{model.name:24} {name} {group:26} {told}")
    voice.report({"models": figures, "float_on_card": of_card, **sections, "peak_rss_mb": peak_rss_mb()})


def _matte(models: tuple[Path, ...], data: Path, voice: Voice) -> None:
    from edge.card import read_card
    from edge.matte_model import open_matte_model
    from quantize.matte.evaluate import evaluate_matte

    figures, of_card = {}, {}
    for path in models:
        model = open_matte_model(read_card(path).tier, folder=path.parent)
        told = partial(voice.progress, label=path.name)
        figures[str(path)] = found = evaluate_matte(model, model.card.tier, data, told)
        of_card[str(path)] = {name: model.card.metrics[f"float.{name}"] for name in found
                              if f"float.{name}" in model.card.metrics}
        for name, value in found.items():
            beside = f"float on its card {of_card[str(path)][name]}" if name in of_card[str(path)] else ""
            voice.say(f"{path.name:24} {name:28} {value:<8} {beside}".rstrip())
    voice.report({"models": figures, "float_on_card": of_card, "peak_rss_mb": peak_rss_mb()})


def _found(model: Path, tier: str, tells_parts: bool, data: Path, sources: tuple[str, ...],
           voice: Voice) -> dict[str, float]:
    """The figures of the validation pictures as they are; six classes where the model has them."""
    from edge.segment.tflite import open_segmenter
    from quantize.evaluate import evaluate
    from quantize.judge.parts import evaluate_parts, still_classes

    segmenter, _ = open_segmenter(model, tier, mirror=True, parts=tells_parts)
    found = evaluate(segmenter, tier, data, sources, partial(voice.progress, label=model.name))
    if tells_parts and any(name.split(".")[0] in _sources_of_parts(data) for name in found):
        found |= evaluate_parts(still_classes(segmenter, tier), data, sources,
                                partial(voice.progress, label=f"{model.name} parts"))
    return found


def _sources_of_parts(data: Path) -> set[str]:
    from quantize.manifest import read_manifest

    return {entry.source for entry in read_manifest(data) if (entry.split, entry.supervision) == ("val", "parts")}


def _judges(chosen: list[str] | tuple[str, ...], data: Path, sources: tuple[str, ...], all_pictures: bool,
            clips: Path | None) -> dict[str, Callable[[Path, str, Any], dict[str, dict]]]:
    """Section → (model, tier, progress) → group → figures. Raises DataError here, before anything is scored.

    Photographs are asked with their mirror image, as `masque matte` does; the network's own probabilities and the
    live path without.
    """
    from edge.segment.tflite import open_segmenter
    from quantize.evaluate import score, still_cut, validation_cases
    from quantize.judge.calibration import calibration
    from quantize.judge.flicker import clips_in, flicker
    from quantize.judge.robust import EVERY, robust_cases, with_change
    from quantize.judge.skin_tone import by_tone, skin_cases
    from quantize.judge.wide import wide_cases

    def cut(model: Path, tier: str):
        return still_cut(open_segmenter(model, tier, mirror=True)[0], tier)

    judges: dict[str, Callable[[Path, str, Any], dict[str, dict]]] = {}
    if "wide" in chosen:
        wide = wide_cases(data)
        judges["wide"] = lambda model, tier, progress: dict(sorted(score(cut(model, tier), wide, progress).items()))
    if "robust" in chosen:
        robust = robust_cases(data, every=1 if all_pictures else EVERY)
        judges["robust"] = lambda model, tier, progress: with_change(score(cut(model, tier), robust, progress))
    if "skin_tone" in chosen:
        toned = skin_cases(data, sources)
        judges["skin_tone"] = lambda model, tier, progress: by_tone(score(cut(model, tier), toned, progress))
    if "calibration" in chosen:
        plain = validation_cases(data, sources)
        judges["calibration"] = lambda model, tier, progress: calibration(open_segmenter(model, tier)[0], plain,
                                                                          progress)
    if "flicker" in chosen:
        films = clips_in(clips or _clips_of(data))
        judges["flicker"] = lambda model, tier, progress: flicker(open_segmenter(model, tier)[0], tier, films, progress)
    return judges


def _clips_of(data: Path) -> Path:
    folder = next((f for f in (data / "clips", data.parent / "clips") if f.is_dir()), None)
    if folder is None:
        raise DataError(f"{data}: no clips/ inside or beside it; --flicker CLIPS names a folder of clips")
    return folder
