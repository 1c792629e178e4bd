"""How often probable ranges hold in simulated towns, whose way to err is known.

    python benchmarks/ranges.py [--towns N] [--json FILE]

Growth of a town and its areas varies around a mean: what the town has in common and what is each
area's own stay on for some years (autoregressive), and small areas vary more by chance. Rolling
origins forecast it by past growth; ranges are those of ``monitor-app backtest``, from errors known
at each origin. Three kinds of towns: of any size and unrest, many areas or one (``any``); a large
town of 23 areas and 24 years (``large``); the same with a wave of arrivals once in twelve years,
which nobody can foresee (``waves``). Beside the mean share that holds stands how much it differs
from town to town: what one town's backtest can tell at all.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from monitor_app.app.forecasting_backtest import PastIntervals
from monitor_app.forecast.spread import EVERYBODY
from monitor_app.forecast.state import Array

HORIZONS = (1, 3, 5, 10)
#: Yearly growth: standard deviation of the town's part and of the areas' own.
COMMON, OWN = 0.0045, 0.0055
#: Years before the first stock, so that nothing starts at rest.
WARM_UP = 20
FIRST, FIRST_SCORED = 3, 5


def people(random: np.random.Generator, kind: str) -> Array:
    """Stocks (years, areas)."""
    areas, years, middle, scale = 23, 24, 60_000.0, 1.0
    stay, uneven, wave, calm = (0.6, 0.5), 0.4, 0.0, 1.0
    if kind == "any":
        areas, years = int(random.choice([1, 5, 10, 23, 50, 100])), int(random.choice([12, 20, 30]))
        middle = float(np.exp(random.uniform(np.log(1500.0), np.log(60_000.0))))
        # Towns and age groups differ in unrest by a factor of 1.6 and more.
        scale = float(np.exp(random.normal(0.0, 0.5)))
        stay, uneven = (random.uniform(0.0, 0.9), random.uniform(0.0, 0.8)), 0.5
    elif kind == "waves":
        wave, calm = 1.0 / 12.0, 0.5
    launch = middle * np.exp(random.normal(0.0, 0.6, areas))
    unrest, drawn = (
        np.exp(random.normal(0.0, uneven, areas)),
        np.abs(random.normal(1.0, 0.4, areas)),
    )
    steady = 0.004 + random.normal(0.0, 0.004, areas) * unrest * scale
    town, own, growth = 0.0, np.zeros(areas), []
    for _year in range(years + WARM_UP):
        common = COMMON * scale * calm
        town = stay[0] * town + random.normal(0.0, common * np.sqrt(1.0 - stay[0] ** 2))
        if random.random() < wave:
            town += random.uniform(0.01, 0.025)
        sudden = random.standard_t(4, areas) / np.sqrt(2.0) * np.sqrt(1.0 - stay[1] ** 2)
        own = stay[1] * own + OWN * scale * unrest * sudden
        chance = random.normal(0.0, 1.0, areas) * scale * np.sqrt(0.35 / launch)
        growth.append(steady + town * (drawn if wave else 1.0) + own + chance)
    return np.asarray(launch * np.exp(np.cumsum(growth, axis=0)[WARM_UP:]))


def past(stocks: Array) -> tuple[Array, Array, tuple[int, ...]]:
    """Relative errors (origins, horizons 1…, 1, areas) of forecasts by past growth, half an area's
    own and half the town's; sizes at launch; origins."""
    years, longest = len(stocks), max(HORIZONS)
    origins = tuple(range(FIRST, years - 1))
    errors = np.full((len(origins), longest, 1, stocks.shape[1]), np.nan)
    for row, origin in enumerate(origins):
        base = min(10, origin)
        before, now = stocks[origin - base], stocks[origin]
        pace = (np.log(now / before) + np.log(now.sum() / before.sum())) / (2 * base)
        for h in range(1, min(longest, years - 1 - origin) + 1):
            errors[row, h - 1, 0] = stocks[origin + h] / (now * np.exp(pace * h)) - 1.0
    return errors, stocks[list(origins)][:, None], origins


def held(stocks: Array) -> Array:
    """Share of areas and origins inside of their ranges, by horizon; NaN where none was tested."""
    errors, sizes, origins = past(stocks)
    ranges = PastIntervals(errors, sizes, origins, HORIZONS, (EVERYBODY,))
    inside: list[list[float]] = [[] for _h in HORIZONS]
    for row, origin in enumerate(origins):
        if origin < FIRST_SCORED:
            continue
        half, _town = ranges.at(0, origin)
        for i, h in enumerate(HORIZONS):
            if np.isfinite(errors[row, h - 1, 0]).all():
                inside[i].append(float((np.abs(errors[row, h - 1, 0]) <= half[i]).mean()))
    return np.array([np.mean(values) if values else np.nan for values in inside])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--towns", type=int, default=100)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = {}
    print(f"{'share in ranges of 80 %':24}" + "".join(f"{h:>14} y" for h in HORIZONS))
    for kind in ("any", "large", "waves"):
        runs = [
            held(people(np.random.default_rng([seed, 1]), kind)) for seed in range(options.towns)
        ]
        mean, spread = 100 * np.nanmean(runs, axis=0), 100 * np.nanstd(runs, axis=0)
        found[kind] = {"mean": mean.round(1).tolist(), "spread": spread.round(1).tolist()}
        cells = (f"{m:9.1f} ± {s:4.1f}" for m, s in zip(mean, spread, strict=True))
        print(f"{kind:24}" + "".join(f"{c:>16}" for c in cells))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
