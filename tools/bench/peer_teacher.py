"""Runs inside the peers' environment: MediaPipe's selfie model, straight and mirrored, over one picture a line.

Reads lines of JSON, {"image": FILE, "mask": FILE}, from standard input. Each mask is written as an 8-bit grey PNG,
the probability of person at the picture's size, and answered by one line: {"height": …, "width": …}, or {"error": …}.
Imports nothing of Masque.
"""
from __future__ import annotations

import json
import sys


def main() -> None:
    """See the module's own text."""
    import cv2
    import mediapipe as mp

    with mp.solutions.selfie_segmentation.SelfieSegmentation(model_selection=0) as network:
        for line in sys.stdin:
            asked = json.loads(line)
            read = cv2.imread(asked["image"])
            if read is None:
                print(json.dumps({"error": "cannot be decoded"}), flush=True)
                continue
            straight = cv2.cvtColor(read, cv2.COLOR_BGR2RGB)
            mirrored = cv2.flip(straight, 1)
            seen = network.process(straight).segmentation_mask.copy()
            seen = (seen + cv2.flip(network.process(mirrored).segmentation_mask, 1)) / 2
            cv2.imwrite(asked["mask"], (seen * 255 + 0.5).astype("uint8"), [cv2.IMWRITE_PNG_COMPRESSION, 1])
            print(json.dumps({"height": seen.shape[0], "width": seen.shape[1]}), flush=True)


if __name__ == "__main__":
    main()
