"""Every frame's alpha as a picture of its own: 000000.png, 000001.png, … for compositing elsewhere."""
from __future__ import annotations

from pathlib import Path

import numpy as np

from edge.photograph import check_output_folder, output_folder, write_together


class AlphaFolder:
    """Numbers alphas from 0 in the order they come. Each file is whole or not there.

    fallbacks: what the report should say; pictures of an earlier run stay unless a new one has their number.
    """

    def __init__(self, folder: Path) -> None:
        """Makes the folder where it is missing. Raises OutputError where that or writing into it is refused."""
        check_output_folder(folder)
        self.folder, self.count = output_folder(folder), 0
        earlier = sum(1 for path in folder.glob("*.png") if path.stem.isdecimal())
        self.fallbacks = [f"{folder} held {earlier} numbered pictures already; those beyond this run's last stay"] \
            if earlier else []

    def write(self, alpha: np.ndarray) -> None:
        """alpha (H, W) uint8, 255 = person → the next 8-bit grey PNG, fast rather than small. Raises OutputError."""
        write_together({self.folder / f"{self.count:06d}.png": alpha})
        self.count += 1
