"""Stands for `rp2`: a channel of DMA that remembers how it was set up."""


class DMA:
    """A test moves `write`, as the converter would."""

    def __init__(self) -> None:
        self.write, self.running, self.options = 0, False, {}

    def pack_ctrl(self, **options: object) -> dict:
        """Options stay readable."""
        return options

    def config(self, read: int, write: int, count: int, ctrl: dict, trigger: bool) -> None:
        """Remembers all of it."""
        self.write, self.running = write, trigger
        self.options = dict(ctrl, read=read, write=write, count=count)

    def active(self, value: int | None = None) -> bool:
        """Reads, or sets."""
        if value is not None:
            self.running = bool(value)
        return self.running
