"""The variables that shipped formulas read: key, name, quantity, and the units they may come in."""

from __future__ import annotations

from functools import lru_cache

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter

from monitor_app.core.resources import resource_path
from monitor_app.indicators.definitions import Text


class Variable(BaseModel):
    """``dimension``: exponents of base quantities, as in units. ``units``: the units of a data set
    (as text) and what one of them is in the unit that formulas count in; empty: any unit, taken
    as it is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    name: Text
    dimension: dict[str, int] = {}
    units: dict[str, float] = {}


@lru_cache(maxsize=1)
def shipped_variables() -> dict[str, Variable]:
    """All variables that come with the application, by key."""
    adapter = TypeAdapter(list[Variable])
    found: dict[str, Variable] = {}
    for path in sorted(resource_path("catalogue", "variables").glob("*.yaml")):
        for item in adapter.validate_python(yaml.safe_load(path.read_text(encoding="utf-8"))):
            found[item.key] = item
    return found


def variable_name(key: str) -> str:
    """The name for readers; an unknown key is its own name."""
    found = shipped_variables().get(key)
    return key if found is None else found.name.shown


def unit_factor(key: str, unit: str) -> float | None:
    """What a value of a data set is multiplied with; None where the unit does not fit."""
    found = shipped_variables().get(key)
    if found is None or not found.units:
        return 1.0
    return found.units.get(unit)


def own_unit(key: str) -> str:
    """The unit that formulas count a variable in, as data sets write it."""
    found = shipped_variables().get(key)
    units = {} if found is None else found.units
    return next((unit for unit, factor in units.items() if factor == 1), "persons")
