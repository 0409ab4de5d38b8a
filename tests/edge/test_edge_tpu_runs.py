"""The loader with an Edge TPU that behaves, is absent, fails at first, is pulled: a stand-in for its library.

The stand-in (standin_edgetpu.c) is compiled here and loaded by the real runtime as a delegate. No Edge TPU was at hand.
"""
from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("ai_edge_litert", reason="ai-edge-litert is not installed: pip install '.[desk]'")

from edge.card import Signature, model_path, read_card
from edge.errors import ModelError
from edge.frame import Region
from edge.preprocess import quantised
from edge.segment import edge_tpu, runtime
from edge.segment.edge_tpu import EDGE_TPU_OPERATOR, compiled_path
from edge.segment.tflite import TfliteSegmenter, open_segmenter
from quantize.tflite.schema import packed, schema

ROOT = Path(__file__).parents[2]

TIER = "small"


def compiled(signature: Signature, operator: bytes = EDGE_TPU_OPERATOR) -> bytes:
    """What edgetpu_compiler makes of a signature, without its weights: one custom operator from picture to answers."""
    s = schema()
    model, graph, code, node = s.ModelT(), s.SubGraphT(), s.OperatorCodeT(), s.OperatorT()
    code.builtinCode = code.deprecatedBuiltinCode = s.BuiltinOperator.CUSTOM
    code.customCode, code.version = operator, 1
    graph.tensors = []
    for name, port in {"picture": signature.picture, **signature.outputs}.items():
        tensor = s.TensorT()
        tensor.name, tensor.shape, tensor.type = name.encode(), np.int32(port.shape), s.TensorType.INT8
        tensor.quantization = s.QuantizationParametersT()
        tensor.quantization.scale = np.float32([port.scale])
        tensor.quantization.zeroPoint = np.int64([port.zero_point])
        graph.tensors.append(tensor)
    node.opcodeIndex, node.inputs, node.outputs = 0, np.int32([0]), np.int32(range(1, len(graph.tensors)))
    graph.operators, graph.inputs, graph.outputs, graph.name = [node], node.inputs, node.outputs, b"main"
    empty = s.BufferT()
    model.version, model.operatorCodes, model.subgraphs, model.buffers = 3, [code], [graph], [empty]
    return packed(model)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler: apt install gcc")
    made = tmp_path_factory.mktemp("edgetpu") / "libedgetpu.so.1"
    subprocess.run([compiler, "-std=c11", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", made,
                    Path(__file__).with_name("standin_edgetpu.c")], check=True)
    return made


@pytest.fixture
def tpu(library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that says how the stand-in behaves; ok to begin with. Nobody waits."""
    state = tmp_path / "state"
    state.write_text("ok")
    monkeypatch.setenv("EDGE_TPU_STATE", str(state))
    monkeypatch.setattr(runtime, "EDGE_TPU_LIBRARY", str(library))
    monkeypatch.setattr(edge_tpu, "PAUSE_S", 0.0)
    monkeypatch.setattr(edge_tpu, "RETRY_S", 0.0)
    return state


@pytest.fixture
def model(models_folder: Path, tmp_path: Path) -> Path:
    """The small model with compiled files of all its signatures beside it."""
    original = model_path("seg", TIER, models_folder)
    for path in (original, original.with_suffix(".json")):
        shutil.copy(path, tmp_path)
    copy = tmp_path / original.name
    for name, signature in read_card(copy).signatures.items():
        compiled_path(copy, name).write_bytes(compiled(signature))
    return copy


@pytest.fixture
def pixels(portrait: np.ndarray) -> np.ndarray:
    """The portrait cut to the network's own size: nothing is resized on the way."""
    return np.ascontiguousarray(portrait[100:180, 150:198])


def seen(segmenter: TfliteSegmenter, pixels: np.ndarray) -> np.ndarray:
    return segmenter.segment(pixels, Region.whole(pixels.shape)).values


def by_tpu(pixels: np.ndarray) -> np.ndarray:
    """What the stand-in answers."""
    return (quantised(pixels)[0, :, :, 0].astype(np.float32) + 128) / 256


def told(tpu: Path) -> list[str]:
    return Path(f"{tpu}.log").read_text().split("\n")[:-1]


def test_the_network_runs_on_the_edge_tpu(tpu: Path, model: Path, pixels: np.ndarray) -> None:
    segmenter, fallbacks = open_segmenter(model, TIER, delegate="edgetpu", parts=True)
    assert fallbacks == ()
    np.testing.assert_array_equal(seen(segmenter, pixels), by_tpu(pixels))
    labels = segmenter.label(pixels, Region.whole(pixels.shape))
    np.testing.assert_array_equal(labels.person.values, by_tpu(pixels))
    assert (labels.parts == np.float32(129 / 256)).all() and labels.parts.shape[-1] == 6
    assert told(tpu) == ["taken"]


def test_the_wide_look_runs_there_too_and_wants_its_own_file(tpu: Path, model: Path, portrait: np.ndarray) -> None:
    wide = np.ascontiguousarray(portrait[60:156, 60:220])
    segmenter, fallbacks = open_segmenter(model, TIER, delegate="edgetpu")
    assert fallbacks == ()
    np.testing.assert_array_equal(segmenter.segment_wide(wide, Region.whole(wide.shape)).values, by_tpu(wide))
    compiled_path(model, "person_wide").unlink()
    assert open_segmenter(model, TIER, delegate="edgetpu")[1] == (
        "no seg-small.person_wide_edgetpu.tflite beside seg-small.tflite: the network ran on the CPU",)


def test_an_absent_edge_tpu_is_looked_for_and_the_cpu_takes_over(tpu: Path, model: Path, pixels: np.ndarray) -> None:
    tpu.write_text("absent")
    segmenter, fallbacks = open_segmenter(model, TIER, delegate="edgetpu")
    assert fallbacks == ("no Edge TPU found: the network ran on the CPU",)
    assert told(tpu) == ["absent"] * edge_tpu.TRIES
    np.testing.assert_array_equal(seen(segmenter, pixels), seen(open_segmenter(model, TIER)[0], pixels))


def test_an_edge_tpu_that_fails_its_first_inference_is_taken_again(tpu: Path, model: Path, pixels: np.ndarray) -> None:
    tpu.write_text("first")
    segmenter, fallbacks = open_segmenter(model, TIER, delegate="edgetpu")
    assert fallbacks == () and told(tpu) == ["taken", "failed", "let go", "taken"]
    np.testing.assert_array_equal(seen(segmenter, pixels), by_tpu(pixels))


def test_pulled_and_plugged_again(tpu: Path, model: Path, pixels: np.ndarray) -> None:
    """No frame is lost: the one on which it fails is answered by the CPU; the old device is let go before a new one."""
    segmenter, _ = open_segmenter(model, TIER, delegate="edgetpu")
    on_cpu = seen(open_segmenter(model, TIER)[0], pixels)
    for turn in range(2):
        tpu.write_text("fails")
        np.testing.assert_array_equal(seen(segmenter, pixels), on_cpu)
        tpu.write_text("absent")
        np.testing.assert_array_equal(seen(segmenter, pixels), on_cpu)
        tpu.write_text("ok")
        np.testing.assert_array_equal(seen(segmenter, pixels), by_tpu(pixels))
        assert told(tpu) == ["taken", *["failed", "let go", "absent", "taken"] * (turn + 1)]
    assert segmenter.fallbacks == ["the Edge TPU stopped answering: the network ran on the CPU until it came back"]


def test_a_frame_does_not_look_for_it_again_at_once(tpu: Path, model: Path, pixels: np.ndarray, monkeypatch) -> None:
    segmenter, _ = open_segmenter(model, TIER, delegate="edgetpu")
    monkeypatch.setattr(edge_tpu, "RETRY_S", 60.0)
    tpu.write_text("absent")
    for _ in range(5):
        seen(segmenter, pixels)
    assert told(tpu) == ["taken", "failed", "let go"]


@pytest.mark.parametrize(("content", "why"), [
    (None, "no seg-small.person_portrait_edgetpu.tflite beside seg-small.tflite: the network ran on the CPU"),
    (b"TFL3 but not compiled", "seg-small.person_portrait_edgetpu.tflite is not compiled for the Edge TPU: the network "
                               "ran on the CPU")])
def test_without_a_compiled_model_the_cpu_takes_over_and_says_so(tpu: Path, model: Path, content: bytes | None,
                                                                 why: str) -> None:
    path = compiled_path(model, "person_portrait")
    path.unlink() if content is None else path.write_bytes(content)
    assert open_segmenter(model, TIER, delegate="edgetpu")[1] == (why,)
    assert not Path(f"{tpu}.log").exists()


def test_a_model_compiled_from_another_one_is_named_with_both_shapes(tpu: Path, model: Path) -> None:
    card = read_card(model)
    compiled_path(model, "person_portrait").write_bytes(compiled(card.signatures["person_landscape"]))
    with pytest.raises(ModelError, match=r"seg-small\.person_portrait_edgetpu\.tflite, .*: has \(1, 48, 80, 3\) int8.*"
                                         r"picture is \(1, 80, 48, 3\)"):
        open_segmenter(model, TIER, delegate="edgetpu")


def test_a_report_names_what_happened_later_once(tpu: Path, model: Path, masque, monkeypatch) -> None:
    """`masque live` as a Coral board would run it, the accelerator pulled after the first frames."""
    from edge.segment.tflite import TfliteSegmenter

    whole = TfliteSegmenter.segment

    def pulled(self: TfliteSegmenter, *arguments: object):
        tpu.write_text("fails")
        return whole(self, *arguments)

    monkeypatch.setattr(TfliteSegmenter, "segment", pulled)
    board_of = (ROOT / "board_configs/coral_usb_pi4b.toml").read_text()
    assert 'tier = { value = "large"' in board_of
    done = masque("live", "demo", "--frames", "3", "--out", "null", "--board", "coral_usb_pi4b", "--json",
                  "--models", large_beside(model))
    assert done.code == 0, done.err
    assert done.json["fallbacks"].count(
        "the Edge TPU stopped answering: the network ran on the CPU until it came back") == 1


PULLED_AND_PLUGGED = """
import json, sys
from pathlib import Path
import numpy as np
from edge.frame import Region
from edge.segment import edge_tpu
from edge.segment.tflite import open_segmenter
edge_tpu.RETRY_S = 0
state, picture = Path(sys.argv[2]), np.full((80, 48, 3), 51, np.uint8)
segmenter, _ = open_segmenter(Path(sys.argv[1]), "small", delegate="edgetpu", runtime="tflite-runtime")
by_tpu = []
for word in ("ok", "fails", "absent", "ok"):
    state.write_text(word)
    by_tpu.append(bool(np.allclose(segmenter.segment(picture, Region.whole(picture.shape)).values, 51 / 256)))
print(json.dumps(by_tpu))
"""


@pytest.mark.runtimes
def test_the_other_runtime_lives_with_it_too(tpu: Path, model: Path, library: Path) -> None:
    """tflite-runtime, on which Coral boards are pinned, finds the library by its name."""
    python = os.environ.get("MASQUE_TFLITE_PYTHON")
    if not python:
        pytest.skip("MASQUE_TFLITE_PYTHON is not set: `make test` makes that environment where Python is 3.11")
    done = subprocess.run([python, "-c", PULLED_AND_PLUGGED, model, tpu], text=True, capture_output=True, check=True,
                          env={**os.environ, "PYTHONPATH": str(ROOT), "LD_LIBRARY_PATH": str(library.parent)})
    assert done.stdout == "[true, false, false, true]\n"
    assert told(tpu)[:5] == ["taken", "failed", "let go", "absent", "taken"]  # and "let go" when the process ends


def large_beside(model: Path) -> Path:
    """The large model and its compiled files, in the folder of the small one."""
    from edge.card import MODELS

    for ending in (".tflite", ".json"):
        shutil.copy(MODELS / f"seg-large{ending}", model.parent)
    for name, signature in read_card(model.with_name("seg-large.tflite")).signatures.items():
        compiled_path(model.with_name("seg-large.tflite"), name).write_bytes(compiled(signature))
    return model.parent
