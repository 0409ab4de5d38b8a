"""Where finished frames go: one verb, `write`."""
from __future__ import annotations

from typing import Protocol, Self

import numpy as np


class FrameSink(Protocol):
    """Takes frames one after the other; `with` closes it whatever happens.

    fallbacks: what had to be done otherwise than asked, one line each, for the report.
    """

    fallbacks: list[str]

    def write(self, picture: np.ndarray, time_ns: int) -> None:
        """Takes (H, W, 3) uint8 RGB of the size given at opening, and when it is to be seen: monotonic, any start.

        The picture's memory belongs to the caller again when this returns. Raises OutputError where it cannot go on.
        """
        ...

    def close(self) -> None:
        """Ends what was written so far; a second call does nothing. Raises OutputError where that cannot be done."""
        ...

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
