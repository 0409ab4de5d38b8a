"""`masque-quantize compile`."""
from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.cli.options import Voice, voiced
from edge.errors import ModelError, OutputError
from edge.report import peak_rss_mb
from quantize.cli.options import FOLDER

if TYPE_CHECKING:
    from quantize.tflite.description import Description


@click.command("compile")
@click.argument("model", type=FOLDER)
@click.option("--signature", "signatures", metavar="NAME", multiple=True,
              help="Only this signature; may be given several times (default: all).")
@click.option("--out", type=FOLDER, help="Write STEM.SIGNATURE.tflite here, and what edgetpu_compiler makes of it.")
@click.option("--timeout", "timeout_s", type=click.FloatRange(0, min_open=True), default=300, show_default=True,
              metavar="SECONDS", help="For edgetpu_compiler, a signature.")
@voiced
def command(model: Path, signatures: tuple[str, ...], out: Path | None, timeout_s: float, voice: Voice) -> None:
    """Say what a model computes and which of its operators an Edge TPU maps; compile it where edgetpu_compiler is.

    MACs, weights and the arena are planned from the file; -v lists every operator. An Edge TPU wants one signature a
    file: --out writes such files. Without the compiler the mapping is the one of Google's table.
    """
    from quantize.tflite.description import described
    from quantize.tflite.edge_tpu_compiler import COMPILER, INSTALLED_FROM, installed_compiler
    from quantize.tflite.graph import distinct_constants

    content = _content(model)
    found = described(content, model.name)
    for name in signatures:
        if name not in found:
            raise click.BadParameter(f"{model.name} has no signature {name!r}; found {', '.join(found)}",
                                     param_hint="--signature")
    chosen = {name: found[name] for name in signatures or found}
    weight_bytes = sum(tensor.size_bytes for tensor in distinct_constants(d.graph for d in found.values()))
    voice.say(f"{model.name}: {len(content):,} bytes, {weight_bytes:,} of them weights; "
              f"{len(found)} signature{'s' if len(found) > 1 else ''}")
    for name, description in chosen.items():
        _tell(name, description, voice)
    if len(found) > 1 and not out:
        voice.say("an Edge TPU wants one signature a file: --out DIR writes them")
    written = _write_each(content, model, list(chosen), out) if out else {}
    for path in written.values():
        voice.say(f"wrote {path}")
    compiler = installed_compiler()
    made = _compile_each(content, model, list(chosen), out, timeout_s, voice) if compiler else {}
    if not compiler:
        voice.say(f"{COMPILER} is not on PATH: the mapping is Google's table's, not the compiler's; {INSTALLED_FROM}")
    voice.report({"model": str(model), "size_bytes": len(content), "weight_bytes": weight_bytes,
                  "signatures": {name: description.figures() for name, description in chosen.items()},
                  "written": {name: str(path) for name, path in written.items()},
                  "compiler": compiler, "compiled": made, "peak_rss_mb": peak_rss_mb()})


def _content(model: Path) -> bytes:
    try:
        return model.read_bytes()
    except OSError as error:
        raise ModelError(f"{model}: cannot be read ({error.strerror})") from error


def _tell(name: str, description: Description, voice: Voice) -> None:
    """A signature in five lines: what it computes, what memory it wants, what an Edge TPU takes."""
    from quantize.tflite.edge_tpu import CACHED_BYTES, SRAM_BYTES

    graph, arena, tpu = description.graph, description.arena, description.edge_tpu
    kinds = ", ".join(f"{count} {kind}" for kind, count in description.operators.items())
    voice.say(f"{name}: {len(graph.operators)} operators, {description.macs / 1e6:.1f} M MACs, "
              f"{graph.parameters:,} parameters in {graph.weight_bytes:,} bytes")
    voice.say(f"  operators  {kinds}")
    voice.say(f"  arena      {arena.size_bytes:,} bytes planned, at least {arena.lower_bound_bytes:,}; kernels' "
              "scratch and XNNPACK's packed weights come on top")
    voice.say("  largest    " + ", ".join(f"{tensor.size_bytes:,} ({_times(tensor.shape)})"
                                          for tensor in description.largest_tensors()))
    voice.say(f"  Edge TPU   {tpu.mapped} of {len(tpu.verdicts)} operators by Google's table, {tpu.macs_share:.1%} of "
              "the MACs; " + ("all of it in one segment" if tpu.mapped == len(tpu.verdicts) else
                          f"operator {tpu.mapped}, {tpu.verdicts[tpu.mapped].operator.name}, ends the segment "
                          f"({tpu.verdicts[tpu.mapped].reason})"))
    for refusal in tpu.refusals:
        voice.say(f"             {refusal}")
    for doubt in sorted({f"{v.operator.name}: {v.doubt}" for v in tpu.verdicts[:tpu.mapped] if v.doubt}):
        voice.say(f"             {doubt}")
    if graph.weight_bytes > CACHED_BYTES:
        voice.say(f"             {graph.weight_bytes:,} bytes of weights: about {CACHED_BYTES:,} stay on the chip "
                  f"(SRAM {SRAM_BYTES:,}), the rest is sent at every run")
    for i, layer in enumerate(description.figures()["layers"]):
        voice.detail(f"  {i:3} {layer['operator']:22} {' '.join(map(_times, layer['inputs'])):28} → "
                     f"{' '.join(map(_times, layer['outputs'])):14} {layer['dtype']:7} {layer['macs']:>11,} MACs "
                     f"{layer['weight_bytes']:>9,} B {layer['quantisation']:11} {layer['edge_tpu']}")


def _times(shape: Sequence[int]) -> str:
    return "×".join(map(str, shape)) or "one number"


def _write_each(content: bytes, model: Path, names: list[str], out: Path) -> dict[str, Path]:
    """One file a signature; each appears whole or not at all."""
    from quantize.tflite.one_signature import one_signature

    files = {out / f"{_stem(model, name)}.tflite": one_signature(content, name, model.name) for name in names}
    try:
        out.mkdir(parents=True, exist_ok=True)
        for path, alone in files.items():
            beside = path.with_name(f".{path.name}.part")
            beside.write_bytes(alone)
            beside.replace(path)
    except OSError as error:
        raise OutputError(f"{out}: cannot be written to ({error.strerror})") from error
    return dict(zip(names, files, strict=True))


def _compile_each(content: bytes, model: Path, names: list[str], out: Path | None, timeout_s: float,
                  voice: Voice) -> dict[str, dict]:
    """Every signature through edgetpu_compiler; without --out nothing is kept but what it said."""
    import tempfile

    from quantize.tflite.edge_tpu_compiler import compile_model
    from quantize.tflite.one_signature import one_signature

    made = {}
    with tempfile.TemporaryDirectory() as nowhere:
        for name in names:
            done = compile_model(one_signature(content, name, model.name), _stem(model, name), out or Path(nowhere),
                                 timeout_s)
            made[name] = {"model": str(done.model) if out else None, "log": str(done.log) if out and done.log else None,
                          "printed": done.printed}
            voice.say(f"{name}: edgetpu_compiler said")
            for line in done.printed.splitlines():
                voice.say(f"  {line}")
            voice.say(f"wrote {done.model}" if out else "the compiled file was not kept: --out DIR keeps it")
    return made


def _stem(model: Path, signature: str) -> str:
    """STEM.SIGNATURE. A name from a file must not lead out of the folder. Raises ModelError for one that might."""
    if not re.fullmatch(r"\w[\w.-]*", signature, re.ASCII):
        raise ModelError(f"{model.name}: signature {signature!r} cannot be part of a file name")
    return f"{model.stem}.{signature}"
