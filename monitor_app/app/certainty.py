"""Values with what belongs beside them: intervals, tested changes, cases without a place,
reference values. For people and machines."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import numpy as np

from monitor_app.app.overview import values_rows
from monitor_app.app.references import reference_data, references
from monitor_app.app.session import Session
from monitor_app.core.areas import CITY
from monitor_app.core.formats import format_date, format_number
from monitor_app.core.i18n import _
from monitor_app.core.status import Status, has_value
from monitor_app.core.values import IndicatorTable
from monitor_app.indicators.evidence import Compared, Evidence
from monitor_app.indicators.unlocated import unlocated


def values_data(
    session: Session, table: IndicatorTable, days: Iterable[date], found: Evidence | None = None
) -> dict[str, Any]:
    """A result for machines: one row per area and date; beside it the cases that no area shows
    (``unlocated``) and reference values, neither of them mixed into the rows."""
    wanted = {d.isoformat() for d in days}
    rows = [r for r in values_rows(session, table) if r["date"] in wanted]
    data: dict[str, Any] = {
        "indicator": table.indicator, "level": table.level, "unit": table.unit,
        "precision": table.precision, "values": rows,
        "breaks": [d.isoformat() for d in table.breaks], "carried": table.carried,
        "unlocated": [
            {"date": d.isoformat(), "value": value, "status": status}
            for d, value, status in unlocated_values(session, table) if d.isoformat() in wanted
        ],
        "references": [reference_data(r) for r in references(session, table.indicator)],
    }  # fmt: skip
    if found is not None:
        data["interval"] = {"method": found.method, "level": found.level}
        for row in rows:
            row |= _bounds(found, row["area"], date.fromisoformat(row["date"]))
    return data


def _bounds(found: Evidence, area: str, day: date) -> dict[str, float | None]:
    table, j = found.table, found.table.dates.index(day)
    if area == CITY and table.level != CITY:
        return {"low": _plain(found.city_low[j]), "high": _plain(found.city_high[j])}
    i = table.areas.index(area)
    return {
        "low": _plain(found.low[i, j]),
        "high": _plain(found.high[i, j]),
        "cases": _plain(found.cases[i, j]),
        "people": _plain(found.people[i, j]),
    }


def _plain(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def unlocated_values(
    session: Session, table: IndicatorTable
) -> list[tuple[date, float | None, str]]:
    """Per date of the table the value of all cases that lie in no shown area; empty where there
    are none."""
    rest = unlocated(session.engine, table.indicator, table.level, carried=table.carried)
    if rest is None:
        return []
    found = []
    for day in table.dates:
        if day in rest.dates:
            j = rest.dates.index(day)
            value, status = float(rest.values[0, j]), int(rest.status[0, j])
            if status == Status.MISSING or value == 0:
                continue  # nobody is without a place on this date
            known = value if np.isfinite(value) else None
            found.append((day, known, Status(status).name.lower()))
    return found


def intervals_text(session: Session, found: Evidence, day: date) -> str:
    """Values of a date with their bounds, for reading."""
    table, j = found.table, found.table.dates.index(day)
    head = f"{'':34}{format_date(day):>14}{_('from'):>12}{_('to'):>12}"
    names = session.names(table.level)
    rows = [
        (key, names.get(key, key), table.values[i, j], table.status[i, j], found.low[i, j],
         found.high[i, j])
        for i, key in enumerate(table.areas)
    ]  # fmt: skip
    if table.level != CITY:
        rows.append(("", _("City"), table.city_values[j], table.city_status[j], found.city_low[j],
                     found.city_high[j]))  # fmt: skip
    lines = [head]
    for key, name, value, status, low, high in rows:
        shown = value if has_value(np.array(status)) else np.nan
        cells = _cell(shown, table.precision, 14) + _cell(low, table.precision, 12)
        lines.append(f"{key:<8} {name[:24]:<25}{cells}{_cell(high, table.precision, 12)}")
    share = format_number(100 * found.level, 0)
    lines += ["", _("{method}, {level} per cent").format(method=found.method, level=share)]
    return "\n".join(lines)


def _cell(value: float, precision: int, width: int) -> str:
    text = format_number(float(value), precision) if np.isfinite(value) else "–"
    return f"{text:>{width}}"


def change_rows(session: Session, found: Compared) -> list[dict[str, Any]]:
    """The tested change of each area, the town last."""
    names = session.names(found.table.level)
    keys = list(dict.fromkeys([*found.table.areas, CITY]))
    labels = [*(names.get(k, k) for k in found.table.areas), session.areas.level(CITY).name]
    return [
        {
            "area": key,
            "name": labels[i],
            "before": _plain(found.before[i]),
            "after": _plain(found.after[i]),
            "change": _plain(found.change.difference[i]),
            "z": _plain(found.change.z[i]),
            "p": _plain(found.change.p[i]),
            "significant": bool(found.change.significant[i]) if found.known[i] else None,
        }
        for i, key in enumerate(keys)
    ]


def changes_text(session: Session, found: Compared) -> str:
    """The tested change of each area, for reading; a star marks what is not chance."""
    precision = found.table.precision
    before, after = (format_date(d) for d in found.dates)
    lines = [f"{'':34}{before:>14}{after:>14}{_('Change'):>14}"]
    for row in change_rows(session, found):
        key = "" if row["area"] == CITY else row["area"]
        cells = "".join(
            _cell(np.nan if row[name] is None else row[name], precision, 14)
            for name in ("before", "after", "change")
        )
        star = " *" if row["significant"] else ""
        lines.append(f"{key:<8} {row['name'][:24]:<25}{cells}{star}")
    lines += ["", _("* significant at 5 per cent; the others may be chance.")]
    return "\n".join(lines)
