"""Infants of towns that know age groups only: how old the youngest are, from their past numbers."""

from __future__ import annotations

import numpy as np

from monitor_app.core.ages import AgeAxis
from monitor_app.forecast.state import Array
from monitor_app.forecast.youngest import youngest_years


def with_youngest(stocks: Array, source: AgeAxis) -> Array:
    """Stocks (years, sex, group, age, area), the youngest group of ``source`` dealt out anew.

    Shares of single years are those of the whole town: in single areas chance says more about the
    births of a year than their trend does. Group totals are kept.
    """
    groups = source.groups
    if len(groups) < 3 or groups[0].lo != 0:
        return stocks
    first, second = (slice(g.lo, g.hi) for g in groups[:2])
    widths = (first.stop - first.start, second.stop - second.start)
    if widths[0] < 2:
        return stocks
    whole = stocks.sum(axis=(1, 2, 4))
    years = youngest_years(whole[:, first].sum(axis=1), whole[:, second].sum(axis=1), widths)
    total = years.sum(axis=1, keepdims=True)
    share = np.divide(years, total, out=np.full_like(years, 1.0 / widths[0]), where=total > 0)
    found = stocks.copy()
    found[:, :, :, first] = (
        stocks[:, :, :, first].sum(axis=3, keepdims=True) * share[:, None, None, :, None]
    )
    return found
