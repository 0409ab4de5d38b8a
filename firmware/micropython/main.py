"""The firmware of a Raspberry Pi Pico: MicroPython runs this file when it starts."""

import board
import dispatch


def main() -> None:
    """Serves until 64 Ctrl-C in a row ask for the prompt. Any other end leaves the watchdog on, and it starts anew."""
    board.start()
    dispatch.start()
    try:
        while True:
            dispatch.turn()
    except KeyboardInterrupt:
        board.stop()


if __name__ == "__main__":
    main()
