"""Words for what recipes and cells call by keys: kinds of content, sexes, positions, levels."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from monitor_app.core.ages import AgeGroup
from monitor_app.core.areas import CITY, Level
from monitor_app.core.datasets import Kind
from monitor_app.core.formats import format_date
from monitor_app.core.i18n import _


def kind_name(kind: str) -> str:
    """What a table holds, in the words of the office."""
    return {
        "areas": _("Areas"),
        "facilities": _("Facilities (points)"),
        "backdrop": _("Layer that is only drawn"),
        "bridge": _("Reform: shares of old areas in new ones"),
        "projects": _("Planned housing projects"),
        Kind.POPULATION: _("Population (stock)"),
        Kind.BIRTHS: _("Births"),
        Kind.DEATHS: _("Deaths"),
        Kind.MOVES_IN: _("Arrivals from outside"),
        Kind.MOVES_OUT: _("Departures to outside"),
        Kind.MOVES_WITHIN: _("Moves within the town"),
        Kind.ARRIVALS_WITHIN: _("Arrivals from other areas of the town"),
        Kind.DEPARTURES_WITHIN: _("Departures to other areas of the town"),
        Kind.MOVES_SAME_AREA: _("Moves within the same area"),
        Kind.COMPLETIONS: _("Completed dwellings"),
        Kind.VARIABLE: _("Other figure"),
    }.get(kind, kind)


def position_name(dim: str, label: Any) -> str:
    """A position of a dimension: a date, an age group, a sex in words, else as it is."""
    if isinstance(label, AgeGroup):
        return label.label
    if isinstance(label, date):
        return format_date(label)
    if dim == "sex":
        sexes = {"m": _("male"), "f": _("female"), "x": _("other or not stated")}
        return sexes.get(label, str(label))
    return str(label)


def level_name(key: str, *known: Iterable[Level]) -> str:
    """The name of a level, taken from the first collection that has it."""
    if key == CITY:
        return _("City")
    return next((level.name for levels in known for level in levels if level.key == key), key)
