"""What these tests share is in tests/built_firmware.py."""
from built_firmware import (  # noqa: F401
    device,
    firmware,
    images,
    library,
    simulated,
    started_simulation,
)
