"""A network on an Edge TPU that may come and go: first inferences that fail, accelerators that are pulled and plugged.

What `masque-quantize compile --out` writes, one file a signature, lies beside the model that it was compiled from; that
model runs on the CPU while the Edge TPU is away. No Edge TPU was at hand: tests run a stand-in for libedgetpu.so.1.
"""
from __future__ import annotations

import time
from collections.abc import Callable, Collection
from pathlib import Path

import numpy as np

from edge.card import Card, Signature
from edge.errors import ModelError
from edge.quiet import quiet_libraries
from edge.segment.runtime import Runtime, edge_tpu_delegate

Runner = Callable[..., dict[str, np.ndarray]]
"""picture (1, h, w, c) int8 → output name → values int8."""

EDGE_TPU_OPERATOR = b"edgetpu-custom-op"
"""What `edgetpu_compiler` puts into a file; without it the delegate would leave everything to the CPU, silently."""

TRIES, PAUSE_S = 3, 1.0
"""A USB accelerator leaves the bus and comes back under another number (1a6e:089a, then 18d1:9302) once its firmware is
loaded; whoever asks meanwhile finds none. Coral's own forums answer: try again."""

RETRY_S = 5.0
"""How often an accelerator that went away is looked for while the CPU does its work."""


def compiled_path(model: Path, signature: str) -> Path:
    """seg-large.tflite, person_portrait → seg-large.person_portrait_edgetpu.tflite, in the same folder."""
    return model.with_name(f"{model.stem}.{signature}_edgetpu.tflite")


def compiled_files(model: Path, signatures: Collection[str]) -> tuple[dict[str, bytes], str]:
    """(signature → compiled file, "") or ({}, why the network has to stay on the CPU)."""
    found = {}
    for name in signatures:
        path = compiled_path(model, name)
        try:
            found[name] = path.read_bytes()
        except OSError:
            return {}, f"no {path.name} beside {model.name}: the network ran on the CPU"
        if EDGE_TPU_OPERATOR not in found[name]:
            return {}, f"{path.name} is not compiled for the Edge TPU: the network ran on the CPU"
    return found, ""


class EdgeTpu:
    """Runs the signatures of a model on the Edge TPU, or on the CPU while there is none."""

    def __init__(self, files: dict[str, bytes], card: Card, runtime: Runtime, on_cpu: dict[str, Runner],
                 fallbacks: list[str]) -> None:
        """files: signature → compiled file; on_cpu: the same signatures there. fallbacks: told, a line a kind of fault.

        Raises ModelError for a compiled file that does not fit the card; an Edge TPU that is not there is no error.
        """
        self.files, self.card, self.runtime, self.on_cpu, self.fallbacks = files, card, runtime, on_cpu, fallbacks
        self._runs: dict[str, Runner] = {}
        self._next_try = 0.0
        for turn in range(TRIES):
            if turn:
                time.sleep(PAUSE_S)
            if self._open():
                return
        fallbacks.append("no Edge TPU found: the network ran on the CPU")

    def runners(self) -> dict[str, Runner]:
        """Signature → what runs it, wherever that is possible at the time."""
        return {name: self._runner(name) for name in self.files}

    def _runner(self, name: str) -> Runner:
        def run(picture: np.ndarray) -> dict[str, np.ndarray]:
            if not self._runs and time.monotonic() >= self._next_try:
                self._open()
            if self._runs:
                try:
                    return self._runs[name](picture)
                except (RuntimeError, ValueError):  # what either runtime makes of a delegate that failed
                    self._lost()
            return self.on_cpu[name](picture=picture)

        return run

    def _lost(self) -> None:
        """Lets go of the device: one that comes back is another one to its library."""
        self._runs, self._next_try = {}, time.monotonic() + RETRY_S
        line = "the Edge TPU stopped answering: the network ran on the CPU until it came back"
        if line not in self.fallbacks:
            self.fallbacks.append(line)

    def _open(self) -> bool:
        """Takes the Edge TPU, if it is there and its first inference of every signature goes well."""
        self._next_try = time.monotonic() + RETRY_S
        with quiet_libraries():
            delegate = edge_tpu_delegate(self.runtime)
            if delegate is None:
                return False
            try:
                runs = {name: self._opened(name, content, delegate) for name, content in self.files.items()}
                for name, run in runs.items():
                    run(np.zeros(self.card.signatures[name].picture.shape, np.int8))
            except (RuntimeError, ValueError) as error:
                if isinstance(error, ModelError):
                    raise
                return False
        self._runs = runs
        return True

    def _opened(self, name: str, content: bytes, delegate: object) -> Runner:
        """One compiled file. Compilers need not keep a signature's names: ports are known by their shapes."""
        interpreter = self.runtime.module.Interpreter(model_content=content, experimental_delegates=[delegate])
        interpreter.allocate_tensors()
        file = compiled_path(Path(f"seg-{self.card.tier}"), name).name
        ports = _ports(f"{file}, {name}", self.card.signatures[name],
                       [*interpreter.get_input_details(), *interpreter.get_output_details()])

        def run(picture: np.ndarray) -> dict[str, np.ndarray]:
            interpreter.set_tensor(ports["picture"], picture)
            interpreter.invoke()
            return {port: interpreter.get_tensor(place) for port, place in ports.items() if port != "picture"}

        return run


def _ports(name: str, signature: Signature, tensors: list[dict]) -> dict[str, int]:
    """Port → tensor, by shape, type and scale. Raises ModelError with what was found and what the card says."""
    ports = {}
    for port, said in {"picture": signature.picture, **signature.outputs}.items():
        fits = [tensor["index"] for tensor in tensors if tensor["dtype"] is np.int8
                and tuple(tensor["shape"]) == said.shape and tensor["quantization"][1] == said.zero_point
                and abs(tensor["quantization"][0] - said.scale) <= 1e-6]
        if len(fits) != 1:
            found = ", ".join(f"{tuple(map(int, tensor['shape']))} {np.dtype(tensor['dtype']).name}"
                              for tensor in tensors)
            raise ModelError(f"{name}: has {found}; by its card {port} is {said.shape} int8 with scale "
                             f"{said.scale:.6f} and zero point {said.zero_point}; compile it again from this model")
        ports[port] = fits[0]
    return ports
