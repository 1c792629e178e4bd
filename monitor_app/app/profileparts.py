"""Parts of a profile that are no indicators: the population pyramid and the neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import shapely
from numpy.typing import NDArray

from monitor_app.app.agetables import age_table
from monitor_app.app.session import Session
from monitor_app.cartography.chartspec import PyramidSide, PyramidSpec
from monitor_app.core.ages import AgeAxis
from monitor_app.core.areas import CITY, Area
from monitor_app.core.datasets import DatasetInfo, Kind, Origin
from monitor_app.core.formats import format_date
from monitor_app.core.i18n import _

#: Years that an open age group is drawn with.
OPEN_YEARS = 5
#: Areas whose borders lie this close together (in units of the map, metres) touch.
REACH = 1.0
#: Borders shorter than this are a corner.
SHORTEST = 10.0


@dataclass(frozen=True, eq=False)
class Ages:
    """Persons by sex and age of every area of a level on a day. ``men``/``women``: shape (areas,
    groups), NaN where a part is missing or secret; ``city_…``: of the whole town with everybody
    who cannot be located, shape (groups,)."""

    day: date
    areas: tuple[str, ...]
    axis: AgeAxis
    men: NDArray[np.float64]
    women: NDArray[np.float64]
    city_men: NDArray[np.float64]
    city_women: NDArray[np.float64]

    def pyramid(self, key: str, name: str, city_name: str) -> PyramidSpec | None:
        """The area as bars, the town as a line, both in per cent; None where the area has no
        persons or some of its numbers are missing."""
        if key not in self.areas:
            return None
        row = self.areas.index(key)
        men, women = self.men[row], self.women[row]
        if not np.isfinite(men).all() or not np.isfinite(women).all():
            return None
        if men.sum() + women.sum() <= 0:
            return None
        town = None
        if np.isfinite(self.city_men).all() and np.isfinite(self.city_women).all():
            town = PyramidSide(city_name, self.city_men, self.city_women)
        lows = self.axis.lows
        last = self.axis.groups[-1]
        end = last.lo + OPEN_YEARS if last.hi is None else last.hi
        highs = np.append(lows[1:], end).astype(np.int64)
        title = _("Age and sex, {date}").format(date=format_date(self.day))
        return PyramidSpec(lows, highs, PyramidSide(name, men, women), town, True, title)


def ages_of(
    session: Session, level: str, day: date | None, *, carried: bool = False
) -> Ages | None:
    """*Slow.* Persons by sex and age on the newest date up to ``day`` (None: the newest), from the
    data set with the finest ages that reaches the level; None where there is none. ``carried``:
    numbers from before reforms on the present areas."""
    best: tuple[tuple[date, int], DatasetInfo] | None = None
    for info in session.project.datasets():
        spec = info.spec
        if spec.kind is not Kind.POPULATION or spec.origin is not Origin.OBSERVED:
            continue
        if not {"sex", "age"} <= set(info.dims) or info.age_axis is None:
            continue
        if spec.level != level and not session.areas.finer(spec.level, level):
            continue
        days = [d for d in info.dates if day is None or d <= day]
        if not days:
            continue
        rank = (max(days), len(AgeAxis.decode(info.age_axis)))
        if best is None or rank > best[0]:
            best = (rank, info)
    if best is None:
        return None
    (shown, _groups), info = best
    of_areas = age_table(session, info, level, shown, carried=carried)
    of_town = age_table(session, info, CITY, shown)
    return Ages(
        shown, of_areas.areas, of_areas.axis, of_areas.men, of_areas.women,
        of_town.men[0], of_town.women[0],
    )  # fmt: skip


class Borders:
    """Who borders on whom. Nothing is computed but what is asked for: a town may have 100,000
    areas, and a profile is of one."""

    def __init__(self, areas: Sequence[Area]) -> None:
        located = [a for a in areas if a.located and not a.geometry.is_empty]
        self._keys = tuple(a.key for a in located)
        self._place = {key: i for i, key in enumerate(self._keys)}
        self._shapes = np.array([a.geometry for a in located], dtype=object)
        self._tree = shapely.STRtree(self._shapes)

    def of(self, key: str) -> dict[str, float]:
        """The neighbours of an area and the length of the border they share, in units of the map;
        a corner is no border. Small gaps and overlaps of borders drawn twice are bridged."""
        place = self._place.get(key)
        if place is None:
            return {}
        shape = self._shapes[place]
        near = self._tree.query(shape, predicate="dwithin", distance=REACH)
        near = np.sort(near[near != place])
        if not len(near):
            return {}
        grown = shapely.buffer(shapely.boundary(shape), REACH, quad_segs=2, cap_style="flat")
        edges = shapely.boundary(self._shapes[near])
        shared = shapely.length(shapely.intersection(grown, edges))
        return {
            self._keys[i]: length
            for i, length in zip(near.tolist(), shared.tolist(), strict=True)
            if length >= SHORTEST
        }


def parents_of(session: Session, level: str, key: str) -> tuple[tuple[str, str], ...]:
    """Name of each coarser level and of the area of it that an area lies in, coarse to fine."""
    found = []
    for other in session.areas.levels:
        if other.key in (CITY, level):
            continue
        upper = session.areas.ancestor(level, other.key).get(key)
        if upper is not None:
            found.append((other.name, session.names(other.key).get(upper, upper)))
    return tuple(found)
