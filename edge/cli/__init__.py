"""`masque`: one module a command, imported when it is called, so that `--help` costs nothing."""
from __future__ import annotations

import importlib
import os
import signal
import sys
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import click

from edge.errors import MasqueError

COMMANDS = {
    "matte": ("edge.cli.matte", "Cut people out of photographs."),
    "live": ("edge.cli.live", "Cut people out of video, live."),
    "kiosk": ("edge.cli.kiosk", "Run the photo booth."),
    "bridge": ("edge.cli.bridge", "Talk to a microcontroller: solve, classify, watch its buttons."),
    "simulate": ("edge.cli.simulate", "Run a microcontroller's firmware in a simulator, as a serial port."),
    "boards": ("edge.cli.boards", "List boards; check their files."),
    "models": ("edge.cli.models", "List models with their cards; verify their hashes."),
    "doctor": ("edge.cli.doctor", "Say what is installed, what is missing, and prove that the models work here."),
}
"""Command → (module with a click command called `command`, one line of help)."""

ENTRY_POINTS = "masque.commands"
"""Other rooms (tools) add commands through this entry-point group; nothing here imports them by name."""


class CommandTable(click.Group):
    """Looks a command up only when it is asked for."""

    def __init__(self, *arguments: Any, commands_of: dict[str, tuple[str, str]], entry_points_of: str = "",
                 **options: Any) -> None:
        """commands_of: a table like COMMANDS; entry_points_of: the group through which other rooms add to it."""
        super().__init__(*arguments, **options)
        self.table, self.entry_points_of = commands_of, entry_points_of

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The table's own commands first, then those that installed packages add."""
        return [*self.table, *sorted(point.name for point in self._points())]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Imports one command; None when there is no such command."""
        if name in self.table:
            return importlib.import_module(self.table[name][0]).command
        points = [point for point in self._points() if point.name == name]
        return points[0].load() if points else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Lists the commands without importing them."""
        rows = [(name, line) for name, (_, line) in self.table.items()]
        rows += [(point.name, point.load().get_short_help_str()) for point in self._points()]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def _points(self) -> list[EntryPoint]:
        return list(entry_points(group=self.entry_points_of)) if self.entry_points_of else []


@click.group(cls=CommandTable, commands_of=COMMANDS, entry_points_of=ENTRY_POINTS,
             context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="masque", prog_name="masque")
def masque() -> None:
    """Cuts people out of photographs and live video on small boards, without a cloud."""


def run(group: click.Command, name: str) -> None:
    """Runs a command line.

    Exit 0: done; 1: it failed, one line on standard error says why; 2: used wrongly; 130: stopped (Ctrl-C, SIGTERM).
    """
    signal.signal(signal.SIGTERM, _stop)
    try:
        sys.exit(group.main(prog_name=name, standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo(f"{name}: stopped", err=True)
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except (MasqueError, OSError) as error:
        if os.environ.get("MASQUE_DEBUG") == "1":
            raise
        click.echo(f"{name}: {_in_one_line(error)}", err=True)
        sys.exit(1)


def _in_one_line(error: Exception) -> str:
    """Our own errors say it all; the system's need the file that they speak of."""
    if isinstance(error, OSError) and not isinstance(error, MasqueError):
        return f"{error.filename or 'output'}: {error.strerror or error}"
    return str(error)


def _stop(*_: object) -> None:
    """SIGTERM ends a command as Ctrl-C does, so that nothing half-written stays."""
    raise KeyboardInterrupt


def main() -> None:
    """The console script `masque`."""
    run(masque, "masque")
