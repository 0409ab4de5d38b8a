"""`masque-quantize`: from labelled pictures to a model worth flashing. One module a command, as in `edge.cli`."""
from __future__ import annotations

import click

from edge.cli import CommandTable, run

COMMANDS = {
    "labels": ("quantize.cli.labels", "Turn annotators' polygons into class masks."),
    "prepare": ("quantize.cli.prepare", "Build the sets that training reads."),
    "train": ("quantize.cli.train", "Train the float network of one tier."),
    "qat": ("quantize.cli.qat", "Go on with int8's rounding in every layer."),
    "export": ("quantize.cli.export", "Quantise a finished run to int8, with its card."),
    "compile": ("quantize.cli.compile", "Say what a model computes and what an Edge TPU maps of it."),
    "projection": ("quantize.cli.projection", "Learn the tables of a microcontroller."),
    "evaluate": ("quantize.cli.evaluate", "Score models as users meet them."),
}
"""Command → (module with a click command called `command`, one line of help)."""


@click.group(cls=CommandTable, commands_of=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="masque", prog_name="masque-quantize")
def quantize() -> None:
    """Makes Masque's models on a workstation: labels → prepare → train → export → evaluate."""


def main() -> None:
    """The console script `masque-quantize`."""
    run(quantize, "masque-quantize")
