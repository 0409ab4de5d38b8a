"""`masque` itself: help that costs nothing, boards, models and doctor, each with one JSON document."""
from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edge.boards import board_names
from edge.card import card_path, model_path
from edge.cli import COMMANDS, doctor

Command = Callable[..., Any]  # → outcome.Outcome: code, out, err, json

HEAVY = ("numpy", "cv2", "scipy", "PIL", "ai_edge_litert", "tflite_runtime", "av")

ROOT = Path(doctor.__file__).parents[2]


@pytest.fixture
def copied_models(tmp_path: Path, models_folder: Path) -> Path:
    """A copy of the large model and its card, in a folder that a test may spoil."""
    source = model_path("seg", "large", models_folder)
    for path in (source, card_path(source)):
        shutil.copy(path, tmp_path)
    return tmp_path


@pytest.mark.parametrize("arguments", [["--help"], *([name, "--help"] for name in COMMANDS), ["boards"],
                                       ["boards", "pi4b"]], ids=" ".join)
def test_help_and_boards_import_no_heavy_library(arguments: list[str]) -> None:
    code = ("import sys; from edge.cli import main; sys.argv = ['masque', *sys.argv[1:]]\n"
            "try: main()\n"
            "except SystemExit as ended: code = ended.code\n"
            f"print('code', code, 'heavy', [name for name in {HEAVY} if name in sys.modules])")
    out = subprocess.check_output([sys.executable, "-c", code, *arguments], text=True, cwd=ROOT)
    assert out.splitlines()[-1] == "code 0 heavy []" and len(out.splitlines()) > 5


def test_help_lists_every_command_with_a_line(masque: Command) -> None:
    done = masque("--help")
    listed = done.out.split("Commands:")[1].splitlines()
    lines = dict(line.split(maxsplit=1) for line in listed if line.startswith("  "))
    assert done.code == 0
    for name, (_, text) in COMMANDS.items():
        assert text.startswith(lines[name][:30])


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_takes_json_q_and_v(masque: Command, name: str) -> None:
    done = masque(name, "-h")
    assert done.code == 0 and all(option in done.out for option in ("--json", "-q, --quiet", "-v, --verbose"))


def test_an_unknown_command_exits_2(masque: Command) -> None:
    done = masque("mattte")
    assert done.code == 2 and "mattte" in done.err and done.out == ""


@pytest.mark.parametrize("arguments", [["boards", "pi9"], ["matte", "a.jpg", "--out", "b", "--board", "pi9"]],
                         ids=["boards", "matte"])
def test_an_unknown_board_exits_2_and_lists_the_boards(masque: Command, arguments: list[str]) -> None:
    done = masque(*arguments)
    assert done.code == 2 and "pi9" in done.err and all(name in done.err.replace("\n", " ") for name in board_names())


def test_a_board_without_a_camera_cannot_cut(masque: Command, portrait_file: Path, tmp_path: Path) -> None:
    done = masque("matte", portrait_file, "--out", tmp_path / "out", "--board", "msp430fr2433")
    assert done.code == 2 and "msp430fr2433 solves tiles for another board" in done.err


def test_boards_lists_all_and_says_which_is_here(masque: Command) -> None:
    done = masque("boards", "--json")
    assert done.code == 0 and [board["name"] for board in done.json["boards"]] == list(board_names())
    assert [board["name"] for board in done.json["boards"] if board["here"]] == [done.json["detected"]]
    assert done.json["peak_rss_mb"] > 5
    assert all(name in masque("boards").out for name in board_names())


@pytest.mark.parametrize("name", board_names())
def test_one_board_is_shown_with_unit_and_source_of_every_figure(masque: Command, name: str) -> None:
    document = masque("boards", name, "--json").json
    assert document["board"]["name"] == name and document["peak_rss_mb"] > 5
    group = document["board"]["network" if document["board"]["kind"] == "camera" else "chip"]
    assert all(setting["source"] for setting in group.values())
    assert all(f"{setting['value']}" in masque("boards", name).out for setting in group.values())


def test_boards_check_finds_nothing_wrong_with_those_that_ship(masque: Command) -> None:
    done = masque("boards", "--check", "--json")
    assert done.code == 0 and done.json["problems"] == [] and done.json["boards"] == list(board_names())
    assert done.json["peak_rss_mb"] > 5


def test_models_lists_every_model_with_its_figures(masque: Command, models_folder: Path) -> None:
    done = masque("models", "--verify", "--json", "--models", models_folder)
    assert done.code == 0 and done.err == "" and done.json["peak_rss_mb"] > 5
    assert [row["file"] for row in done.json["models"]] == sorted(path.name for path in models_folder.glob("*.tflite"))
    for row in done.json["models"]:
        assert row["verified"] and row["file"] == f"{row['kind']}-{row['tier']}.tflite"
        assert row["size_bytes"] == (models_folder / row["file"]).stat().st_size and row["metrics"] and row["licence"]
    assert "whole, hash as on its card" in masque("models", "--verify", "--models", models_folder).out


def edited_card(folder: Path, **changes: Any) -> None:
    """Changes the card of the large model in this folder; look: changes of person_portrait."""
    file = card_path(model_path("seg", "large", folder))
    card = json.loads(file.read_text(encoding="utf-8"))
    card["signatures"]["person_portrait"].update(changes.pop("look", {}))
    file.write_text(json.dumps(card | changes), encoding="utf-8")


def test_models_tells_signatures_effort_quantisation_and_commit(masque: Command, copied_models: Path) -> None:
    edited_card(copied_models, look={"macs": 41_234_567, "arena_bytes": 353_280}, commit="4730e3e8300f",
                quantisation={"method": "post-training", "weakest_layer": "head", "its_own_snr_db": 21.5})
    [row] = masque("models", "--json", "--models", copied_models).json["models"]
    assert {"file", "kind", "tier", "width", "height", "size_bytes", "parameters", "metrics", "verified",
            "licence"} < set(row)
    assert row["signatures"][:1] == ["person_portrait"] and "person_landscape" in row["signatures"]
    assert (row["macs"], row["arena_bytes"], row["commit"]) == (41_234_567, 353_280, "4730e3e8300f")
    assert row["quantisation"] == {"method": "post-training", "weakest_layer": "head", "its_own_snr_db": 21.5}
    said = masque("models", "--models", copied_models).out
    assert "41.2 M multiply-adds" in said and "353 kB arena" in said


def test_models_leaves_out_what_a_card_does_not_tell(masque: Command, copied_models: Path) -> None:
    edited_card(copied_models, look={"macs": 0, "arena_bytes": 0}, metrics={}, quantisation={}, commit="")
    said = masque("models", "--models", copied_models).out
    assert "multiply-adds" not in said and "arena" not in said and "not scored on picsart" in said
    assert "mean IoU" not in said and said.count("\n") == 1 and said == said.rstrip() + "\n"


@pytest.mark.usefixtures("parts_model")
def test_models_says_which_models_tell_parts_and_how_well(masque: Command, copied_models: Path) -> None:
    edited_card(copied_models, metrics={"int8.picsart.person_iou": 0.95, "int8.celebamask.parts_mean_iou": 0.6123})
    assert "person IoU 0.950  parts, mean IoU 0.612" in masque("models", "--models", copied_models).out
    edited_card(copied_models, metrics={})
    assert masque("models", "--models", copied_models).out.endswith("not scored on picsart  parts\n")
    assert "all_portrait" in masque("models", "--json", "--models", copied_models).json["models"][0]["signatures"]


def test_a_broken_model_is_named_by_verify_and_the_others_are_listed(masque: Command, copied_models: Path) -> None:
    broken = copied_models / "seg-broken.tflite"
    shutil.copy(card_path(copied_models / "seg-large.tflite"), card_path(broken))
    content = bytearray((copied_models / "seg-large.tflite").read_bytes())
    content[-100] ^= 0xFF
    broken.write_bytes(content)
    done = masque("models", "--verify", "--json", "--models", copied_models)
    assert done.code == 1 and done.err.startswith(f"masque: {broken}: SHA-256") and done.err.count("\n") == 1
    assert [row["file"] for row in done.json["models"]] == ["seg-large.tflite"]


def test_a_folder_without_models_is_said(masque: Command, tmp_path: Path) -> None:
    done = masque("models", "--models", tmp_path)
    assert done.code == 1 and done.err == f"masque: {tmp_path}: holds no model (*.tflite)\n"


def test_doctor_says_what_is_here(masque: Command, models_folder: Path) -> None:
    document = masque("doctor", "--json", "--models", models_folder).json
    assert set(document) == {"machine", "packages", "runtimes", "runtime_in_use", "proofs", "peak_rss_mb"}
    assert document["machine"]["board"] in board_names() and document["packages"]["numpy"]
    assert document["runtime_in_use"] in {runtime["name"] for runtime in document["runtimes"] if runtime["loads"]}
    assert document["proofs"] == [] and document["peak_rss_mb"] > 5


def test_doctor_says_what_is_missing_and_how_to_go_on(masque: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    real = doctor._version
    monkeypatch.setattr(doctor, "_version", lambda name: None if name == "av" else real(name))
    done = masque("doctor")
    [line] = [line for line in done.out.splitlines() if " av " in line]
    assert done.code == 0 and "missing" in line and "without it: photographs only" in line and "pip install" in line


def test_doctor_proves_every_model_against_its_card(masque: Command, models_folder: Path) -> None:
    done = masque("doctor", "--prove", "--json", "--models", models_folder)
    assert done.code == 0 and done.err == ""
    assert {proof["model"] for proof in done.json["proofs"]} == {path.stem for path in models_folder.glob("*.tflite")}
    for proof in done.json["proofs"]:
        assert proof["passed"] and proof["agreement"] >= 0.995 and proof["invoke_ms"] > 0 and proof["delegate"] == "cpu"


def test_doctor_exits_1_when_a_model_sees_something_else_here(masque: Command, copied_models: Path) -> None:
    import base64

    card_file = copied_models / "seg-large.json"
    card = json.loads(card_file.read_text(encoding="utf-8"))
    mask = bytearray(base64.b64decode(card["proof"]["mask"]))
    mask[len(mask) // 2 : len(mask) // 2 + 40] = bytes(40)
    card["proof"]["mask"] = base64.b64encode(mask).decode()
    card_file.write_text(json.dumps(card), encoding="utf-8")
    done = masque("doctor", "--prove", "--models", copied_models)
    assert done.code == 1 and "DIFFERS" in done.out


def test_a_fine_cut_needs_no_scipy(models_folder: Path, portrait_file: Path, tmp_path: Path) -> None:
    code = "import sys; sys.modules['scipy'] = None\nfrom edge.cli import main; sys.argv[0] = 'masque'; main()"
    subprocess.run([sys.executable, "-c", code, "matte", portrait_file, "--out", tmp_path, "--quality", "fine",
                    "--board", "desk", "--models", models_folder, "-q"], cwd=ROOT, check=True)
    assert (tmp_path / "portrait.alpha.png").is_file()
