"""Charts of areas over several measures and of moves: radar, components of change, flows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitor_app.cartography.chartdata import Cell, ChartTable
from monitor_app.core.i18n import _
from monitor_app.core.issues import fail

FloatArray = NDArray[np.float64]
MAX_AXES = 8


@dataclass(frozen=True, eq=False)
class RadarLine:
    """One shape: ``values`` per axis in their units, ``shares`` 0…1 on the axes (NaN: missing)."""

    label: str
    values: FloatArray
    shares: FloatArray
    key: str = ""


@dataclass(frozen=True, eq=False)
class RadarSpec:
    """Up to eight measures. Each axis runs from the smallest to the largest value of all areas
    (turned round where a low value is a good one); a missing value is no point."""

    axes: tuple[str, ...]
    units: tuple[str, ...]
    precisions: tuple[int, ...]
    lines: tuple[RadarLine, ...]
    low: FloatArray
    high: FloatArray
    title: str = ""

    def table(self) -> ChartTable:
        head = (_("Indicator"), _("Unit"), *(line.label for line in self.lines))
        rows: tuple[tuple[Cell, ...], ...] = tuple(
            (axis, self.units[i], *(float(line.values[i]) for line in self.lines))
            for i, axis in enumerate(self.axes)
        )
        return ChartTable(head, rows)


def radar_spec(
    axes: Sequence[str],
    values: ArrayLike,
    chosen: Sequence[tuple[str, int]],
    *,
    city: ArrayLike | None = None,
    units: Sequence[str] = (),
    precisions: Sequence[int] = (),
    reverse: Sequence[bool] = (),
    title: str = "",
) -> RadarSpec:
    """``values`` shape (measures, areas), NaN where missing; ``chosen``: label and column of each
    area to draw; ``city``: the town's own value per measure — never a mean of its areas.
    UserError for fewer than three or more than eight measures."""
    data = np.asarray(values, dtype=np.float64)
    m = len(axes)
    if not 3 <= m <= MAX_AXES:
        raise fail(
            "radar.axes",
            _("A radar chart needs three to {most} indicators, not {count}.").format(
                most=MAX_AXES, count=m
            ),
            repair=_("Choose other indicators."),
        )
    known = np.isfinite(data)
    some = known.any(axis=1)
    low = np.where(some, np.where(known, data, np.inf).min(axis=1, initial=np.inf), np.nan)
    high = np.where(some, np.where(known, data, -np.inf).max(axis=1, initial=-np.inf), np.nan)
    turned = np.array([*reverse, *[False] * (m - len(reverse))], dtype=bool)

    def line(label: str, own: FloatArray) -> RadarLine:
        span = np.where(high > low, high - low, 1.0)
        shares = np.where(high > low, (own - low) / span, np.where(np.isfinite(own), 0.5, np.nan))
        shares = np.where(turned, 1 - shares, shares)
        return RadarLine(label, own, np.clip(shares, 0, 1))

    lines = [] if city is None else [line(_("Town as a whole"), np.asarray(city, dtype=np.float64))]
    lines += [line(label, data[:, column]) for label, column in chosen]
    return RadarSpec(
        tuple(axes), tuple(units) or ("",) * m, tuple(precisions) or (1,) * m, tuple(lines),
        low, high, title,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class ComponentsSpec:
    """What a population changed by, per period or area: ``parts`` (components, places) with sign
    (births +, deaths −). The balance is their sum; where a component is missing there is none.
    ``ahead`` periods are forecast. ``slots``: colour of each component (its place where empty),
    so that a component has the same colour in every chart."""

    names: tuple[str, ...]
    places: tuple[str, ...]
    parts: FloatArray
    title: str = ""
    unit: str = ""
    ahead: tuple[bool, ...] = ()
    note: str = ""
    slots: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.parts.shape != (len(self.names), len(self.places)):
            raise ValueError("parts need the shape (components, places)")

    @property
    def balance(self) -> FloatArray:
        return np.asarray(self.parts.sum(axis=0))

    def table(self) -> ChartTable:
        rows: tuple[tuple[Cell, ...], ...] = tuple(
            (place, *(float(v) for v in self.parts[:, i]), float(self.balance[i]))
            for i, place in enumerate(self.places)
        )
        return ChartTable((_("Period or area"), *self.names, _("Balance")), rows)


@dataclass(frozen=True, eq=False)
class FlowSpec:
    """Moves from row to column, ``moves`` (n, n), NaN where kept secret or unknown. Moves within
    an area stand on the diagonal. ``members``: keys of the areas on the map that each name stands
    for; ``chord``: drawn as a ring with ribbons instead of a matrix."""

    names: tuple[str, ...]
    moves: FloatArray
    title: str = ""
    unit: str = ""
    members: tuple[tuple[str, ...], ...] = ()
    chord: bool = False

    def __post_init__(self) -> None:
        if self.moves.shape != (len(self.names),) * 2:
            raise ValueError("moves need one row and one column per area")

    @property
    def net(self) -> FloatArray:
        """Arrivals minus departures of each area, without moves within it; NaN where a part is
        unknown."""
        between = self.moves.copy()
        np.fill_diagonal(between, 0.0)
        return np.asarray(between.sum(axis=0) - between.sum(axis=1))

    def largest(self, most: int) -> FlowSpec:
        """The areas with the most moves; the others put together as one. Unknown cells among
        those put together make the sum unknown."""
        if len(self.names) <= most:
            return self
        known = np.nan_to_num(self.moves)
        order = np.argsort(-(known.sum(axis=0) + known.sum(axis=1)), kind="stable")
        kept = np.sort(order[: most - 1])
        group = np.full(len(self.names), most - 1)
        group[kept] = np.arange(most - 1)
        lump = np.zeros((most, len(self.names)))
        lump[group, np.arange(len(self.names))] = 1.0
        unknown = lump @ np.isnan(self.moves) @ lump.T > 0
        moves = np.where(unknown, np.nan, lump @ known @ lump.T)
        names = (*(self.names[i] for i in kept), _("other areas"))
        rest = [i for i in range(len(self.names)) if i not in set(kept.tolist())]
        members = self.members and (
            *(self.members[i] for i in kept), tuple(k for i in rest for k in self.members[i])
        )  # fmt: skip
        return FlowSpec(names, moves, self.title, self.unit, tuple(members), self.chord)

    def table(self) -> ChartTable:
        n = len(self.names)
        rows: list[tuple[Any, ...]] = [
            (self.names[i], self.names[j], float(self.moves[i, j]))
            for i in range(n)
            for j in range(n)
        ]
        return ChartTable((_("From"), _("To"), _("Moves")), tuple(rows))
