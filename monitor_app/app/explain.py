"""How a value came about, in words ("Wie wurde das berechnet?") and as plain data."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

from monitor_app.app.areanames import some_areas
from monitor_app.app.scenarios import scenario_of
from monitor_app.app.session import Session
from monitor_app.core.areas import CITY
from monitor_app.core.datasets import Origin
from monitor_app.core.formats import format_date, format_number
from monitor_app.core.i18n import _
from monitor_app.core.issues import fail
from monitor_app.core.status import Status
from monitor_app.exchange.export_table import meaning
from monitor_app.indicators.trace import Trace, TraceInput


def explain(
    session: Session,
    indicator: str,
    level: str,
    area: str,
    day: date,
    *,
    carried: bool = False,
    scenario: str = "",
) -> Trace:
    """The trace of one value; a day after the observed ones is looked for in the forecast
    ``scenario``. Errors: ``UserError`` for an unknown indicator, level, area or date."""
    names = session.names(level)
    if area not in (*names, CITY):
        raise fail(
            "unknown-area",
            _("There is no area “{key}” on this level.").format(key=area),
            value=area,
            repair=_("Known are: {names}.").format(names=some_areas(area, tuple(names), names)),
        )
    if scenario:
        table = session.series(indicator, level, carried=carried, scenario=scenario)
        if table.forecast_from is not None and day >= table.forecast_from:
            keys = scenario_of(session.project, scenario).datasets
            return session.engine.trace(
                indicator, level, area, day, origin=Origin.FORECAST, datasets=keys
            )
    return session.engine.trace(indicator, level, area, day, carried=carried)


def explanation(session: Session, trace: Trace, *, carried: bool = False) -> str:
    """The trace for reading, with the indicators that it rests on below it."""
    lines = [_("How was this computed?"), ""]
    lines += _one(session, trace, "")
    breaks = [d for d in session.areas.breaks(trace.level) if trace.day < d]
    if carried and breaks:
        days = ", ".join(format_date(d) for d in breaks)
        lines += ["", _("Numbers from before {days} were carried to the present areas by a bridge "
                        "table.").format(days=days)]  # fmt: skip
    return "\n".join(lines)


def _one(session: Session, trace: Trace, indent: str) -> list[str]:
    precision = session.catalogue.get(trace.indicator).precision
    place = _place(session, trace.level, trace.area)
    value = _value(trace.value, trace.status, precision, trace.unit)
    lines = [f"{trace.name} – {place}, {format_date(trace.day)}"]
    lines.append(_("Result: {value}").format(value=value))
    if trace.formula:
        lines.append(_("Formula: {formula}").format(formula=trace.formula))
    if not math.isnan(trace.base):
        base = _("Cases behind it: {count}").format(count=_number(trace.base))
        if trace.minimum_base:
            least = _number(trace.minimum_base)
            base += " " + _("(at least {count} are needed)").format(count=least)
        lines.append(base)
    if trace.inputs:
        lines.append(_("What went in:"))
    for item in trace.inputs:
        lines += _input(session, trace, item)
    lines = [indent + line for line in lines]
    for other in trace.indicators:
        lines += ["", indent + _("It rests on another indicator:")]
        lines += _one(session, other, indent + "  ")
    return lines


def _input(session: Session, trace: Trace, item: TraceInput) -> list[str]:
    value = _value(item.value, item.status, None)
    head = f"  {item.text} = {value}"
    if item.meaning != item.text:
        head = f"  {item.meaning}: {item.text} = {value}"
    if (item.area, item.day) != (trace.area, trace.day):
        level = CITY if item.area == CITY else trace.level
        head += f"  ({_place(session, level, item.area)}, {format_date(item.day)})"
    lines = [head]
    if item.dataset:
        text = _("data set “{name}” on {day}").format(
            name=item.dataset_name, day=format_date(item.day)
        )
        if item.dataset_level != trace.level:
            text += ", " + _("added up from “{level}”").format(
                level=_level(session, item.dataset_level)
            )
        lines.append(f"    {text}")
    if item.source:
        lines.append("    " + _("Source: {source}").format(source=item.source))
    if item.files:
        lines.append("    " + _("Files: {files}").format(files=", ".join(item.files)))
    return lines


def _place(session: Session, level: str, area: str) -> str:
    if area == CITY:
        return session.areas.level(CITY).name
    name = session.names(level).get(area, "")
    return f"{name} ({area})" if name and name != area else area


def _level(session: Session, key: str) -> str:
    found = [level.name for level in session.areas.levels if level.key == key]
    return found[0] if found else key


def _value(value: float, status: Status, precision: int | None, unit: str = "") -> str:
    note = meaning(status)
    if math.isnan(value):
        return f"– ({note})" if note else "–"
    text = _number(value) if precision is None else format_number(value, precision)
    text = f"{text} {unit}".rstrip()
    return f"{text} ({note})" if note else text


def _number(value: float) -> str:
    """Counts as counts; carried and interpolated numbers with two decimals."""
    return format_number(value, 0 if float(value).is_integer() else 2)


def explanation_data(trace: Trace) -> dict[str, Any]:
    """The trace as plain data; what has no value is None."""
    return {
        "indicator": trace.indicator,
        "name": trace.name,
        "formula": trace.formula,
        "level": trace.level,
        "area": trace.area,
        "date": trace.day.isoformat(),
        "value": _plain(trace.value),
        "status": trace.status.name.lower(),
        "unit": trace.unit,
        "base": _plain(trace.base),
        "minimum_base": trace.minimum_base,
        "inputs": [
            {
                "text": i.text,
                "meaning": i.meaning,
                "area": i.area,
                "date": i.day.isoformat(),
                "value": _plain(i.value),
                "status": i.status.name.lower(),
                "dataset": i.dataset,
                "dataset_name": i.dataset_name,
                "dataset_level": i.dataset_level,
                "source": i.source,
                "files": list(i.files),
            }
            for i in trace.inputs
        ],
        "indicators": [explanation_data(other) for other in trace.indicators],
    }


def _plain(value: float) -> float | None:
    return None if math.isnan(value) else value
