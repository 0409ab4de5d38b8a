"""`python -m tools.profile.network TIER [MODELS]`: operators and ceiling in a process of its own, one line of JSON, so
that neither their memory nor their threads touch what else is measured."""
from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from edge.errors import MasqueError, ModelError, ReportError

ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
"""Matrix products of the ceiling run on one thread, as the network's calls do."""


def measured_network(tier: str, models: Path | None) -> dict[str, Any]:
    """{"models": operator tables, "ceiling": …, "why": why there are no tables}. Raises ReportError where it fails,
    with its own last line."""
    done = subprocess.run([sys.executable, "-P", "-m", "tools.profile.network", tier, str(models or "")],
                          capture_output=True, text=True, check=False, env={**os.environ, **ONE_THREAD})
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise ReportError(f"timing the operators failed: {said[-1] if said else f'exit {done.returncode}'}; "
                          f"--no-operators leaves them out")
    return json.loads(done.stdout.splitlines()[-1])


def _main(tier: str, models: str) -> None:
    from edge.card import MODELS
    from quantize.tflite.schema import schema
    from tools.profile.ceiling import ceiling
    from tools.profile.operators import operator_tables

    tables, why = list[dict[str, Any]](), ""
    try:
        schema()
    except ModelError as error:  # a board that is pinned to tflite-runtime
        why = f"operators were not timed: {error}"
    try:
        tables = [] if why else operator_tables(Path(models) if models else MODELS, tier)
    except MasqueError as error:
        raise SystemExit(str(error)) from error
    print(json.dumps({"models": tables, "ceiling": ceiling(), "why": why}))


if __name__ == "__main__":
    _main(sys.argv[1], sys.argv[2])
