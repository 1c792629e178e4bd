"""What a project holds, as plain data for people and machines."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np

from monitor_app.app.session import Session
from monitor_app.core.areas import CITY
from monitor_app.core.datasets import DatasetInfo
from monitor_app.core.formats import format_date, format_number
from monitor_app.core.i18n import _
from monitor_app.core.status import Status, has_value
from monitor_app.core.values import IndicatorTable


def overview(session: Session) -> dict[str, Any]:
    """Levels with number of areas (``areas``: in force today, ``former``: given up by a reform,
    ``unlocated``: without boundary, in totals only); data sets with kind, level, dates and total
    per date (None where areas cannot be added up, as with mean incomes)."""
    project, system = session.project, session.areas
    levels = []
    for level in system.levels:
        areas = system.at(level.key)
        ever = {a.key for a in areas if a.located}
        unlocated = {a.key for a in areas} - ever
        if level.key == CITY and not ever:
            continue
        present = {a.key for a in areas if a.located and a.valid_on(date.today())}
        levels.append(
            {
                "key": level.key,
                "name": level.name,
                "areas": len(present),
                "former": len(ever - present),
                "unlocated": len(unlocated),
            }
        )
    datasets = [
        {
            "key": info.spec.key,
            "name": info.spec.name,
            "kind": info.spec.kind.value,
            "level": info.spec.level,
            "origin": info.spec.origin.value,
            "unit": info.spec.unit,
            "dimensions": list(info.dims),
            "ages": info.age_axis,
            "areas": info.areas,
            "dates": [d.isoformat() for d in info.dates],
            "aggregation": info.spec.aggregation,
            "totals": {d.isoformat(): _total(info, t) for d, t in info.totals.items()},
            "sources": [{"name": s.name, "sha256": s.sha256} for s in info.sources],
            "citation": info.spec.source,
        }
        for info in project.datasets()
    ]
    return {
        "project": project.name,
        "path": str(project.path),
        "crs": system.crs,
        "levels": levels,
        "datasets": datasets,
        "reforms": [
            {"level": b.level, "day": b.day.isoformat(), "pairs": len(b.rows), "citation": b.source}
            for b in system.bridges
        ],
        "revisions": len(project.revisions()),
    }


def overview_text(found: dict[str, Any]) -> str:
    """The overview for reading."""
    lines = [f"{found['project']}  ({found['crs'] or '–'})", ""]
    for level in found["levels"]:
        parts = (
            (level["former"], _("{count} former")),
            (level["unlocated"], _("{count} without boundary")),
        )
        notes = ", ".join(text.format(count=n) for n, text in parts if n)
        extra = f"  ({notes})" if notes else ""
        lines.append(f"  {level['name']:<24} {level['areas']:>6}{extra}")
    for reform in found["reforms"]:
        day = format_date(date.fromisoformat(reform["day"]))
        lines.append("  " + _("Reform of {day} ({level}): bridge table with {count} pairs").format(
            day=day, level=reform["level"], count=reform["pairs"]))  # fmt: skip
    for data in found["datasets"]:
        lines += ["", f"  {data['name']}  [{data['key']}, {data['kind']}, {data['level']}]"]
        lines += [
            f"    {format_date(date.fromisoformat(day)):<10}  {_total_text(total):>14}"
            for day, total in data["totals"].items()
        ]
    return "\n".join(lines)


def _total(info: DatasetInfo, total: float) -> float | int | None:
    """The sum over all areas, where such a sum means something."""
    if info.spec.aggregation != "sum" and info.areas > 1:
        return None
    return _plain(total)


def _total_text(total: float | int | None) -> str:
    if total is None:
        return "–"
    return format_number(total, 0 if float(total).is_integer() else 1)


def values_rows(session: Session, table: IndicatorTable) -> list[dict[str, Any]]:
    """One entry per area and date, the city included (area "city")."""
    names = session.names(table.level)
    rows = []
    for j, day in enumerate(table.dates):
        rows += [
            _row(key, names.get(key, key), day.isoformat(), table.values[i, j], table.status[i, j])
            for i, key in enumerate(table.areas)
        ]
        if table.level != CITY:
            rows.append(
                _row(
                    CITY, session.areas.level(CITY).name, day.isoformat(),
                    table.city_values[j], table.city_status[j],
                )
            )  # fmt: skip
    return rows


def table_text(session: Session, table: IndicatorTable) -> str:
    """Areas by newest dates, for reading in a terminal."""
    names = session.names(table.level)
    shown = range(max(0, len(table.dates) - 6), len(table.dates))
    head = " " * 34 + "".join(f"{format_date(table.dates[j]):>14}" for j in shown)
    rows = [(key, names.get(key, key), i) for i, key in enumerate(table.areas)]
    lines = [head]
    for key, name, i in rows:
        lines.append(f"{key:<8} {name[:24]:<25}" + _cells(table.values[i], table, i, shown))
    if table.level != CITY:
        lines.append(f"{'':<8} {CITY:<25}" + _cells(table.city_values, table, None, shown))
    return "\n".join(lines)


def _cells(values: np.ndarray[Any, Any], table: IndicatorTable, i: int | None, shown: range) -> str:
    status = table.city_status if i is None else table.status[i]
    return "".join(
        f"{format_number(float(values[j]), table.precision) if has_value(status)[j] else '–':>14}"
        for j in shown
    )


def _row(key: str, name: str, day: str, value: float, status: int) -> dict[str, Any]:
    known = status < Status.MISSING
    return {
        "area": key,
        "name": name,
        "date": day,
        "value": _plain(value) if known else None,
        "status": Status(int(status)).name.lower(),
    }


def _plain(value: float) -> float | int:
    """Whole numbers without ".0"; everything else as it is."""
    number = float(value)
    return int(number) if number.is_integer() and abs(number) < 2**53 else number
