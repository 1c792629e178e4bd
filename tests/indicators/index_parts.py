"""Indicator tables in memory for tests of the composite index."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import ArrayLike

from monitor_app.core.status import Status
from monitor_app.core.values import IndicatorTable
from monitor_app.indicators.composite import Part

DAYS = (date(2020, 12, 31), date(2021, 12, 31), date(2022, 12, 31))


def table(
    name: str,
    values: ArrayLike,
    *,
    days: Sequence[date] = DAYS,
    areas: Sequence[str] | None = None,
    status: ArrayLike | None = None,
    city: ArrayLike | None = None,
) -> IndicatorTable:
    """Values (areas,) for the first date or (areas, dates); NaN is missing."""
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.ndim == 1:
        numbers = numbers[:, None]
    days = tuple(days)[: numbers.shape[1]]
    keys = tuple(areas or (f"{i:03d}" for i in range(len(numbers))))
    marks = np.where(np.isnan(numbers), Status.MISSING, Status.OK)
    marks = (marks if status is None else np.asarray(status)).astype(np.uint8)
    town = np.full(len(days), 0.0) if city is None else np.asarray(city, dtype=np.float64)
    return IndicatorTable(
        name, "viertel", keys, days, numbers, marks, town,
        np.zeros(len(days), dtype=np.uint8), "%", 1, datasets=(f"data_{name}",),
    )  # fmt: skip


def parts(*columns: ArrayLike, signs: Sequence[int] | None = None) -> list[Part]:
    """One part per column of values."""
    given = signs or [1] * len(columns)
    return [
        Part(table(f"i{j}", values), sign)
        for j, (values, sign) in enumerate(zip(columns, given, strict=True))
    ]
