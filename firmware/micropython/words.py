"""The words of the wire. Written by `python -m tools.headers` from edge/bridge/words.py: change them there."""

VERSION = 1
FRAME_BYTES = 64
BODY_BYTES = 57
ROW_BYTES = 10
SLOTS = 4
ONE = 32767
SIGNAL_SAMPLES = 800
PIECE_SAMPLES = 50
KNOWN_BYTES = 48
ALONE = 255
TEST_UNKNOWNS = 96
TEST_SWEEPS = 16
TEST_SAMPLES = 256
TEST_MS = 100

KIND_HELLO = 1
KIND_PING = 2
KIND_SOLVE = 3
KIND_READ = 4
KIND_SIGNAL = 5
KIND_CLASSIFY = 6
KIND_KNOWN = 7
KIND_COLUMNS = 8
KIND_EVENTS = 9
KIND_LAMPS = 10
KIND_COUNTDOWN = 11
KIND_LISTEN = 12
KIND_SELF_TEST = 13
KIND_PART = 64
KIND_ANSWER = 128
KIND_FAULT = 191
KIND_ALPHA = 192

STATUS_DONE = 0
STATUS_MISSING = 1
STATUS_DAMAGED = 2
STATUS_REFUSED = 3
STATUS_UNKNOWN = 4
STATUS_NOTHING = 5

CHIP_HOST = 0
CHIP_MSP430FR2433 = 1
CHIP_PICO = 2

WHAT_NONE = 0
WHAT_PRESS = 1
WHAT_RELEASE = 2
WHAT_TRIGGER = 3
WHAT_COUNTED = 4

ASK_COLUMNS = ("<HHBBB", ("check", "step", "tile", "columns", "sweeps",))

ASK_COUNTDOWN = ("<HB", ("step_ms", "steps",))

ASK_EVENTS = ("<HH", ("session", "seen",))

ASK_HELLO = ("<HB", ("session", "version",))

ASK_KNOWN_HEAD = ("<B", ("first",))

ASK_LAMPS = ("<B", ("lamps",))

ASK_LISTEN = ("<H", ("level",))

ASK_READ = ("<BB", ("tile", "wanted",))

ASK_SELF_TEST = ("<H", ("seed",))

ASK_SIGNAL_HEAD = ("<HB", ("offset", "column",))

ASK_SOLVE = ("<HHBBB", ("check", "step", "tile", "unknowns", "sweeps",))

CLASSIFIED = ("<HBB", ("distance", "label", "status",))

EVENT = ("<HHHHBBBB", ("session", "number", "ms", "distance", "what", "which", "waiting", "lost",))

HELLO = ("<BBBBBBHH", ("version", "chip", "unknowns", "slots", "columns", "prototypes", "tables", "damaged",))

PLAIN = ("<B", ("status",))

SELF_TESTED = ("<HHHHHHHHhhHhHHBB", ("ram_bytes", "ram_fault", "program", "program_due", "password", "tables",
    "tables_due", "tile", "x", "y", "heard", "mean", "loudest", "ms", "buttons", "lamps",))

SIGNALLED = ("<HhhBB", ("next", "x", "y", "column", "status",))

SOLVED = ("<IHHHBB", ("missing", "check", "change", "ms", "sweeps", "status",))
