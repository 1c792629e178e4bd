"""Runs the hand-calculated rows of a definition through the real engine."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from monitor_app.core.ages import AgeAxis
from monitor_app.core.areas import CITY, Area, AreaSystem, Level
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import DatasetInfo, DatasetSpec, Kind, TimeReference
from monitor_app.core.i18n import _
from monitor_app.core.issues import UserError, fail
from monitor_app.core.status import Status
from monitor_app.indicators.catalogue import Catalogue
from monitor_app.indicators.definitions import TestCase
from monitor_app.indicators.engine import Engine
from monitor_app.indicators.tree import INPUT_NAMES
from monitor_app.indicators.vocabulary import own_unit

LEVEL = "area"
_KINDS = {name: kind for kind, name in INPUT_NAMES.items()}
_STOCKS = (Kind.POPULATION, Kind.VARIABLE)
_SURFACES = {"surface_m2": 1.0, "surface_ha": 1e4, "surface_km2": 1e6}
_FIELDS = frozenset({"age", "sex", "group", "partner", "year", "area", "value"})
_STATUS = {"missing": Status.MISSING, "secret": Status.SECRET}
_AGE = re.compile(r"(?P<lo>\d+)(?:\.\.(?P<last>\d+)|(?P<open>\+))?")


@dataclass(frozen=True)
class _Row:
    subject: tuple[Kind, str]
    area: str
    day: date
    labels: tuple[tuple[str, Any], ...]  # dimension and label; ages as (lo, hi)
    value: float
    status: Status


@dataclass(frozen=True)
class RowSource:
    """Data sets made of the rows of a test."""

    infos: tuple[DatasetInfo, ...]
    cubes: Mapping[str, Cube]

    def datasets(self) -> tuple[DatasetInfo, ...]:
        return self.infos

    def cube(self, key: str) -> Cube:
        return self.cubes[key]


def run_case(catalogue: Catalogue, indicator_id: str, case: TestCase) -> str:
    """What went wrong with a row, "" where the expected value comes out."""
    try:
        areas, source = town_of(case.inputs)
        table = Engine(areas, source, catalogue).compute(indicator_id, LEVEL)
    except UserError as error:
        return str(error)
    if table.missing_inputs:
        return "; ".join(table.missing_inputs)
    days = [d for d in table.dates if case.year is None or d.year == case.year]
    if not days:
        return _("nothing was computed for this year")
    j = table.dates.index(days[-1])
    if case.area == CITY:
        value, status = table.city_values[j], table.city_status[j]
    else:
        area = case.area or table.areas[0]
        if area not in table.areas:
            return _("there is no area “{area}” in the row").format(area=area)
        i = table.areas.index(area)
        value, status = table.values[i, j], table.status[i, j]
    return _compare(case, float(value), Status(status))


def _compare(case: TestCase, value: float, status: Status) -> str:
    found = status.name.lower()
    if case.status is not None and case.status != found:
        return _("expected status {expected}, found {found}").format(
            expected=case.status, found=found
        )
    if case.expect is None:
        if case.status is not None or status >= Status.MISSING:
            return ""
        return _("expected no value, found {found}").format(found=f"{value:.10g}")
    limit = case.tolerance * max(1.0, abs(case.expect))
    if math.isnan(value) or abs(value - case.expect) > limit:
        shown = found if math.isnan(value) else f"{value:.10g}"
        return _("expected {expected}, found {found}").format(
            expected=f"{case.expect:.10g}", found=shown
        )
    return ""


def town_of(rows: tuple[dict[str, str | int | float], ...]) -> tuple[AreaSystem, RowSource]:
    """A town of a few areas that holds what the rows say.

    Cells that the rows do not list are zero in an area and year that they do list.
    Errors: ``UserError`` for rows that make no sense.
    """
    surfaces: dict[str, float] = {}
    facts: dict[tuple[Kind, str], list[_Row]] = {}
    keys: dict[str, None] = {}
    for row in rows:
        area = str(row.get("area", "a"))
        keys[area] = None
        subject = [name for name in row if name not in _FIELDS]
        if len(subject) != 1:
            raise _bad(_("a row needs exactly one count, variable or surface"))
        if subject[0] in _SURFACES:
            surfaces[area] = float(row[subject[0]]) * _SURFACES[subject[0]]
        else:
            fact = _read(row, subject[0], area)
            facts.setdefault(fact.subject, []).append(fact)
    areas = tuple(
        Area(i, LEVEL, key, key, surface_m2=surfaces.get(key)) for i, key in enumerate(keys)
    )
    system = AreaSystem((Level(CITY, "", 0), Level(LEVEL, "", 1)), areas)
    cubes = {f"{kind.value}{name}": _cube(found) for (kind, name), found in facts.items()}
    infos = tuple(_info(kind, name, cubes[f"{kind.value}{name}"]) for kind, name in facts)
    return system, RowSource(infos, cubes)


def _bad(message: str) -> UserError:
    return fail("test-row", message)


def _read(row: dict[str, str | int | float], name: str, area: str) -> _Row:
    variable = name == "variable"
    if not variable and name not in _KINDS:
        raise _bad(_("“{name}” is no input of a test row").format(name=name))
    kind = Kind.VARIABLE if variable else _KINDS[name]
    number = row.get("value") if variable else row[name]
    status = _STATUS.get(str(number), Status.OK)
    try:
        value = math.nan if status else float(number or 0)
    except ValueError:
        raise _bad(_("“{value}” is no number").format(value=number)) from None
    labels: list[tuple[str, Any]] = [
        (dim, str(row[dim])) for dim in ("sex", "group", "partner") if dim in row
    ]
    if "age" in row:
        labels.append(("age", _age(str(row["age"]))))
    day = date(int(row.get("year", 2020)), 12, 31)
    key = str(row[name]) if variable else ""
    return _Row((kind, key), area, day, tuple(labels), value, status)


def _age(text: str) -> tuple[int, int | None]:
    match = _AGE.fullmatch(text.strip())
    if match is None:
        raise _bad(_("“{value}” is no age group").format(value=text))
    lo = int(match["lo"])
    return lo, None if match["open"] else int(match["last"] or lo) + 1


def _axis(groups: set[tuple[int, int | None]], whole: bool) -> AgeAxis:
    """The axis that has all the groups. ``whole``: from 0 to an open end, as a population has.

    Rows of single years make an axis of single years; other gaps become one group each.
    """
    closed = {hi for _lo, hi in groups if hi is not None}
    starts = {lo for lo, _hi in groups} | closed
    last = max(closed, default=0)
    is_open = whole or any(hi is None for _lo, hi in groups)
    if all(hi == lo + 1 for lo, hi in groups):
        starts = set(range(101 if whole else max(starts)))
    if whole:
        starts.add(0)
    lows = tuple(s for s in sorted(starts) if is_open or s != last)
    axis = AgeAxis.from_lows(lows, None if is_open else last)
    if not groups <= {(g.lo, g.hi) for g in axis.groups}:
        raise _bad(_("the age groups of the rows overlap"))
    return axis


def _cube(rows: list[_Row]) -> Cube:
    dims = [d for d, _label in rows[0].labels]
    if any([d for d, _label in r.labels] != dims for r in rows):
        raise _bad(_("rows of one count need the same entries (age, sex, group)"))
    names: dict[str, Sequence[Any]] = {
        "area": sorted({r.area for r in rows}),
        "date": sorted({r.day for r in rows}),
    }
    for dim in dims:
        if dim != "age":
            names[dim] = sorted({dict(r.labels)[dim] for r in rows})
    axis = None
    if "age" in dims:
        # Births go by the age of the mother: no need to begin at 0.
        axis = _axis({dict(r.labels)["age"] for r in rows}, rows[0].subject[0] is not Kind.BIRTHS)
    order = ["area", "date", *(d for d in dims if d != "age")]
    shape = [len(names[d]) for d in order] + ([len(axis)] if axis else [])
    values, status = np.zeros(shape), np.zeros(shape, dtype=np.uint8)
    listed = {(r.area, r.day) for r in rows}
    for i, area in enumerate(names["area"]):
        for j, day in enumerate(names["date"]):
            if (area, day) not in listed:
                values[i, j], status[i, j] = np.nan, Status.MISSING
    for row in rows:
        labels = {"area": row.area, "date": row.day, **dict(row.labels)}
        place = [names[d].index(labels[d]) for d in order]
        if axis is not None:
            lows = [g.lo for g in axis.groups]
            place.append(lows.index(labels["age"][0]))
        values[tuple(place)], status[tuple(place)] = row.value, row.status
    return Cube.of(names, values, ages=axis, status=status)


def _info(kind: Kind, name: str, cube: Cube) -> DatasetInfo:
    time = TimeReference.POINT if kind in _STOCKS else TimeReference.PERIOD
    key = f"{kind.value}{name}"
    unit = own_unit(name) if kind is Kind.VARIABLE else "persons"
    spec = DatasetSpec(key, kind, key, LEVEL, unit, time=time, variable=name or None)
    axis = cube.ages.encode() if cube.ages is not None else None
    return DatasetInfo(spec, cube.dims, cube.dates, {}, len(cube.areas), axis)
