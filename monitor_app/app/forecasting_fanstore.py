"""Fans of a forecast as data sets of the project: one pair of tables per level."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

import numpy as np

from monitor_app.app.forecasting_fans import CellChance, Fans
from monitor_app.core.areas import CITY
from monitor_app.core.batch import FactTable
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import DatasetSpec, Kind
from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _
from monitor_app.core.status import Status

#: What stands before the key of the level in the key of a data set.
FAN, FAN_AGE = "fan_", "fan_age_"
#: Data set of what chance decides in each cell, and its groups: areas, and the town as a whole.
CHANCE, CHANCE_OF = "chance", ("area", "town")


def quantile_code(level: float) -> str:
    """Code of a quantile as a group of a data set: ``q025`` for 2.5 per cent."""
    return f"q{round(1000 * level):03d}"


def fan_tables(
    fans: Fans, days: Sequence[date], info: Callable[..., DatasetSpec]
) -> list[FactTable]:
    """Whole persons; quantiles of units never add up, so nothing may sum them."""
    labels = {
        quantile_code(q): f"{format_number(100 * q, 0 if round(1000 * q) % 10 == 0 else 1)} %"
        for q in fans.levels
    }
    found = []
    for level, fan in fans.by_level.items():
        # (quantiles, years, variables, units) -> (unit, date, quantile, variable)
        table = np.rint(np.transpose(fan.values, (3, 1, 0, 2)))
        for start, cells, ages in (
            (FAN, table[..., 0], None), (FAN_AGE, table[..., 1:], fans.ages)
        ):  # fmt: skip
            axes: dict[str, Sequence[object]] = {"area": fan.units, "date": days}
            axes["group"] = tuple(labels)
            status = np.full(cells.shape, Status.FORECAST, dtype=np.uint8)
            spec = info(
                start + level, Kind.VARIABLE, _("Fan of the population"), level=level,
                variable=f"population_{start}{level}", aggregation="none", labels=labels,
            )  # fmt: skip
            found.append(FactTable(spec, Cube.of(axes, cells, ages=ages, status=status)))
    if fans.chance is not None:
        found.append(_chance_table(fans.chance, days, info))
    return found


def _chance_table(
    chance: CellChance, days: Sequence[date], info: Callable[..., DatasetSpec]
) -> FactTable:
    """Variance by chance over persons, in thousandths; never added up."""
    labels = dict(zip(CHANCE_OF, (_("areas"), _("Town as a whole")), strict=True))
    axes: dict[str, Sequence[object]] = {"area": (CITY,), "date": days}
    # (areas or town, years, sexes, ages) -> (area, date, sex, group, age)
    table = np.rint(1000 * np.transpose(chance.values, (1, 2, 0, 3)))[None]
    if chance.sexes == ("x",):
        table = table[:, :, 0]
    else:
        axes["sex"] = chance.sexes
    axes["group"] = CHANCE_OF
    status = np.full(table.shape, Status.FORECAST, dtype=np.uint8)
    spec = info(
        CHANCE, Kind.VARIABLE, _("What chance decides, by age and sex"), level=CITY,
        variable=f"population_{CHANCE}", aggregation="none", labels=labels,
    )  # fmt: skip
    return FactTable(spec, Cube.of(axes, table, ages=chance.ages, status=status))
