"""A map in words, for readers who do not see it."""

from __future__ import annotations

import numpy as np

from monitor_app.cartography.looks import State, state_label
from monitor_app.cartography.mapspec import MapKind, MapSpec
from monitor_app.core.formats import THIN_SPACE, collation_key, format_number
from monitor_app.core.i18n import _, ngettext

#: How many areas are named at each end.
NAMED = 3


def alt_text(spec: MapSpec) -> str:
    """What, where, when, range, highest and lowest areas, gaps and source of a map."""
    parts = [_heading(spec)]
    good = [int(i) for i in np.flatnonzero(spec.valued)]
    if good:
        parts += _range(spec, good)
    else:
        parts.append(_("There is no value for any area."))
    if spec.kind is MapKind.CATEGORIES:
        found = spec.classification
        types = zip(found.names, found.counts, strict=True)
        parts.append(
            _("Types: {types}.").format(
                types=", ".join(f"{name} ({format_number(count)})" for name, count in types)
            )
        )
    if spec.city_value is not None:
        parts.append(_("Town as a whole: {value}.").format(value=_number(spec, spec.city_value)))
    for state in State:
        count = spec.state_count(state)
        if count:
            areas = ngettext("{count} area", "{count} areas", count).format(
                count=format_number(count)
            )
            parts.append(
                _("{areas} without value ({reason}).").format(
                    areas=areas, reason=state_label(state)
                )
            )
    if spec.is_forecast:
        parts.append(_("The values are a forecast."))
    if spec.source:
        parts.append(cited(spec.source).rstrip(".") + ".")
    return " ".join(parts)


def cited(source: str) -> str:
    """A citation with the word "source" before it, where it does not begin with it itself."""
    if source.lower().startswith(("quelle", "datenquelle", "source")):
        return source
    return _("Source: {source}").format(source=source)


def _heading(spec: MapSpec) -> str:
    what = _("Choropleth map: {title}").format(title=spec.title or spec.indicator)
    details = [
        _("unit: {unit}").format(unit=spec.unit) if spec.unit else "",
        _("by {level}").format(level=spec.level_name) if spec.level_name else "",
        spec.date_text,
    ]
    return ", ".join([what, *(d for d in details if d)]) + "."


def _range(spec: MapSpec, good: list[int]) -> list[str]:
    # Equal values are named in the order of the alphabet, so that the text does not depend on
    # the order of areas.
    ranked = sorted(good, key=lambda i: (spec.values[i], collation_key(spec.names[i])))
    low, high = ranked[0], ranked[-1]
    areas = ngettext("{count} area", "{count} areas", len(good)).format(
        count=format_number(len(good))
    )
    found = [
        _("{areas} with values from {low} to {high}.").format(
            areas=areas,
            low=_number(spec, spec.values[low]),
            high=_number(spec, spec.values[high]),
        )
    ]
    if len(good) > 2 * NAMED:
        falling = sorted(good, key=lambda i: (-spec.values[i], collation_key(spec.names[i])))
        found.append(_("Highest: {areas}.").format(areas=_named(spec, falling[:NAMED])))
        found.append(_("Lowest: {areas}.").format(areas=_named(spec, ranked[:NAMED])))
    return found


def _named(spec: MapSpec, positions: list[int]) -> str:
    return ", ".join(f"{spec.names[i]} ({_number(spec, spec.values[i])})" for i in positions)


def _number(spec: MapSpec, value: float) -> str:
    text = format_number(float(value), spec.precision, signed=spec.signed)
    return f"{text}{THIN_SPACE}%" if spec.unit == "%" else text
