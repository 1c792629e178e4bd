"""A computed indicator: one value per area and date of a level, and the city beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray

from monitor_app.core.issues import Issue


@dataclass(frozen=True)
class IndicatorTable:
    """Values of one indicator on one level.

    ``values``/``status`` shape (areas, dates); ``city_values``/``city_status`` shape (dates,),
    computed from the city's own numerator and denominator. ``base`` is the number of cases that
    the minimum base is held against (the denominator), NaN where unknown.
    ``breaks`` are days of territorial reforms inside the series: what stands before such a day
    counts other areas. ``carried``: earlier values were carried to the present areas.
    ``forecast_from``: first date of a forecast (None: all dates are observed).
    ``missing_inputs`` says in words what the project lacks where nothing could be computed.
    """

    indicator: str
    level: str
    areas: tuple[str, ...]
    dates: tuple[date, ...]
    values: NDArray[np.float64]
    status: NDArray[np.uint8]
    city_values: NDArray[np.float64]
    city_status: NDArray[np.uint8]
    unit: str
    precision: int
    base: NDArray[np.float64] | None = None
    datasets: tuple[str, ...] = ()
    issues: tuple[Issue, ...] = ()
    missing_inputs: tuple[str, ...] = field(default=())
    breaks: tuple[date, ...] = ()
    carried: bool = False
    forecast_from: date | None = None
