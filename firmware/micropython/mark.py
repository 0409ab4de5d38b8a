"""The files of this program and what their CRC has to be. Written by `python -m tools.micropython_mark`."""

FILES = (
    "board.py",
    "columns.py",
    "crc16.py",
    "dispatch.py",
    "events.py",
    "frame.py",
    "knn_tile.py",
    "main.py",
    "nearest.py",
    "project.py",
    "self_test.py",
    "tile_wire.py",
    "words.py",
)
CHECK = 0xdcd5
