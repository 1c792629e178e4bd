"""Cases that lie in no area of a level ("räumlich nicht zuordenbar"): in the totals, on no map."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from monitor_app.core.areas import CITY, Area, AreaSystem, Level
from monitor_app.core.values import IndicatorTable
from monitor_app.indicators.aggregate import shown_keys
from monitor_app.indicators.engine import Engine

UNLOCATED = "unlocated"


def unlocated(engine: Engine, indicator_id: str, level: str, **view: Any) -> IndicatorTable | None:
    """Values of all cases together that no area of ``level`` shows, as a table with one area;
    None where every area is shown. ``view``: as for ``Engine.compute``.

    Computed like any area, from their own numerator and denominator.
    """
    system = with_unlocated(engine.areas, level)
    if system is None or engine.catalogue.get(indicator_id).aggregation in ("weighted", "none"):
        return None
    return Engine(system, engine.source, engine.catalogue).compute(indicator_id, UNLOCATED, **view)


def with_unlocated(system: AreaSystem, level: str) -> AreaSystem | None:
    """The system with one more level: a single area that holds whatever ``level`` does not show.
    None where there is no such area."""
    if level == CITY:
        return None
    lost: set[tuple[str, str]] = set()
    for fine in system.levels:
        if fine.key == CITY:
            continue
        above = system.ancestor(fine.key, level)
        if not above:
            continue  # a level that does not nest in this one
        shown = set(shown_keys(system, level))
        lost |= {(fine.key, key) for key in system.keys(fine.key) if above.get(key) not in shown}
    if not lost:
        return None
    areas = tuple(
        replace(a, parents={**a.parents, UNLOCATED: UNLOCATED}) if (a.level, a.key) in lost else a
        for a in system.areas
    )
    levels = tuple(
        replace(lv, parents=(*lv.parents, UNLOCATED)) if any(k == lv.key for k, _x in lost) else lv
        for lv in system.levels
    )
    number = max((a.id for a in areas), default=0) + 1
    extra = Area(number, UNLOCATED, UNLOCATED, UNLOCATED)
    return replace(system, levels=(*levels, Level(UNLOCATED, UNLOCATED, 98)), areas=(*areas, extra))
