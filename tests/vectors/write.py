"""Writes vectors anew: `python tests/vectors/write.py points` (or frames, or tiles)."""
from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from edge.bridge.cut import cut, tiles_of
from edge.bridge.framing import crc16, encoded, fold
from edge.bridge.points import Tables, classified, columns_tile, projected
from edge.bridge.words import BODY_BYTES, Kind
from edge.camera.demo import portrait_with_alpha
from edge.matting.q15 import ONE, KnnTile, quantised, solve_tile
from edge.matting.system import knn_system
from edge.matting.trimap import ramp_across, trimap_from
from quantize.projection.microphone import microphone_signals
from tools.tables import shipped_card, tables

FOLDER = Path(__file__).parent


def tile_vector(name: str, tile: KnnTile, sweeps: int = 64, step: int = 4) -> dict[str, Any]:
    answer = solve_tile(tile, sweeps, step)
    return {"name": name, "bias": tile.bias.tolist(), "neighbours": tile.neighbours.tolist(),
            "weights": tile.weights.tolist(), "guess": tile.guess.tolist(), "sweeps": sweeps, "step": step,
            "alpha": answer.alpha.tolist(), "done": answer.sweeps, "change": answer.change}


def portrait_tiles() -> list[KnnTile]:
    """Three tiles of the portrait's hair, full, at a long side of 160 pixels."""
    pixels, alpha = portrait_with_alpha()
    small = cv2.resize(pixels, (136, 160), interpolation=cv2.INTER_AREA)
    trimap = trimap_from(cv2.resize(alpha, (136, 160), interpolation=cv2.INTER_AREA).astype(np.float32) / 255, 10)
    system = knn_system(small, trimap, ramp_across(trimap), 10)
    full = [members for members in tiles_of(system, 96) if members.size == 96]
    return [cut(system, members, system.guess.astype(float)) for members in full[:3]]


def edge_tiles() -> list[tuple[str, KnnTile]]:
    """Tiles at the edges of what is allowed."""
    def tile(bias, neighbours, weights, guess):
        return KnnTile(np.array(bias, np.uint16), np.array(neighbours, np.uint8), np.array(weights, np.uint8),
                       np.array(guess, np.uint8))

    lone = [[128, 128, 0, 0]]
    return [
        ("one unknown, all known", tile([ONE], [[0] * 4], [[0] * 4], [0])),
        ("one unknown, its own neighbour", tile([0], [[0] * 4], [[255, 1, 0, 0]], [255])),
        ("a lone weight of 256 in two slots", tile([0, ONE], [[1, 1, 0, 0], [1] * 4], [*lone, [0] * 4], [0, 255])),
        ("a chain that converges slowly", tile([ONE // 2] + [0] * 94 + [0],
                                               [[max(0, i - 1), min(95, i + 1), i, i] for i in range(96)],
                                               [[0, 128, 0, 0]] + [[128, 128, 0, 0]] * 94 + [[128, 0, 0, 0]], [0] *
                                               96)),
        ("bias at its limit", tile([ONE * 100 // 256] * 3, [[0, 1, 2, 2]] * 3, [[50, 50, 50, 6]] * 3, [255, 0, 128])),
    ]


def tile_vectors() -> list[dict[str, Any]]:
    rng = np.random.default_rng(15)
    shares = rng.dirichlet([1.0] * 5, 40)
    made = quantised(rng.integers(0, 40, (40, 4)), shares[:, :4], shares[:, 4] * rng.random(40), rng.random(40))
    return [*(tile_vector(name, tile) for name, tile in edge_tiles()), tile_vector("random", made),
            tile_vector("random, one sweep", made, 1), tile_vector("random, to a standstill", made, 255, 0),
            *(tile_vector("portrait", tile) for tile in portrait_tiles())]


def frame_vectors() -> dict[str, Any]:
    bodies = [(Kind.PING, 0, b""), (Kind.PING, 255, b"\0"), (Kind.PING, 1, bytes(BODY_BYTES)),
              (Kind.PING, 2, b"\xff" * 57), (Kind.PING, 3, bytes(range(57))),
              (Kind.HELLO, 7, b"\x34\x12\x01"), (Kind.PART, 9, b"\0\x01" * 20)]
    sound_frames = [{"kind": kind, "sequence": sequence, "body": body.hex(), "wire": encoded(kind, sequence,
    body).hex()}
                    for kind, sequence, body in bodies]
    whole = encoded(Kind.PING, 3, b"masque")
    head = bytes((Kind.PING, 3)) + b"masque"
    other_fold = head + bytes((fold(head) ^ 1,))
    right_crc = other_fold + crc16(other_fold).to_bytes(2, "little")
    spoilt = [
        ("damaged", bytes((len(right_crc) + 1,)) + right_crc + b"\0"), ("damaged", whole[:4] + b"\x6e" + whole[5:]),
        ("broken", whole[:5] + whole[6:]), ("broken", b"\x09abc\0"), ("too short", b"\x01\0"),
        ("too short", b"\x05\x02\x03\x04\x05\0"), ("too long", b"\x40" + b"a" * 63 + b"\0"),
    ]
    return {"sound": sound_frames, "unsound": [{"wire": wire.hex(), "fate": fate} for fate, wire in spoilt]}


def made_sound(number: int, name: str) -> np.ndarray:
    """The first held-out sound of a label that begins with a sample of 100 or more and is known for what it is."""
    heard = microphone_signals(40, True, 25)
    for samples, label in zip(heard.samples.astype(np.int64), heard.labels, strict=True):
        signal = np.clip((samples + 2) // 4 * 4, -512, 508)
        if label != name or abs(signal[0]) < 100:
            continue
        if classified(tables(), projected(tables(), signal)).label == number:
            return signal
    raise LookupError(f"none of the made sounds is heard as {name}")


def point_vectors() -> dict[str, Any]:
    made: Tables = tables()
    rng = np.random.default_rng(25)
    signals = {"silence": np.zeros(800, np.int64), "highest": np.full(800, 508), "lowest": np.full(800, -512),
               **{name: made_sound(number, name) for number, name in shipped_card().labels.items()}}
    columns = [np.clip(np.cumsum(rng.integers(-6, 7, 800)), -512, 511) // 4 * 4 for _ in range(12)]
    labels = [0, 0, 255, 255] + [128] * 8
    points = [projected(made, column) for column in columns]
    answer = solve_tile(columns_tile(points, labels), 64)
    return {"check": int.from_bytes(made.packed()[:2], "little"),
            "signals": [{"name": name, "samples": (signal // 4).tolist(), "point": projected(made, signal),
                         "verdict": classified(made, projected(made, signal))} for name, signal in signals.items()],
            "columns": {"samples": [(column // 4).tolist() for column in columns], "points": points, "labels": labels,
                        "alpha": answer.alpha.tolist(), "done": answer.sweeps}}


def main() -> None:
    writers = {"frames": frame_vectors, "tiles": tile_vectors, "points": point_vectors}
    for name in sys.argv[1:]:
        made = json.dumps(writers[name](), separators=(",", ":"))
        (FOLDER / f"{name}.json").write_text(made + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
