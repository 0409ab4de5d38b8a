"""Google's `edgetpu_compiler` as a process: found on PATH, given a time limit, its results moved in whole."""
from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from edge.errors import ModelError, OutputError

COMPILER = "edgetpu_compiler"

INSTALLED_FROM = "an x86-64 Debian with Google's repository has it: coral.ai/docs/edgetpu/compiler"


@dataclass(frozen=True)
class Compiled:
    """model: the compiled file; log: the compiler's list of operators, where it wrote one; printed: what it said."""

    model: Path
    log: Path | None
    printed: str


def installed_compiler() -> str | None:
    """The compiler's path, or None on most machines."""
    return shutil.which(COMPILER)


def compile_model(content: bytes, stem: str, out: Path, timeout_s: float) -> Compiled:
    """Compiles a model's bytes to `out/STEM_edgetpu.tflite` (and .log); nothing is written unless all went well.

    Raises ModelError, with the compiler's last line, when it fails, leaves no file or takes longer than timeout_s;
    OutputError when `out` cannot be written to.
    """
    compiler = installed_compiler()
    if compiler is None:
        raise ModelError(f"{COMPILER} is not on PATH; {INSTALLED_FROM}")
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".compile-", dir=out) as folder:
            source = Path(folder, f"{stem}.tflite")
            source.write_bytes(content)
            printed = _run([compiler, "-s", "-o", folder, str(source)], stem, timeout_s)
            made = {kind: Path(folder, f"{stem}_edgetpu.{kind}") for kind in ("tflite", "log")}
            if not made["tflite"].is_file() or made["tflite"].read_bytes()[4:8] != b"TFL3":
                raise ModelError(f"{stem}: {COMPILER} left no model behind; it said: {_last_line(printed)}")
            kept = {kind: path.replace(out / path.name) for kind, path in made.items() if path.is_file()}
    except OSError as error:
        raise OutputError(f"{out}: cannot be written to ({error.strerror or error})") from error
    return Compiled(kept["tflite"], kept.get("log"), printed)


def _run(command: list[str], stem: str, timeout_s: float) -> str:
    """What the command printed on both outputs. It works in children of its own: a time-out ends the whole group."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", start_new_session=True) as process:
        try:
            printed, _ = process.communicate(timeout=timeout_s)
        except BaseException as error:  # Ctrl-C as well: nothing goes on working behind a command that has ended
            os.killpg(process.pid, signal.SIGKILL)
            if isinstance(error, subprocess.TimeoutExpired):
                raise ModelError(f"{stem}: {COMPILER} was not done after {timeout_s:g} s and was stopped; "
                                 "--timeout gives it longer") from error
            raise
    if process.returncode:
        raise ModelError(f"{stem}: {COMPILER} failed with exit code {process.returncode}: {_last_line(printed)}")
    return printed


def _last_line(printed: str) -> str:
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    return lines[-1] if lines else "nothing"
