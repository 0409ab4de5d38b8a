"""What a room and a cheap microphone make of a sound, and how loud it arrives."""
from __future__ import annotations

import numpy as np

from edge.bridge.sounds import LOUDEST, RATE_HZ
from quantize.projection.spectrum import band, coloured, shaped

SPEED_M_S = 343.0


def diffuse_room(rng: np.random.Generator) -> np.ndarray:
    """An impulse response (n,) as exponentially falling noise behind the direct sound (Moorer 1979): 0.15 to 0.8 s to
    fall by 60 dB."""
    fall_s = rng.uniform(0.15, 0.8)
    t = np.arange(int(fall_s * RATE_HZ)) / RATE_HZ
    tail = rng.standard_normal(t.size) * 10 ** (-3 * t / fall_s) * (t > rng.uniform(0.002, 0.012))
    tail *= np.exp(rng.uniform(np.log(0.1), np.log(3))) / max(float(np.sqrt(np.sum(tail**2))), 1e-9)
    tail[0] = 1.0
    return tail


def box_room(rng: np.random.Generator) -> np.ndarray:
    """An impulse response (n,) by image sources in a box (Allen, Berkley 1979, equation 10): walls of 3 to 9 m that
    reflect 0.6 to 0.9, microphone and source anywhere, 0.4 s."""
    size = np.array([rng.uniform(3, 9), rng.uniform(3, 7), rng.uniform(2.3, 3.5)])
    source, ear = (size * rng.uniform(0.15, 0.85, 3) for _ in range(2))
    wall = rng.uniform(0.6, 0.9)
    n = np.arange(-14, 15)
    cells = np.stack(np.meshgrid(n, n, n, indexing="ij"), -1).reshape(-1, 3)
    response = np.zeros(int(0.4 * RATE_HZ))
    for mirror in np.ndindex(2, 2, 2):
        flips = np.array(mirror)
        place = 2 * cells * size + (1 - 2 * flips) * source
        far_m = np.linalg.norm(place - ear, axis=1)
        bounces = np.abs(cells - flips).sum(axis=1) + np.abs(cells).sum(axis=1)
        late = np.round(far_m / SPEED_M_S * RATE_HZ).astype(int)
        kept = late < response.size
        np.add.at(response, late[kept], (wall**bounces / far_m)[kept])
    first = int(np.argmax(response > 0))
    return response[first:] / response[first]


def through(sound: np.ndarray, room: np.ndarray) -> np.ndarray:
    """sound (n,) as it arrives, as long as it was."""
    size = sound.size + room.size
    return np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(room, size), size)[: sound.size]


def converted(sound: np.ndarray, peak: float, rng: np.random.Generator) -> np.ndarray:
    """sound (n,) behind an amplifier and a 10-bit converter → int64 in −511..511.

    peak: the loudest sample before clipping; over 511 it clips. The microphone's band is 80 to 3,800 Hz; behind it come
    a hum of the mains (up to 12 steps) and noise (up to 8).
    """
    heard = shaped(sound, band(rng.uniform(60, 150), rng.uniform(3000, 3900), 1))
    heard = heard * peak / max(float(np.abs(heard).max()), 1e-9)
    t = np.arange(sound.size) / RATE_HZ
    hum = sum(rng.uniform(0, 6 / k) * np.sin(2 * np.pi * 50 * k * t + rng.uniform(0, 6)) for k in (1, 2, 3))
    noise = rng.uniform(0.5, 8) * coloured(sound.size, rng.uniform(0, 1), rng)
    return np.clip(np.round(heard + hum + noise), -LOUDEST, LOUDEST).astype(np.int64)
