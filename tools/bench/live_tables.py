"""The live benchmark's report as tables for people."""
from __future__ import annotations

import statistics
from typing import Any

import click

Rows = dict[str, dict[str, Any]]
"""Side → figure → value; the first side is ours."""


def tell(report: dict[str, Any]) -> None:
    """Prints the four tables, and what was left out."""
    _tell_speed(report["speed"])
    demo = report["truth"]["demo"]
    _tell_rows("demo source beside its truth: error and flicker in 1/255, lag in frames", demo)
    if cutouts := [rows for name, rows in report["truth"].items() if name != "demo"]:
        _tell_rows(f"{len(cutouts)} moving cut-outs beside their truth, means", mean_rows(cutouts))
    if report["still"]:
        _tell_rows(f"{len(report['still'])} clips where they stand still: flicker in 1/255; person: share of the frame",
                   mean_rows(list(report["still"].values())))
    _tell_keyframes(report["keyframes"])
    for line in report["skipped"]:
        click.echo(f"skipped: {line}")


def mean_rows(films: list[Rows]) -> Rows:
    """The mean of every figure over films, side by side; films of which it says nothing (None) are left out."""
    return {side: {figure: _mean([film[side][figure] for film in films]) for figure in figures}
            for side, figures in films[0].items()}


def _mean(values: list[float | None]) -> float | None:
    told = [value for value in values if value is not None]
    return statistics.mean(told) if told else None


def _tell_speed(rows: Rows) -> None:
    click.echo("frame in → composited picture out at 1280×720, one core, one thread, in turn; medians")
    for side, row in rows.items():
        ratio = (f"   ours are {row['ratio']:.2f} times as many, {row['cpu_ratio']:.2f} by processor time"
                 if "ratio" in row else "")
        click.echo(f"  {side:22}{row['ms']:8.2f} ms{row['fps']:8.1f} frames/s{row['cpu_ms']:8.2f} ms of the processor"
                   + ratio)


def _tell_rows(title: str, rows: Rows) -> None:
    """One line a side; below each other side: ours as a multiple of it."""
    ours, figures = next(iter(rows.values())), list(next(iter(rows.values())))
    click.echo(title)
    click.echo(f"  {'':28}" + "".join(f"{figure:>10}" for figure in figures))
    for index, (side, row) in enumerate(rows.items()):
        click.echo(f"  {side:28}" + "".join(_shown(row[figure]) for figure in figures))
        if index:
            click.echo(f"  {'  ours : ' + side:28}" + "".join(_shown(_ratio(ours[f], row[f])) for f in figures))


def _tell_keyframes(rows: list[dict[str, Any]]) -> None:
    click.echo("keyframes on the demo source, ours alone: ms, and the speed-up over N = 1 as measured and as "
               "US 2023/0362331 reckons it")
    click.echo("    N   t_dnn    t_gf  motion   measured   by processor   printed formula   keyframe filtered too"
               "   person IoU")
    for row in rows:
        motion = f"{row['motion_ms']:8.2f}" if row["motion_ms"] is not None else f"{'–':>8}"
        click.echo(f"{row['interval']:5}{row['dnn_ms']:8.2f}{row['gf_ms']:8.2f}{motion}{row['speedup']:11.2f}"
                   f"{row['cpu_speedup']:15.2f}"
                   f"{row['formula']:18.2f}{row['formula_filtered']:24.2f}{row['iou']:13.4f}")


def _ratio(ours: float | None, theirs: float | None) -> float | None:
    return ours / theirs if ours is not None and theirs else None


def _shown(value: float | None) -> str:
    return f"{'–':>10}" if value is None else f"{value:10.3f}"
