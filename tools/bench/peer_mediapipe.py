"""Runs inside the peers' environment: MediaPipe's selfie model over photographs, as its users call it.

`python peer_mediapipe.py OUT PICTURE…` writes OUT/STEM.alpha.png and prints one JSON line a picture:
decoding to written file, milliseconds, and the process's peak memory. Imports nothing of Masque.
"""
from __future__ import annotations

import json
import sys
import time
from pathlib import Path


def main() -> None:
    """See the module's own text; arguments come from sys.argv."""
    import cv2
    import mediapipe as mp

    cv2.setNumThreads(2)
    out, pictures = Path(sys.argv[1]), sys.argv[2:]
    with mp.solutions.selfie_segmentation.SelfieSegmentation(model_selection=0) as network:
        for name in pictures:
            started = time.perf_counter()
            read = cv2.imread(name)
            assert read is not None, name
            pixels = cv2.cvtColor(read, cv2.COLOR_BGR2RGB)
            mask = network.process(pixels).segmentation_mask
            alpha = (mask * 255 + 0.5).astype("uint8")
            cutout = cv2.cvtColor(cv2.merge([*cv2.split(pixels), alpha]), cv2.COLOR_RGBA2BGRA)
            fast = [cv2.IMWRITE_PNG_COMPRESSION, 1]
            cv2.imwrite(str(out / f"{Path(name).stem}.alpha.png"), alpha, fast)
            cv2.imwrite(str(out / f"{Path(name).stem}.cutout.png"), cutout, fast)
            ms = (time.perf_counter() - started) * 1000
            peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line)
            print(json.dumps({"image": name, "ms": ms, "peak_rss_mb": int(peak.split()[1]) * 1024 / 1e6}))


if __name__ == "__main__":
    main()
