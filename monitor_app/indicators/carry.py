"""Series across territorial reforms: earlier numbers carried to the present areas.

Counts are carried by the shares of a bridge, X_new = Σ X_old · w. Nothing else is: rates and
shares are recomputed from carried numerators and denominators by the engine. A number that a
fractional share went into is an estimate; areas that were only merged or renamed stay exact.
Source of the method: BBSR Umstiegsschlüssel, Referenz Gebietsreformen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np

from monitor_app.core.areas import CITY, Area, AreaSystem
from monitor_app.core.bridges import Bridge
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import Absent, DatasetSpec, Kind
from monitor_app.core.status import Status, has_value
from monitor_app.indicators.grid import Bools, Codes, Floats
from monitor_app.indicators.moves import MARGINS

#: Variables that follow the dwellings, whatever their unit, and units of surfaces.
_OF_DWELLINGS = frozenset({"floor_area", "heated_area"})
_SURFACES = frozenset({"m²", "m2", "1000 m²", "ha", "km²", "km2"})
#: Cases behind a mean are carried as any count.
_COUNT = DatasetSpec("", Kind.POPULATION, "", "")
#: Kinds whose sums over merged areas are no counts of the merged area: a move between the two is
#: no longer one over its border.
_NOT_ADDITIVE = (*MARGINS, Kind.MOVES_SAME_AREA)


def weight_of(spec: DatasetSpec) -> str:
    """Which share of an area the numbers of a data set follow."""
    if spec.kind is Kind.COMPLETIONS or spec.unit == "dwellings":
        return "dwellings"
    if spec.variable in _OF_DWELLINGS:
        return "dwellings"
    return "area" if spec.unit in _SURFACES else "pop"


def present_areas(system: AreaSystem) -> AreaSystem:
    """The areas after all reforms, as if they had always been there."""
    areas = list(system.areas)
    for bridge in system.bridges:
        goals = {row.to_key for row in bridge.rows}
        areas = [_extended(a, bridge, goals) for a in areas if not _over(a, bridge)]
    return replace(system, areas=tuple(areas))


def _over(area: Area, bridge: Bridge) -> bool:
    return area.level == bridge.level and area.valid_to is not None and area.valid_to < bridge.day


def _extended(area: Area, bridge: Bridge, goals: set[str]) -> Area:
    began = area.valid_from
    if area.level == bridge.level and area.key in goals and began and began <= bridge.day:
        return replace(area, valid_from=None)
    return area


@dataclass
class Carrier:
    """Carries cubes of ``plain`` areas to the ``present`` ones. ``whole(key)`` is the cube of a
    data set as stored."""

    plain: AreaSystem
    present: AreaSystem
    whole: Callable[[str], Cube]
    _old: dict[tuple[str, str], Bools] = field(default_factory=dict)
    _crossing: dict[tuple[str, str], bool] = field(default_factory=dict)

    def forget(self, datasets: frozenset[str]) -> None:
        """Data sets have changed."""
        self._old = {m: v for m, v in self._old.items() if m[0] not in datasets}

    def bridged(self, level: str) -> bool:
        return any(b.level == level for b in self.plain.bridges)

    def touches(self, level: str, target: str) -> bool:
        """Whether a reform of ``level`` moved people between areas of ``target``. The town, and
        districts whose border no bridge crosses, are summed from the old areas as they were."""
        if target == CITY:
            return False
        if self.bridged(target):
            return True
        if not self.bridged(level):
            return False
        mark = (level, target)
        if mark not in self._crossing:
            above = self.plain.ancestor(level, target)
            self._crossing[mark] = any(
                above.get(old) != above.get(new)
                for b in self.plain.bridges
                if b.level == level
                for old, new in b.shares("pop")
            )
        return self._crossing[mark]

    def carry(self, cube: Cube, spec: DatasetSpec, weights: Floats | None = None) -> Cube:
        """The cube with the numbers of earlier dates on the present areas.

        ``cube`` is the data set of ``spec`` or a part of it. ``weights`` (areas, dates) are the
        cases behind each value of a mean, which carried means are weighted with. Areas that a
        reform gave up are left out: theirs is in their successors.
        """
        cases = None if weights is None else Cube.of(
            {"area": cube.areas, "date": cube.dates}, weights
        )  # fmt: skip
        for bridge in self.plain.bridges:
            if bridge.level != spec.level:
                continue
            chosen = self._old_dates(bridge, spec, cube.dates)
            if not chosen.any():
                continue
            shares = bridge.shares(weight_of(spec))
            cube = _step(cube, "area", bridge, shares, chosen, spec, cases)
            if cases is not None:
                cases = _step(cases, "area", bridge, bridge.shares("pop"), chosen, _COUNT, None)
            if spec.kind is Kind.MOVES_WITHIN:
                cube = _step(cube, "partner", bridge, shares, chosen, spec, None)
        return cube

    def _old_dates(self, bridge: Bridge, spec: DatasetSpec, days: tuple[date, ...]) -> Bools:
        """Which dates stand on the areas before the reform. A delivery may have been counted anew
        on the new areas already; then the areas that were founded have numbers."""
        mark = (spec.key, bridge.key)
        whole = self.whole(spec.key)
        if mark not in self._old:
            gone = _alive(whole, bridge.given_up)
            fresh = _alive(whole, bridge.founded)
            self._old[mark] = np.array(
                [day < bridge.day for day in whole.dates], dtype=np.bool_
            ) & (gone >= fresh)
        old = self._old[mark]
        return np.array([old[whole.date_index[day]] for day in days], dtype=np.bool_)


def _alive(cube: Cube, keys: frozenset[str]) -> Codes:
    """Per date: 2 where one of the areas has a number other than zero, 1 where one has a value
    (tables filled up with zeros give that to every area), else 0."""
    rows = [i for i, key in enumerate(cube.areas) if key in keys]
    found = np.zeros(len(cube.dates), dtype=np.uint8)
    if rows:
        known = has_value(cube.status[rows])
        other = tuple(i for i in range(known.ndim) if i != 1)
        found[known.any(axis=other)] = 1
        found[(known & (cube.values[rows] != 0)).any(axis=other)] = 2
    return found


def _step(
    cube: Cube,
    dim: str,
    bridge: Bridge,
    shares: dict[tuple[str, str], float],
    chosen: Bools,
    spec: DatasetSpec,
    cases: Cube | None,
) -> Cube:
    """One reform along the dimension that holds area keys, at the chosen dates."""
    weights = None if cases is None else cases.values
    labels = cube.labels[dim]
    own = frozenset(labels)
    goals = tuple(dict.fromkeys(new for _old, new in shares))
    labels = (*labels, *(key for key in goals if key not in own))
    place = {key: i for i, key in enumerate(labels)}
    values, status = _wider(cube, dim, len(labels))
    # Work on (key, date, rest): views, so that what is written arrives in the arrays.
    values_at = np.moveaxis(values, (cube.axis(dim), cube.axis("date")), (0, 1))
    status_at = np.moveaxis(status, (cube.axis(dim), cube.axis("date")), (0, 1))
    before, codes = values_at[:, chosen].copy(), status_at[:, chosen].copy()
    result = {
        new: _arrived(
            [(place.get(old, -1), w) for (old, goal), w in shares.items() if goal == new],
            before, codes, spec, None if weights is None else weights[:, chosen],
        )
        for new in goals
    }  # fmt: skip
    for new, (numbers, code) in result.items():
        values_at[place[new], chosen] = numbers
        status_at[place[new], chosen] = code
    carried = replace(cube, labels={**cube.labels, dim: labels}, values=values, status=status)
    return carried.take(dim, [i for i, key in enumerate(labels) if key not in bridge.given_up])


def _wider(cube: Cube, dim: str, size: int) -> tuple[Floats, Codes]:
    shape = list(cube.values.shape)
    axis = cube.axis(dim)
    more = size - shape[axis]
    shape[axis] = more
    values = np.concatenate([cube.values, np.full(shape, np.nan)], axis=axis)
    missing = np.full(shape, Status.MISSING, dtype=np.uint8)
    return values, np.concatenate([cube.status, missing], axis=axis)


def _arrived(
    parts: list[tuple[int, float]], before: Floats, codes: Codes, spec: DatasetSpec,
    weights: Floats | None,
) -> tuple[Floats, Codes]:  # fmt: skip
    """Numbers of one new area from rows of the old ones; −1 is an area that is not listed."""
    shape = before.shape[1:]
    zero = spec.absent is Absent.ZERO
    blank = (np.zeros(shape), np.zeros(shape, dtype=np.uint8)) if zero else (
        np.full(shape, np.nan), np.full(shape, Status.MISSING, dtype=np.uint8))  # fmt: skip
    items = [((before[i], codes[i]) if i >= 0 else blank, i, w) for i, w in parts]
    code = np.max(np.stack([c for (_v, c), _i, _w in items]), axis=0)
    exact = all(w == 1.0 for _item, _i, w in items)
    several = len(items) > 1
    if spec.kind is Kind.VARIABLE and spec.aggregation == "none":
        if several or not exact:  # no rule says how such values add up
            return np.full(shape, np.nan), np.full(shape, Status.MISSING, dtype=np.uint8)
        number = items[0][0][0]
    elif spec.kind is Kind.VARIABLE and spec.aggregation.startswith("mean:") and several:
        number, code = _mean(items, code, weights)
    elif spec.kind is Kind.VARIABLE and spec.aggregation.startswith("mean:"):
        number = items[0][0][0]
    else:
        number = np.sum(np.stack([v * w for (v, _c), _i, w in items]), axis=0)
    if not exact or (several and spec.kind in _NOT_ADDITIVE):
        code = np.where(has_value(code), np.maximum(code, Status.ESTIMATED), code)
    code = code.astype(np.uint8)
    return np.where(has_value(code), number, np.nan), code


def _mean(
    items: list[tuple[tuple[Floats, Codes], int, float]], code: Codes, weights: Floats | None
) -> tuple[Floats, Codes]:
    """Mean of means, weighted by the carried cases behind each. No cases: not applicable."""
    shape = items[0][0][0].shape
    if weights is None:
        return np.full(shape, np.nan), np.full(shape, Status.MISSING, dtype=np.uint8)
    top, bottom = np.zeros(shape), np.zeros(shape)
    for (value, _code), i, share in items:
        cases = weights[i] * share if i >= 0 else np.full(shape[0], np.nan)
        cases = cases.reshape(-1, *(1,) * (len(shape) - 1))
        top = top + value * cases
        bottom = bottom + cases
    code = np.where(np.isnan(bottom) & has_value(code), Status.MISSING, code)
    code = np.where((bottom == 0) & has_value(code), Status.NOT_APPLICABLE, code)
    with np.errstate(all="ignore"):
        return top / bottom, code.astype(np.uint8)
