"""A report as one HTML page: no script, nothing to fetch; light or dark as the reader's system is."""
from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

from tools.profile import plots
from tools.profile.svg import number
from tools.profile.table import allocated, comparison_lines, elsewhere

STYLE = """
:root{color-scheme:light dark;--ink:#1d2430;--dim:#667085;--paper:#fff;--card:#f6f7f9;--line:#e2e5ea;--bad:#c4320a;
--good:#067647;--c0:#2e6fdb;--c1:#e8833a;--c2:#3aa76d;--c3:#b04ac4;--c4:#d6a419;--c5:#2aa5b8;--c6:#d9536b;--c7:#7a8a3c;
--c8:#8b95a5;--c9:#c4320a}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ef;--dim:#98a2b3;--paper:#12161d;--card:#1b212b;--line:#2d3542;
--bad:#ff8a65;--good:#6cd9a3;--c0:#6ea2f5;--c1:#f2a368;--c2:#6fcf97;--c3:#cf8be0;--c4:#e9c258;--c5:#66cbdb;--c6:#f08a9d;
--c7:#b3c46a;--c8:#5d6878;--c9:#ff4545}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);margin:0 auto;max-width:900px;
padding:20px}
h1{font-size:1.5em;margin:0}h2{font-size:1.1em;margin:1.8em 0 .4em}p{margin:.3em 0}.dim{color:var(--dim)}
.tiles{display:flex;flex-wrap:wrap;gap:10px;margin:16px 0}
.tile{background:var(--card);border-radius:8px;padding:10px 14px;flex:1 1 120px}.tile b{display:block;font-size:1.35em}
.bad{color:var(--bad)}.good{color:var(--good)}
svg{width:100%;height:auto;display:block}svg .label{font-weight:600}
svg text{font-size:11px;fill:var(--dim);paint-order:stroke;stroke:var(--paper);stroke-width:3px}
svg text.on{fill:#10141b;font-size:12px;stroke:none}
.grid{stroke:var(--line);stroke-width:1}.line{fill:none;stroke-width:2}
.dashed{stroke-dasharray:5 4;stroke-width:1.5}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:.92em}
td,th{padding:3px 8px;border-bottom:1px solid var(--line);text-align:right;font-weight:400}th{color:var(--dim)}
td:first-child,th:first-child{text-align:left}
.key{display:inline-block;width:.8em;height:.8em;border-radius:2px;margin-right:.4em;vertical-align:-1px}
.keys span{margin-right:1em;display:inline-block}details{margin:.6em 0}summary{cursor:pointer}
.scroll{overflow-x:auto}@media(max-width:640px){body{padding:14px}.scroll>svg{width:680px}svg text{font-size:13px}
td,th{padding:3px 5px}}
""" + "".join(f".fill.c{i}{{fill:var(--c{i})}}.line.c{i}{{stroke:var(--c{i})}}.key.c{i}{{background:var(--c{i})}}"
              for i in range(10))


def page_of(report: dict[str, Any]) -> str:
    """The page's text."""
    said = report["conditions"]
    title = f"{report['board']}: profile of {said['date'][:10]}"
    body = _solver(report) if report["kind"] == "solver" else _camera(report)
    return (f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
            f'content="width=device-width"><title>{escape(title)}</title><style>{STYLE}</style></head><body>'
            f"<h1>{escape(said['title'])}</h1><p class=dim>{escape(_where(report))}</p>"
            f"{_verdicts(report)}{body}</body></html>\n")


def _where(report: dict[str, Any]) -> str:
    said = report["conditions"]
    return (f"{report['board']}, profiled {said['date']} on {said['processor']}, {said['cores']} cores, Python "
            f"{said['python']}, {said['runtime']}{elsewhere(report)}")


def _verdicts(report: dict[str, Any]) -> str:
    over = "".join(f"<p class=bad>Over budget: {escape(line)}</p>" for line in report["over_budget"])
    parts = over or "<p class=good>Within the board's budget.</p>"
    for line in comparison_lines(report["comparison"]) if "comparison" in report else ():
        parts += f"<p{' class=bad' if line.startswith('MOVED') else ''}>{escape(line)}</p>"
    return parts + "".join(f"<p class=dim>{escape(line)}</p>" for line in report.get("fallbacks", ()))


def _camera(report: dict[str, Any]) -> str:
    frame, memory, first = report["budget"]["frame_ms"], report["budget"]["memory_mb"], report["time_to_first_mask_ms"]
    energy = report["energy"]
    tiles = [("frame, p95", f"{frame['p95']:.1f} ms", f"budget {frame['limit']} ms", frame["p95"] > frame["limit"]),
             ("missed the budget", f"{100 * frame['missed_share']:.1f} %", f"{frame['missed']} frames", False),
             ("peak memory", f"{memory['peak']:.0f} MB", f"budget {memory['limit']} MB",
              memory["peak"] > memory["limit"]),
             ("first mask", _ms(first["cold"] or first["warm"]), "cold" if first["cold"] else "warm", False),
             ("energy a frame", f"{energy['joules_per_frame'] * 1000:.1f} mJ" if energy["joules"] is not None else "–",
              energy.get("by") or "no sensor", False)]
    sections = [
        ("Frames", f"{report['source']} {report['width']}×{report['height']} → {report['sink']}, {report['frames']} "
         f"frames, {report['keyframes']} of them keyframes, quality {report['quality']}; from the frame in hand to the "
         f"sink", _keys(report) + plots.timeline(report)),
        ("How long frames take", "the last bar holds all that took longer", plots.histogram(report)),
        ("Inside the median keyframe", "processor time; one call of the network by prefix timing",
         plots.flame(report, True)),
        ("Inside the median frame between keyframes", "", plots.flame(report, False)),
        ("Memory", f"resident (blue) and proportional set (orange); {allocated(report['allocations'])}",
         plots.memory_curve(report)),
        ("Stages", "ms; worked: median processor time of all threads", _stage_table(report)),
        ("Photographs", "ms of masque matte, median of five in one process", _still_table(report)),
        ("Start", "fresh processes, ms", _start_table(report)),
        ("The machine", "", _machine_table(report)),
        ("The network under this machine's roof", "one thread; a dot is an operator, larger ones take longer; above "
         "the roof are differences too small to tell, whose work was timed with a neighbour's",
         _roof_keys(report) + drawn if (drawn := plots.roofline(report)) else ""),
        ("Operators", "by prefix timing: a difference of two medians, not a measurement of its own",
         _operator_tables(report))]
    return _tiles(tiles) + _sections(sections)


def _solver(report: dict[str, Any]) -> str:
    memory, budget, fram = report["memory"], report["budget"], report["fram"]
    solve, ram, program = budget["solve_ms"], budget["ram_bytes"], budget["program_bytes"]
    tiles = [("a full tile", f"{solve['max']:.1f} ms", f"budget {solve['limit']} ms", solve["max"] > solve["limit"]),
             ("RAM", f"{ram['taken']:,} B", f"budget {ram['limit']:,} B", ram["taken"] > ram["limit"]),
             ("program", f"{program['taken']:,} B", f"budget {program['limit']:,} B",
              program["taken"] > program["limit"])]
    wire = _table(("task", "bytes on the wire", "wire, ms", "chip, ms"),
                  ((task, f"{entry['bytes']:,}", f"{entry['wire_ms']:.1f}", f"{entry['chip_ms']:.1f}")
                   for task, entry in report["wire"].items()))
    proven = memory["stack_proven_bytes"]
    sections = [("Requests", "the simulator's cycles, not a chip's", plots.histogram(report) + _stage_table(report)),
                ("Wire and chip", "of one task; wire at the board's baud rate, ten bits a byte", wire),
                ("RAM", "seen: in the simulator, which has no interrupts; proven: from the machine code, with one",
                 _table(("", "bytes"), (("data", f"{memory['static_bytes']:,}"),
                                        ("deepest stack, proven", f"{proven:,}" if proven is not None else "–"),
                                        ("deepest stack, seen", f"{memory['stack_seen_bytes']:,}")))),
                ("FRAM", fram["why"], _table(("section", "bytes"), ((name, f"{size:,}") for name, size in
                                                                    fram["sections"].items()))
                 + _folded(f"{len(fram['symbols'])} symbols", _table(("symbol", "bytes", "address"), (
                     (each["name"], f"{each['bytes']:,}", f"{each['address']:04X}h") for each in fram["symbols"]))))]
    return _tiles(tiles) + _sections(sections)


def _tiles(tiles: Iterable[tuple[str, str, str, bool]]) -> str:
    return "<div class=tiles>" + "".join(
        f"<div class=tile><span class=dim>{escape(name)}</span><b{' class=bad' if bad else ''}>{escape(value)}</b>"
        f"<span class=dim>{escape(beside)}</span></div>" for name, value, beside, bad in tiles) + "</div>"


def _sections(sections: Iterable[tuple[str, str, str]]) -> str:
    return "".join(f"<h2>{escape(title)}</h2>" + (f"<p class=dim>{escape(under)}</p>" if under else "") + content
                   for title, under, content in sections if content)


def _keys(report: dict[str, Any]) -> str:
    return _legend((plots.colour_of(report, stage), stage) for stage in plots.parts_of(report) if stage != "source")


def _roof_keys(report: dict[str, Any]) -> str:
    models = ((index, f"{model['file']} {model['signature']}") for index, model in enumerate(report["models"]))
    roofs = ((colour, f"{name} {report['ceiling'][key]} GB/s") for key, name, colour in plots.ROOFS)
    return _legend([*models, *roofs])


def _legend(keys: Iterable[tuple[int, str]]) -> str:
    """(colour, what has it) in a line."""
    return "<p class=keys>" + "".join(f'<span><i class="key c{colour}"></i>{escape(name)}</span>'
                                      for colour, name in keys) + "</p>"


def _stage_table(report: dict[str, Any]) -> str:
    compared = report.get("comparison", {}).get("stages", {})
    rows = []
    for stage, figures in report["stages"].items():
        digits = 2 if figures["unit"] == "ms" else 0
        row = [stage, *(f"{figures[name]:,.{digits}f}" for name in ("p50", "p95", "p99", "max"))]
        row += [f"{figures['cpu_p50']:.2f}"] if "cpu_p50" in figures else []
        rows.append([*row, *([compared[stage]["verdict"]] if stage in compared else [])])
    head = ["stage", "p50", "p95", "p99", "max", *(["worked"] if "cpu_ms" in report["samples"] else [])]
    return _table([*head, *(["since then"] if compared else [])], rows)


def _still_table(report: dict[str, Any]) -> str:
    still = report.get("still")
    if still is None:
        return ""
    fast, fine = (still[quality]["stages"] for quality in ("fast", "fine"))
    return _table(("stage", "fast", "fine"), ((stage, *(f"{stages[stage]['p50']:.1f}" if stage in stages else "–"
                                                        for stages in (fast, fine))) for stage in {**fine, **fast}))


def _start_table(report: dict[str, Any]) -> str:
    start = report["start"]
    if start is None:
        return ""
    cold, warm = start["cold"], start["warm"]
    rows = [(step.replace("_", " "), f"{cold['ms'][step]:.0f}" if cold["cold"] else "–", f"{ms:.0f}")
            for step, ms in warm["ms"].items()]
    slow = ", ".join(f"{entry['package']} {entry['ms']:.0f}" for entry in start["imports"])
    why = "" if cold["cold"] else f"<p class=dim>No cold start: {escape(cold['why'])}.</p>"
    return _table(("step", "cold", "warm"), rows) + f"<p class=dim>Imports, ms: {escape(slow)}.</p>{why}"


def _machine_table(report: dict[str, Any]) -> str:
    machine = report["machine"]
    states = [("before", machine["before"]), *((f"at {state['s']:.1f} s", state) for state in machine["over_time"]),
              ("after", machine["after"])]
    why = {state["throttled"]["why"] for _, state in states if state["throttled"]["words"] is None}
    return _table(("", "load", "MHz", "governor", "°C", "throttled"), ((
        name, f"{state['load']}", *(_fact(state[key]) for key in ("clock_mhz", "governor", "temperature_c")),
        "–" if state["throttled"]["words"] is None else ", ".join(state["throttled"]["words"]) or "no")
        for name, state in states)) + "".join(f"<p class=dim>Throttling: {escape(line)}.</p>" for line in sorted(why))


def _operator_tables(report: dict[str, Any]) -> str:
    parts = ""
    for model in report.get("models", ()):
        rows = ((row["operator"], row["layer"], "×".join(map(str, row["shape"][1:])), number(row["macs"]),
                 number(row["bytes"]), f"{row['ms'] * 1000:.1f}") for row in model["operators"])
        parts += _folded(f"{model['file']} {model['signature']}: {model['call_ms']:.3f} ms, {number(model['macs'])} "
                         f"multiply-adds, arena {number(model['arena_bytes'])}B, {len(model['operators'])} operators",
                         _table(("operator", "layer", "made", "multiply-adds", "bytes", "µs"), rows))
    return parts


def _folded(title: str, content: str) -> str:
    return f"<details><summary>{escape(title)}</summary>{content}</details>"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<div class=scroll><table><tr>{top}</tr>{body}</table></div>"


def _fact(fact: dict[str, Any]) -> str:
    value = fact["value"]
    return "–" if value is None else value if isinstance(value, str) else f"{value:,.0f}"


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f} ms"
