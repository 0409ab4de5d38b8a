"""`masque-quantize compile`: table, verdict, one file a signature, and a compiler that works, fails or hangs."""
from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

pytest.importorskip("ai_edge_litert", reason="ai-edge-litert is not installed: pip install '.[desk]'")

from hand_made import SIGNATURES, hand_made, hand_made_bytes

from edge.card import model_path
from quantize.tflite.schema import packed

WORKING = """
for last; do :; done
test "$1 $2" = "-s -o" || exit 9
echo "Edge TPU Compiler version 16.0.384591198"
cp "$last" "$3/$(basename "$last" .tflite)_edgetpu.tflite"
echo "CONV_2D 1 Mapped to Edge TPU" > "$3/$(basename "$last" .tflite)_edgetpu.log"
echo "Model compiled successfully in 3 ms."
"""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "hand.tflite"
    path.write_bytes(hand_made_bytes())
    return path


@pytest.fixture(autouse=True)
def no_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """PATH starts with an empty folder; a compiler that is really installed here is left out."""
    folder = tmp_path / "bin"
    folder.mkdir()
    others = [place for place in os.environ["PATH"].split(os.pathsep) if not Path(place, "edgetpu_compiler").exists()]
    monkeypatch.setenv("PATH", os.pathsep.join([str(folder), *others]))
    return folder


@pytest.fixture
def compiler(no_compiler: Path):
    """`compiler(script)` puts an edgetpu_compiler on PATH."""
    def write(script: str) -> None:
        path = no_compiler / "edgetpu_compiler"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    return write


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def test_without_a_compiler_the_table_speaks_and_the_command_succeeds(model: Path, masque_quantize) -> None:
    done = masque_quantize("compile", model)
    assert (done.code, done.err) == (0, "")
    for words in (f"hand.tflite: {model.stat().st_size:,} bytes, 200 of them weights; 2 signatures",
                  "upright: 2 operators, 0.0 M MACs, 185 parameters in 200 bytes", "operators  1 CONV_2D, 1 RELU6",
                  "arena      316 bytes planned, at least 312", "192 (1×8×6×4), 60 (1×4×3×5)",
                  "2 of 2 operators by Google's table, 100.0% of the MACs; all of it in one segment",
                  "an Edge TPU wants one signature a file: --out DIR writes them"):
        assert words in done.out
    assert done.out.count("edgetpu_compiler is not on PATH") == 1
    assert done.out.splitlines()[-1].startswith("edgetpu_compiler is not on PATH")


def test_json_is_one_document_with_every_figure(model: Path, masque_quantize) -> None:
    done = masque_quantize("compile", model, "--json")
    assert (done.code, done.err) == (0, "")
    assert set(done.json) == {"model", "size_bytes", "weight_bytes", "signatures", "written", "compiler", "compiled",
                              "peak_rss_mb"}
    assert list(done.json["signatures"]) == list(SIGNATURES)
    figures = done.json["signatures"]["lying"]
    assert (figures["macs"], figures["parameters"], figures["arena_bytes"]) == (2160, 185, 316)
    assert figures["edge_tpu"] == {"by": "table", "mapped": 2, "of": 2, "segments": 1, "macs_share": 1.0,
                                   "refusals": []}
    assert [layer["operator"] for layer in figures["layers"]] == ["CONV_2D", "RELU6"]
    assert done.json["compiler"] is None and done.json["compiled"] == done.json["written"] == {}


def test_verbose_lists_every_operator(model: Path, masque_quantize) -> None:
    done = masque_quantize("compile", model, "--signature", "lying", "-v")
    lines = done.err.splitlines()
    assert len(lines) == 2 and done.code == 0
    assert lines[0].split() == ["0", "CONV_2D", "1×8×6×4", "→", "1×4×3×5", "int8", "2,160", "MACs", "200", "B", "per",
                                "channel", "mapped"]


def test_quiet_says_nothing(model: Path, masque_quantize) -> None:
    done = masque_quantize("compile", model, "-q")
    assert (done.code, done.out, done.err) == (0, "", "")


def test_the_operator_that_ends_the_segment_is_named(models_folder: Path, masque_quantize) -> None:
    done = masque_quantize("compile", model_path("seg", "small", models_folder), "--json")
    for name, figures in done.json["signatures"].items():
        tpu = figures["edge_tpu"]
        assert 0 < tpu["mapped"] < tpu["of"] == len(figures["layers"])
        assert figures["layers"][tpu["mapped"]]["edge_tpu"] not in ("mapped", "behind one that is not mapped"), name
        assert all(layer["edge_tpu"] == "mapped" for layer in figures["layers"][:tpu["mapped"]])


def test_out_writes_one_file_a_signature(model: Path, tmp_path: Path, masque_quantize) -> None:
    done = masque_quantize("compile", model, "--out", tmp_path / "new" / "out", "--json")
    assert done.code == 0, done.err
    assert files(tmp_path / "new" / "out") == {"hand.upright.tflite", "hand.lying.tflite"}
    again = masque_quantize("compile", done.json["written"]["lying"], "--json")
    assert list(again.json["signatures"]) == ["lying"] and again.json["size_bytes"] < done.json["size_bytes"]


def test_only_the_signatures_that_are_asked_for(model: Path, tmp_path: Path, masque_quantize) -> None:
    done = masque_quantize("compile", model, "--signature", "lying", "--out", tmp_path / "out", "--json")
    assert list(done.json["signatures"]) == ["lying"] and files(tmp_path / "out") == {"hand.lying.tflite"}


def test_an_unknown_signature_is_a_usage_error(model: Path, masque_quantize) -> None:
    done = masque_quantize("compile", model, "--signature", "sitting")
    assert done.code == 2
    assert "hand.tflite has no signature 'sitting'; found upright, lying" in done.err


def test_a_file_that_is_no_model_is_one_line(tmp_path: Path, masque_quantize) -> None:
    path = tmp_path / "odd.tflite"
    for content in (b"", b"GIF89a....", hand_made_bytes()[:500]):
        path.write_bytes(content)
        done = masque_quantize("compile", path)
        assert (done.code, done.out) == (1, "")
        assert done.err.startswith("masque-quantize: odd.tflite: ") and done.err.count("\n") == 1
    done = masque_quantize("compile", tmp_path / "none.tflite")
    assert (done.code, done.err) == (
        1, f"masque-quantize: {tmp_path / 'none.tflite'}: cannot be read (No such file or directory)\n")


def test_a_signature_that_is_a_path_is_not_written(tmp_path: Path, masque_quantize) -> None:
    made = hand_made()
    made.signatureDefs[0].signatureKey = b"../escaped"
    path = tmp_path / "odd.tflite"
    path.write_bytes(packed(made))
    done = masque_quantize("compile", path, "--out", tmp_path / "out")
    assert done.code == 1
    assert done.err == "masque-quantize: odd.tflite: signature '../escaped' cannot be part of a file name\n"
    assert not list(tmp_path.rglob("*escaped*")) and not files(tmp_path / "out")


def test_an_out_that_cannot_be_written_is_one_line(model: Path, masque_quantize) -> None:
    done = masque_quantize("compile", model, "--out", model)
    assert done.code == 1 and done.err == f"masque-quantize: {model}: cannot be written to (File exists)\n"


def test_a_compiler_is_run_for_each_signature_and_its_words_are_passed_on(model: Path, tmp_path: Path, compiler,
                                                                          masque_quantize) -> None:
    compiler(WORKING)
    done = masque_quantize("compile", model, "--out", tmp_path / "out", "--json")
    assert done.code == 0, done.err
    assert files(tmp_path / "out") == {f"hand.{name}{ending}" for name in SIGNATURES for ending in (
        ".tflite", "_edgetpu.tflite", "_edgetpu.log")}
    assert done.json["compiler"].endswith("bin/edgetpu_compiler")
    made = done.json["compiled"]["lying"]
    assert made["model"] == str(tmp_path / "out" / "hand.lying_edgetpu.tflite")
    assert made["printed"].splitlines()[-1] == "Model compiled successfully in 3 ms."
    said = masque_quantize("compile", model, "--out", tmp_path / "out").out
    assert said.count("  Edge TPU Compiler version 16.0.384591198") == 2 and "not on PATH" not in said


def test_without_out_nothing_of_the_compiler_is_kept(model: Path, tmp_path: Path, compiler, masque_quantize) -> None:
    compiler(WORKING)
    before = files(tmp_path)
    done = masque_quantize("compile", model)
    assert done.code == 0 and "the compiled file was not kept: --out DIR keeps it" in done.out
    assert files(tmp_path) == before


@pytest.mark.parametrize(("script", "words"), [
    ("echo Invalid model; echo 'Model could not be parsed' >&2; exit 1",
     "edgetpu_compiler failed with exit code 1: Model could not be parsed"),
    ("echo 'Compilation failed!'", "edgetpu_compiler left no model behind; it said: Compilation failed!"),
    ("exit 3", "edgetpu_compiler failed with exit code 3: nothing"),
    ("""for last; do :; done; echo junk > "$3/$(basename "$last" .tflite)_edgetpu.tflite"; echo done""",
     "edgetpu_compiler left no model behind; it said: done"),
])
def test_a_compiler_that_fails_is_quoted_and_leaves_nothing(model: Path, tmp_path: Path, compiler, masque_quantize,
                                                            script: str, words: str) -> None:
    compiler(script)
    done = masque_quantize("compile", model, "--out", tmp_path / "out")
    assert done.code == 1
    assert done.err == f"masque-quantize: hand.upright: {words}\n"
    assert files(tmp_path / "out") == {"hand.upright.tflite", "hand.lying.tflite"}


def test_a_compiler_that_hangs_is_stopped_with_its_children(model: Path, tmp_path: Path, compiler,
                                                           masque_quantize) -> None:
    compiler(f"sh -c 'sleep 3; touch {tmp_path / 'survived'}' & wait")
    start = time.monotonic()
    done = masque_quantize("compile", model, "--out", tmp_path / "out", "--timeout", "0.3")
    assert time.monotonic() - start < 2.5
    assert done.code == 1
    assert done.err == ("masque-quantize: hand.upright: edgetpu_compiler was not done after 0.3 s and was stopped; "
                        "--timeout gives it longer\n")
    assert not any(name.endswith("_edgetpu.tflite") or name.startswith(".") for name in files(tmp_path / "out"))
    time.sleep(max(0.0, 3.2 - (time.monotonic() - start)))
    assert not (tmp_path / "survived").exists()
