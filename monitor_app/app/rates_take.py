"""Changed cells of a sheet as few changes as say the same."""

from __future__ import annotations

import math
from collections.abc import Mapping

from monitor_app.app.rates import RateTable
from monitor_app.app.rates_change import runs_of
from monitor_app.core.formats import parse_number
from monitor_app.forecast.rate_edits import RateEdit

Place = tuple[int, int, int]  # positions of sex, group and age group
#: Cells whose factors differ by less than this (relatively) were multiplied by one factor.
_SAME = 1e-6
#: What is one change apart from where it holds: sex, group, first and last age, factor, value.
_What = tuple[int, int, tuple[int, int], float | None, float | None]


def number_of(text: str, *, typed: bool) -> float | None:
    """A number of a cell. ``typed``: the file has it as a number, its mark is a point; else a
    comma marks decimals where there is one."""
    try:
        value = float(text) if typed else parse_number(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def column_edits(
    table: RateTable, changed: Mapping[int, Mapping[Place, float]], note: str
) -> list[RateEdit]:
    """Changes that lead to the given values (area -> place -> value in units of the engine).

    A run of ages that was multiplied by one factor becomes one change; so do cells of several
    areas, sexes or groups that changed alike.
    """
    if table.key == "girls":
        return [RateEdit(table="girls", value=v, note=note) for v in _all(changed)]
    if table.key == "destinations":
        return _destinations(table, changed, note)
    areas_of: dict[_What, list[int]] = {}
    for area, cells in changed.items():
        for what in _profile_changes(table, area, cells):
            areas_of.setdefault(_like(areas_of, what), []).append(area)
    alike: dict[tuple[_What, tuple[int, ...]], list[tuple[int, int]]] = {}
    for what, found_in in areas_of.items():
        key = (0, 0, *what[2:]), tuple(found_in)
        same = next((k for k in alike if k[1] == key[1] and _equal(k[0], key[0])), key)
        alike.setdefault(same, []).append(what[:2])
    found = []
    for (what, areas), people in alike.items():
        for sexes, groups in _products(people):
            found.append(_edit(table, what, areas, sexes, groups, note))
    return found


def _products(people: list[tuple[int, int]]) -> list[tuple[set[int], set[int]]]:
    """Pairs of sex and group as one product where they are one, else one by one."""
    sexes, groups = {s for s, _g in people}, {g for _s, g in people}
    if len(people) == len(sexes) * len(groups):
        return [(sexes, groups)]
    return [({s}, {g}) for s, g in people]


def _edit(
    table: RateTable, what: _What, areas: tuple[int, ...], sexes: set[int], groups: set[int],
    note: str,
) -> RateEdit:  # fmt: skip
    def keys(chosen: set[int] | tuple[int, ...], known: tuple[str, ...]) -> tuple[str, ...]:
        return () if len(chosen) == len(known) else tuple(known[n] for n in sorted(chosen))

    ages = what[2]
    return RateEdit(
        table=table.key, sex=keys(sexes, table.sexes), group=keys(groups, table.groups),
        ages=None if ages == (table.first_age, table.last_age) else table.span(*ages),
        areas=keys(areas, table.areas), factor=what[3], value=what[4], note=note,
    )  # fmt: skip


def _all(changed: Mapping[int, Mapping[Place, float]]) -> list[float]:
    return [v for cells in changed.values() for v in cells.values()]


def _like(known: Mapping[_What, list[int]], what: _What) -> _What:
    """The change among ``known`` that is the same up to rounding, else ``what`` itself."""
    return next((other for other in known if _equal(other, what)), what)


def _equal(one: _What, two: _What) -> bool:
    if one[:3] != two[:3] or one[4] != two[4] or (one[3] is None) != (two[3] is None):
        return False
    if one[3] is None or two[3] is None:
        return True
    return abs(one[3] - two[3]) <= _SAME * max(one[3], two[3])


def _profile_changes(table: RateTable, area: int, cells: Mapping[Place, float]) -> list[_What]:
    """Changes of one area: runs of ages with one factor, single values elsewhere."""
    found: list[_What] = []
    for sex, group in dict.fromkeys((s, g) for s, g, _a in cells):
        mine = {a: v for (s, g, a), v in cells.items() if (s, g) == (sex, group)}
        for first, last in runs_of(list(mine)):
            start = first
            while start <= last:
                end, factor = _same_factor(table, (sex, group), area, mine, start, last)
                if factor is not None and (end > start or factor <= 100.0):
                    found.append((sex, group, (start, end), factor, None))
                else:
                    found.append((sex, group, (start, start), None, mine[start]))
                    end = start
                start = end + 1
    return found


def _same_factor(
    table: RateTable, who: tuple[int, int], area: int, cells: Mapping[int, float], start: int,
    last: int,
) -> tuple[int, float | None]:  # fmt: skip
    """Last age of the run from ``start`` with one factor, and the factor (None: there is none).

    A single age has its own factor only in the sense that a value says the same more plainly.
    """

    def factor(age: int) -> float | None:
        now = float(table.values[(*who, age, area)])
        ratio = cells[age] / now if now != 0.0 else None
        return ratio if ratio is not None and 0.0 <= ratio <= 100.0 else None

    first = factor(start)
    end = start
    while first is not None and end < last:
        following = factor(end + 1)
        if following is None or abs(following - first) > _SAME * max(first, 1e-12):
            break
        end += 1
    return end, first if end > start else None


def _destinations(
    table: RateTable, changed: Mapping[int, Mapping[Place, float]], note: str
) -> list[RateEdit]:
    """Pulls that make new shares: those of areas that were not changed keep their proportions."""
    values = [float(v) for v in table.values[0, 0, 0]]
    wanted = {a: next(iter(c.values())) for a, c in changed.items()}
    rest = 1.0 - sum(wanted.values())
    before = 1.0 - sum(values[a] for a in wanted)
    if not wanted:
        return []
    scale = rest / before if before > 1e-12 and rest > 0 else 1.0
    return [
        RateEdit(table="destinations", areas=(table.areas[a],), note=note,
                 factor=min(v / max(values[a] * scale, 1e-12), 100.0))
        for a, v in wanted.items()
    ]  # fmt: skip
