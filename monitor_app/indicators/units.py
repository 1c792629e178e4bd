"""Units of indicators: symbols, and what a formula must yield to fit."""

from __future__ import annotations

from functools import lru_cache

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter

from monitor_app.core.resources import resource_path
from monitor_app.indicators.definitions import Text


class Unit(BaseModel):
    """A unit of the catalogue.

    ``dimension``: exponents of the base quantities (``{persons: 1, m2: -1}``; empty for ratios);
    ``factor``: what a pure ratio is multiplied with (100 for per cent).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    name: Text
    symbol: Text
    dimension: dict[str, int] = {}
    factor: float = 1.0


@lru_cache(maxsize=1)
def shipped_units() -> dict[str, Unit]:
    """All units that come with the application, by id."""
    adapter = TypeAdapter(list[Unit])
    found: dict[str, Unit] = {}
    for path in sorted(resource_path("catalogue", "units").glob("*.yaml")):
        for unit in adapter.validate_python(yaml.safe_load(path.read_text(encoding="utf-8"))):
            found[unit.id] = unit
    return found


def unit_symbol(unit_id: str) -> str:
    """The symbol to print behind a number; an unknown unit is printed as it is."""
    unit = shipped_units().get(unit_id)
    return unit_id if unit is None else unit.symbol.shown
