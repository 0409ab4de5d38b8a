"""Every error that a user can mend. Each is also the built-in error that it resembles."""
from __future__ import annotations


class MasqueError(Exception):
    """Anything a user can mend; its message says what, where, both numbers and what to do next."""


class BoardError(MasqueError, ValueError):
    """A board file that cannot be trusted, or a board that does not exist."""


class DataError(MasqueError, ValueError):
    """Training or evaluation data that cannot be trusted."""


class ModelError(MasqueError, ValueError):
    """A model file that is missing, damaged, foreign or made for another tier."""


class PictureError(MasqueError, ValueError):
    """A picture or trimap that cannot be read or does not fit."""


class OutputError(MasqueError, OSError):
    """A place that cannot be written to."""


class TileError(MasqueError, ValueError):
    """A tile that a microcontroller must not solve: it does not fit, or its alphas could leave 0..1."""


class FlashError(MasqueError, OSError):
    """A board that was not programmed, or an image that must not be."""


class BridgeError(MasqueError, OSError):
    """A microcontroller that cannot be found, does not answer, or is not what its board file says."""


class ReportError(MasqueError, ValueError):
    """A report that cannot be read, or measured, or does not compare with another."""


class EventError(MasqueError, ValueError):
    """A photo booth's event folder that cannot be used."""


class BoothError(MasqueError, RuntimeError):
    """Something beside the booth that does not do its part: printer, upload, a process of ours."""


class BundleError(MasqueError, ValueError):
    """A bundle that cannot be built, or one that must not be installed."""
