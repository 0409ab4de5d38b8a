"""A report on the terminal: what to look at first, in one screen."""
from __future__ import annotations

from typing import Any

SLOWEST = 6
"""Operators of a model that are shown."""


def in_words(report: dict[str, Any]) -> str:
    """Some thirty lines."""
    said = report["conditions"]
    lines = [f"{report['board']} ({said['title']}), {said['processor']}, {said['date']}{elsewhere(report)}"]
    lines += _solver(report) if report["kind"] == "solver" else _camera(report)
    if "comparison" in report:
        lines += comparison_lines(report["comparison"])
    lines += [f"OVER BUDGET  {line}" for line in report["over_budget"]]
    return "\n".join([*lines, *report.get("fallbacks", [])])


def elsewhere(report: dict[str, Any]) -> str:
    """A word of warning where a camera board's settings were tried on another machine."""
    other = report["kind"] == "camera" and report["conditions"]["detected"] != report["board"]
    return "; only its settings: this machine is another one" if other else ""


def comparison_lines(comparison: dict[str, Any]) -> list[str]:
    """What moved, or that nothing did."""
    pairs = comparison["pairs"]
    among = f" ({pairs} pairs)" if pairs > 1 else ""
    lines = [f"MOVED        {line}" for line in comparison["moved"]] or [f"no change beyond noise{among}"]
    if pace := comparison["pace"]:
        lines[-1] += "; the machine's own pace " + ", ".join(f"{name} ×{value:.2f}" for name, value in pace.items())
    only = [stage for stage, entry in comparison["stages"].items() if entry["verdict"] == "clock only"]
    if only:
        lines.append(f"by the wall's clock alone, with the same work: {', '.join(only)}; other work on the machine?")
    return lines


def _stages(report: dict[str, Any]) -> list[str]:
    unit = next(iter(report["stages"].values()))["unit"]
    digits = 2 if unit == "ms" else 0
    lines = [f"{'stage':14}" + "".join(f"{name:>12}" for name in ("p50", "p95", "p99", "max"))
             + ("  worked" if unit == "ms" else "") + f"  {unit}"]
    for stage, figures in report["stages"].items():
        worked = f"{figures['cpu_p50']:8.2f}" if unit == "ms" else ""
        lines.append(f"{stage:14}" + "".join(f"{figures[name]:12,.{digits}f}" for name in ("p50", "p95", "p99", "max"))
                     + worked)
    return lines


def _camera(report: dict[str, Any]) -> list[str]:
    frame, memory = report["budget"]["frame_ms"], report["budget"]["memory_mb"]
    jitter, energy = report["jitter"], report["energy"]
    joules = (f"{energy['joules_per_frame'] * 1000:.1f} mJ a frame ({energy['by']})" if energy["joules"] is not None
              else f"not measured, {energy['why']}")
    return [f"{report['source']} {report['width']}×{report['height']} → {report['sink']}, {report['frames']} frames, "
            f"{report['keyframes']} keyframes, {report['dropped']} dropped, quality {report['quality']}",
            *_stages(report),
            f"frame budget   p95 {frame['p95']:.2f} of {frame['limit']} ms; {frame['missed']} frames missed it "
            f"({100 * frame['missed_share']:.1f} %)",
            f"memory         peak {memory['peak']:.1f} of {memory['limit']} MB, grew by "
            f"{report['memory']['growth_mb']} MB; {allocated(report['allocations'])}",
            "jitter         " + (f"{jitter['p50']} ms at the median, p95 {jitter['p95']}, p99 {jitter['p99']}"
                                  if jitter["p50"] is not None else "–, of one frame"),
            *_still(report), f"energy         {joules}", *_start(report), *_machine(report), *_network(report)]


def allocated(said: dict[str, Any]) -> str:
    """What a frame of the steady loop leaves behind or gives back, and needs meanwhile; or why nobody knows."""
    if not said.get("frames"):
        return f"allocations were not counted: {said.get('why', 'no frame was left')}"
    held = said["held_bytes_per_frame"]
    return (f"a frame {'leaves' if held >= 0 else 'gives back'} {abs(held):,.0f} B{' behind' if held >= 0 else ''} and "
            f"borrows {said['peak_bytes_per_frame'] / 1e6:.2f} MB at most")


def _still(report: dict[str, Any]) -> list[str]:
    if "still" not in report:
        return []
    still, lines = report["still"], []
    for quality in ("fast", "fine"):
        stages, limit = still[quality]["stages"], report["budget"][f"still_{quality}_ms"]["limit"]
        most = sorted((name for name in stages if name != "total"), key=lambda name: -stages[name]["p50"])[:4]
        lines.append(f"still, {quality}    {still['width']}×{still['height']}: {stages['total']['p50']:.0f} of {limit} "
                     "ms, " + ", ".join(f"{name} {stages[name]['p50']:.0f}" for name in most)
                     + f"; peak {still[quality]['peak_rss_mb']:.0f} MB")
    return lines


def _start(report: dict[str, Any]) -> list[str]:
    start = report["start"]
    if start is None:
        return []
    cold, warm = start["cold"], start["warm"]
    lines = ["first mask     " + ", ".join(f"{name} {ms:,.0f}" if ms is not None else f"{name} –" for name, ms in
                                             report["time_to_first_mask_ms"].items()) + " ms"]
    lines += [f"  {name:6} " + "  ".join(f"{step} {ms:.0f}" for step, ms in entry["ms"].items() if step != "total")
              for name, entry in (("cold", cold), ("warm", warm)) if name == "warm" or cold["cold"]]
    return lines + ([] if cold["cold"] else [f"  no cold start: {cold['why']}"])


def _machine(report: dict[str, Any]) -> list[str]:
    states = [(name, report["machine"][name]) for name in ("before", "after")]
    lines = []
    for name, state in states:
        throttled = state["throttled"]
        heat = state["temperature_c"]["value"]
        words = throttled["why"] if throttled["words"] is None else ", ".join(throttled["words"]) or "not throttled"
        lines.append(f"{name:15}load {state['load']}, {_whole(state['clock_mhz']['value'])} MHz, governor "
                     f"{state['governor']['value'] or '–'}, {f'{heat:.0f} °C' if heat is not None else 'no sensor'}; "
                     f"{words}")
    return lines


def _whole(value: float | None) -> str:
    return "?" if value is None else f"{value:,.0f}"


def _network(report: dict[str, Any]) -> list[str]:
    lines = []
    for model in report.get("models", ()):
        rate = model["macs"] / max(model["call_ms"], 1e-9) / 1e6
        lines.append(f"{model['file']} {model['signature']}: {model['call_ms']:.3f} ms, {model['macs'] / 1e6:.1f} M "
                     f"MACs ({rate:.0f} G/s), arena {model['arena_bytes'] / 1000:.0f} kB; slowest by prefix timing:")
        slowest = sorted(model["operators"], key=lambda row: -row["ms"])[:SLOWEST]
        lines += [f"  {row['ms']:8.4f} ms {row['operator']:20} {row['layer'][:36]:36} {row['macs'] / 1e6:6.2f} M MACs "
                  f"{row['bytes'] / 1000:7.1f} kB" for row in slowest]
    if ceiling := report.get("ceiling"):
        int8 = ceiling["int8_gmacs"]
        lines.append(f"this machine at most, one thread: int8 {int8 if int8 is not None else '–'} GMAC/s, float "
                     f"{ceiling['float_gmacs']} GMAC/s, memory {ceiling['memory_gbs']} GB/s, cache "
                     f"{ceiling['cache_gbs']} GB/s")
    return lines


def _solver(report: dict[str, Any]) -> list[str]:
    memory, fram = report["memory"], report["fram"]
    lines = ["simulator cycles, not a chip's; wire time at the board's baud rate, 10 bits a byte", *_stages(report)]
    lines += [f"{name:14}{entry['bytes']:6,} B on the wire, {entry['wire_ms']:8.1f} ms; on the chip "
              f"{entry['chip_ms']:8.1f} ms" for name, entry in report["wire"].items()]
    proven = f"{memory['stack_proven_bytes']:,} B proven" if memory["stack_proven_bytes"] is not None else (
        f"not proven ({memory['why']})")
    lines.append(f"RAM            {memory['static_bytes']:,} B of data, stack {proven}, "
                 f"{memory['stack_seen_bytes']:,} B seen in the simulator (no interrupts there)")
    lines.append("FRAM           " + ", ".join(f"{section} {size:,} B" for section, size in fram["sections"].items()))
    return lines + [f"  {symbol['bytes']:6,} B {symbol['name']}" for symbol in fram["symbols"][:SLOWEST]]
