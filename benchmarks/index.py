"""How fast weights become classes on the map, beside the same in pandas; and robustness.

    python benchmarks/index.py [--json FILE] [--quick]

2,000 areas and 12 indicators, made up. Both versions must agree on the result. Everything is
measured in this run on this machine, in turns, so that both see the same load.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from monitor_app.core.progress import Progress
from monitor_app.core.values import IndicatorTable
from monitor_app.indicators.composite import Part, Rules, prepare
from monitor_app.indicators.robustness import robustness
from monitor_app.indicators.whatif import Prepared, class_index, quantile_limits

AREAS, INDICATORS, CLASSES = 2_000, 12, 5
DAY = date(2025, 12, 31)
TARGET_MS, TARGET_S = 5.0, 5.0


def made_up() -> tuple[Prepared, pd.DataFrame]:
    """One prepared index and the same raw values as a data frame."""
    random = np.random.default_rng(20261122)
    common = random.normal(size=(AREAS, 1))
    raw = 20.0 + 5.0 * (0.7 * common + random.normal(size=(AREAS, INDICATORS)))
    keys = tuple(f"{i:05d}" for i in range(AREAS))
    none = np.zeros(1, dtype=np.uint8)
    parts = [
        Part(
            IndicatorTable(
                f"i{j}", "area", keys, (DAY,), raw[:, j : j + 1],
                np.zeros((AREAS, 1), dtype=np.uint8), raw[:, j].mean(keepdims=True), none, "%", 1,
            )
        )
        for j in range(INDICATORS)
    ]  # fmt: skip
    frame = pd.DataFrame(raw, index=keys, columns=[f"i{j}" for j in range(INDICATORS)])
    return prepare(parts, Rules(restandardise=True)).at(DAY), frame


def ours(prepared: Prepared, weights: np.ndarray) -> np.ndarray:
    """Weights to class numbers."""
    index = prepared.index(weights)
    return class_index(index, quantile_limits(index, CLASSES))


def in_pandas(frame: pd.DataFrame, weights: np.ndarray) -> np.ndarray:
    """The same as one would write it in a notebook: z-scores, weighted sum, quantile classes."""
    z = (frame - frame.mean()) / frame.std(ddof=0)
    total = (z * weights / weights.sum()).sum(axis=1)
    index = (total - total.mean()) / total.std(ddof=0)
    return np.asarray(pd.qcut(index, CLASSES, labels=False))


def scaled_in_pandas(z: pd.DataFrame, weights: np.ndarray) -> np.ndarray:
    """pandas at its best: scaled once beforehand."""
    total = z.mul(weights / weights.sum()).sum(axis=1)
    index = (total - total.mean()) / total.std(ddof=0)
    return np.asarray(pd.qcut(index, CLASSES, labels=False))


def timed(
    calls: dict[str, Callable[[np.ndarray], Any]], rounds: int
) -> dict[str, dict[str, float]]:
    """Milliseconds per call, in turns over changing weights."""
    random = np.random.default_rng(1)
    found: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        weights = random.random(INDICATORS)
        for name, call in calls.items():
            start = time.perf_counter()
            call(weights)
            found[name].append(1e3 * (time.perf_counter() - start))
    return {
        name: {
            "median_ms": statistics.median(times),
            "p95_ms": sorted(times)[int(0.95 * len(times))],
        }
        for name, times in found.items()
    }


def measure(rounds: int, draws: int) -> dict[str, Any]:
    prepared, frame = made_up()
    z = (frame - frame.mean()) / frame.std(ddof=0)
    weights = np.arange(1.0, INDICATORS + 1)
    agree = float((ours(prepared, weights) == in_pandas(frame, weights)).mean())
    if agree < 0.999:  # a value on a limit may fall to either side
        raise SystemExit(f"the two versions disagree: {agree:.4f} of the areas agree")
    slider = timed(
        {
            "monitor_app": lambda w: ours(prepared, w),
            "pandas": lambda w: in_pandas(frame, w),
            "pandas, scaled before": lambda w: scaled_in_pandas(z, w),
        },
        rounds,
    )
    steps: list[float] = []
    start = time.perf_counter()
    result = robustness(
        prepared, weights, draws=draws,
        progress=Progress(lambda _f, _t: steps.append(time.perf_counter())),
    )  # fmt: skip
    seconds = time.perf_counter() - start
    gaps = np.diff([start, *steps, start + seconds])
    return {
        "machine": {
            "cpus": os.cpu_count(),
            "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
            "python": platform.python_version(), "numpy": np.__version__, "pandas": pd.__version__,
        },
        "areas": AREAS, "indicators": INDICATORS, "agree": agree,
        "slider": slider,
        "slider_target_ms": TARGET_MS,
        "robustness": {
            "draws": draws, "weight_sets": 2, "seconds": seconds, "target_seconds": TARGET_S,
            "longest_step_ms": 1e3 * float(gaps.max()), "alpha": result.alpha,
        },
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the numbers to this file")
    parser.add_argument("--quick", action="store_true", help="fewer rounds and draws")
    options = parser.parse_args()
    found = measure(20 if options.quick else 300, 1_000 if options.quick else 10_000)
    base = found["slider"]["monitor_app"]["median_ms"]
    print(f"slider to classes, {AREAS} areas x {INDICATORS} indicators (target {TARGET_MS} ms)")
    for name, times in found["slider"].items():
        print(
            f"  {name:<24} median {times['median_ms']:7.3f} ms   95 % {times['p95_ms']:7.3f} ms"
            f"   x{times['median_ms'] / base:.0f}"
        )
    part = found["robustness"]
    print(
        f"robustness, {part['draws']} draws around and {part['draws']} over all weights: "
        f"{part['seconds']:.2f} s (target {TARGET_S} s), "
        f"longest step {part['longest_step_ms']:.0f} ms"
    )
    if options.json:
        options.json.write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
