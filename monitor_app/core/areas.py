"""Areas, levels and how they nest. Keys are text; links go by key or id, never by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from monitor_app.core.bridges import Bridge

#: Key of the level that every project has: the whole town, the sum of everything,
#: including areas that cannot be located. It needs no boundary of its own.
CITY = "city"


@dataclass(frozen=True, slots=True)
class Level:
    """A set of areas that tile the town (at each date), e.g. Stadtviertel.

    ``rank`` orders levels from coarse (0 = city) to fine. ``parents`` are the keys of the levels
    that areas of this level have a parent in (parallel hierarchies are allowed).
    """

    key: str
    name: str
    rank: int
    key_width: int | None = None
    parents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Area:
    """One area of one level. ``geometry`` is a shapely (multi)polygon in the project CRS, or None
    for an area that cannot be located ("räumlich nicht zuordenbar"): it counts in totals only.

    Valid on a day d if ``valid_from <= d <= valid_to`` (both inclusive, None = unbounded).
    """

    id: int
    level: str
    key: str
    name: str
    parents: Mapping[str, str] = field(default_factory=dict)  # level key -> area key
    valid_from: date | None = None
    valid_to: date | None = None
    geometry: Any = None  # shapely.Geometry; untyped so that core needs no shapely import
    surface_m2: float | None = None  # from the geometry in an equal-area or metric CRS

    def valid_on(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day <= self.valid_to
        )

    @property
    def located(self) -> bool:
        return self.geometry is not None


@dataclass(frozen=True)
class AreaSystem:
    """All levels and areas of a project, in project order (level rank, then key), and how areas
    before territorial reforms lie in those after (``bridges``, oldest first)."""

    levels: tuple[Level, ...]
    areas: tuple[Area, ...]
    crs: str | None = None  # authority code such as "EPSG:25832"
    bridges: tuple[Bridge, ...] = ()

    @cached_property
    def _by_level(self) -> dict[str, tuple[Area, ...]]:
        found: dict[str, list[Area]] = {level.key: [] for level in self.levels}
        for area in self.areas:
            found[area.level].append(area)
        return {key: tuple(areas) for key, areas in found.items()}

    def level(self, key: str) -> Level:
        for level in self.levels:
            if level.key == key:
                return level
        raise KeyError(key)

    def at(self, level: str, day: date | None = None) -> tuple[Area, ...]:
        """Areas of a level, those valid on ``day`` where a day is given."""
        areas = self._by_level.get(level, ())
        return areas if day is None else tuple(a for a in areas if a.valid_on(day))

    def keys(self, level: str) -> tuple[str, ...]:
        """Distinct keys of a level, in order (two versions of an area share their key)."""
        return tuple(dict.fromkeys(a.key for a in self._by_level.get(level, ())))

    def breaks(self, level: str) -> tuple[date, ...]:
        """Days on which areas of a level began other than with the first of all: values before
        and after stand on different areas."""
        starts = {a.valid_from for a in self.at(level) if a.valid_from is not None}
        open_ended = any(a.valid_from is None for a in self.at(level))
        first = min(starts, default=None) if not open_ended else None
        days = {day for day in starts if day != first}
        return tuple(sorted(days | {b.day for b in self.bridges if b.level == level}))

    def ancestor(self, level: str, target: str) -> dict[str, str]:
        """For each key of ``level`` the key of the area of ``target`` it lies in, following
        parent links upwards; keys without a link are left out. Every area lies in the city."""
        if target == level:
            return {key: key for key in self.keys(level)}
        if target == CITY:
            return dict.fromkeys(self.keys(level), CITY)
        found: dict[str, str] = {}
        upper = {p: self.ancestor(p, target) for p in self.level(level).parents if p != target}
        for area in self._by_level.get(level, ()):
            if target in area.parents:
                found[area.key] = area.parents[target]
                continue
            for parent_level, parent_key in area.parents.items():
                hit = upper.get(parent_level, {}).get(parent_key)
                if hit is not None:
                    found[area.key] = hit
                    break
        return found

    def finer(self, level: str, other: str) -> bool:
        """Whether areas of ``level`` can be summed to areas of ``other``."""
        return level == other or other == CITY or bool(self.ancestor(level, other))


EMPTY_AREAS = AreaSystem(levels=(Level(CITY, "Stadt", 0),), areas=())


def rank_levels(levels: Iterable[Level]) -> tuple[Level, ...]:
    return tuple(sorted(levels, key=lambda level: (level.rank, level.key)))
