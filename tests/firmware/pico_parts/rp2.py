"""Stands for `rp2`: a channel of DMA that remembers how it was set up."""

import machine

CHANNEL_0 = 0x50000000
FIELDS = {"enable": 0, "high_pri": 1, "size": 2, "inc_read": 4, "inc_write": 5, "ring_size": 6, "ring_sel": 10,
          "chain_to": 11, "treq_sel": 15, "irq_quiet": 21, "bswap": 22}
"""Where the fields of the control register begin: RP2040 datasheet, section 2.5.7."""

USUAL = {"enable": 1, "size": 2, "inc_read": 1, "inc_write": 1, "treq_sel": 63, "irq_quiet": 1}
"""What pack_ctrl takes for a field that is not named; chain_to is the channel itself, 0."""


class DMA:
    """Channel 0. A test moves `write`, as the converter would."""

    def __init__(self) -> None:
        self.write, self.running = 0, False

    def pack_ctrl(self, **options: int) -> int:
        """The control register."""
        fields = dict(USUAL)
        fields.update(options)
        return sum(int(value) << FIELDS[name] for name, value in fields.items())

    def config(self, read: int, write: int, count: int, ctrl: int, trigger: bool) -> None:
        """Writes the four registers."""
        self.write, self.running = write, trigger
        for place, word in enumerate((read, write, count, ctrl)):
            machine.mem32[CHANNEL_0 + 4 * place] = word

    def active(self, value: int | None = None) -> bool:
        """Reads, or sets."""
        if value is not None:
            self.running = bool(value)
        return self.running
