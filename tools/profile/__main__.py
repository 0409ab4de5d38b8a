from edge.cli import run
from tools.profile.command import command

run(command, "masque profile")
