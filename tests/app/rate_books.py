"""A town with counted events, for tests of rates."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
from forecasting_towns import AGES, KEYS, Source, source, stocks

from monitor_app.core.cube import Cube
from monitor_app.core.datasets import DatasetSpec, Kind, TimeReference

YEARS = 8
FIRST = 2015


def counted_town() -> Source:
    """Stocks of three areas and all events, by sex and single age, with known crude rates."""
    values = stocks(YEARS, growth=0.004)
    found = source(values, first=FIRST)
    rng = np.random.default_rng(8)
    ages = np.arange(91)
    mean = (values[:, 1:] + values[:, :-1]) / 2.0
    move = 0.02 + 0.1 * np.exp(-(((ages - 25) / 8.0) ** 2))
    level = np.array([1.3, 0.9, 0.8])[:, None, None, None]
    fertility = np.where((ages >= 15) & (ages < 50), 0.1 * np.exp(-(((ages - 31) / 6.0) ** 2)), 0)
    for key, kind, rates in (
        ("deaths", Kind.DEATHS, 0.0004 * np.exp(0.085 * ages)),
        ("moves_in", Kind.MOVES_IN, move * level), ("moves_out", Kind.MOVES_OUT, move * level),
        ("arrivals", Kind.ARRIVALS_WITHIN, 0.5 * move),
        ("departures", Kind.DEPARTURES_WITHIN, 0.5 * move),
    ):  # fmt: skip
        _add(found, key, kind, rng.poisson(mean * rates).astype(float))
    by_mother = rng.poisson(mean[:, :, 1] * fertility).astype(float)
    days = tuple(date(FIRST + n + 1, 12, 31) for n in range(YEARS - 1))
    girls = rng.binomial(by_mother.astype(int), 0.48).astype(float)
    cube = Cube.of(
        {"area": KEYS, "date": days, "sex": ("m", "f")},
        np.stack([by_mother - girls, girls], axis=2), ages=AGES,
    )  # fmt: skip
    spec = DatasetSpec("births", Kind.BIRTHS, "Geburten", "quarter", time=TimeReference.PERIOD)
    found.add(spec, cube)
    return found


def _add(town: Source, key: str, kind: Kind, values: np.ndarray[Any, Any]) -> None:
    days = tuple(date(FIRST + n + 1, 12, 31) for n in range(YEARS - 1))
    cube = Cube.of({"area": KEYS, "date": days, "sex": ("m", "f")}, values, ages=AGES)
    town.add(DatasetSpec(key, kind, key, "quarter", time=TimeReference.PERIOD), cube)
