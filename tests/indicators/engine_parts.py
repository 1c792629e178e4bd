"""What the tests of the engine share: a town of three quarters, and short ways to ask."""

from __future__ import annotations

from datetime import date

from towns import DAY, FakeSource, town

from monitor_app.core.areas import AreaSystem
from monitor_app.indicators.catalogue import Catalogue
from monitor_app.indicators.engine import Engine

OLD_AGE = "100 * pop(age >= 65) / pop(age 20..64)"
VIERTEL: dict[str, str | None] = {"11": "1", "12": "1", "21": "2"}
#: Viertel 11: 300/500/200, 12: 0/20/60, 21: 100/100/10
COUNTS = [[300, 500, 200], [0, 20, 60], [100, 100, 10]]


def engine_of(source: FakeSource, known: Catalogue, areas: AreaSystem | None = None) -> Engine:
    return Engine(areas or town(VIERTEL), source, known)


def value(engine: Engine, indicator: str, level: str, area: str, day: date = DAY) -> float:
    table = engine.compute(indicator, level)
    return float(table.values[table.areas.index(area), table.dates.index(day)])
