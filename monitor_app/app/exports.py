"""What is handed on: tables and pages of a session."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import numpy as np

from monitor_app.app.maps import map_spec, shapes_of, sources_of
from monitor_app.app.session import Session
from monitor_app.app.view import ViewState
from monitor_app.core.areas import CITY
from monitor_app.core.formats import format_date
from monitor_app.core.i18n import _
from monitor_app.core.issues import fail
from monitor_app.core.progress import Progress
from monitor_app.core.values import IndicatorTable
from monitor_app.exchange.export_table import ExportTable, TextColumn, ValueColumn
from monitor_app.exchange.writers import ENGLISH, GERMAN, write_csv, write_xlsx
from monitor_app.reports.page import SheetLayout, write_page

TABLE_ENDINGS = (".xlsx", ".csv")
PAGE_ENDINGS = (".pdf", ".svg", ".png")


def value_table(
    session: Session, table: IndicatorTable, days: Iterable[date] | None = None
) -> ExportTable:
    """One row per area (the city last), one column per date; names and sources in German or
    English as the interface."""
    definition = session.catalogue.get(table.indicator)
    names = session.names(table.level)
    shown = [table.dates.index(d) for d in (days if days is not None else table.dates)]
    city = table.level != CITY
    keys = (*table.areas, "") if city else table.areas
    labels = tuple(names.get(key, key) for key in table.areas)
    columns: list[TextColumn | ValueColumn] = [
        TextColumn(_("Key"), keys),
        TextColumn(session.areas.level(table.level).name, (*labels, _("City")) if city else labels),
    ]
    for j in shown:
        values, status = table.values[:, j], table.status[:, j]
        if city:
            values = np.append(values, table.city_values[j])
            status = np.append(status, table.city_status[j])
        columns.append(ValueColumn(format_date(table.dates[j]), values, status, table.precision))
    notes = [
        _("Unit: {unit}").format(unit=table.unit),
        definition.description.shown,
        *(_("Source: {source}").format(source=s) for s in sources_of(session, table)),
        _("Printed on {day}").format(day=format_date(date.today())),
    ]
    return ExportTable(
        name=definition.name.shown[:31],
        columns=tuple(columns),
        title=f"{definition.name.shown} ({table.unit})",
        notes=tuple(n for n in notes if n),
    )


def write_table(path: Path, table: ExportTable, progress: Progress | None = None) -> None:
    """*Slow.* Write ``.xlsx`` or ``.csv`` (German), ``.en.csv`` for an English one."""
    if path.suffix.lower() == ".xlsx":
        write_xlsx(path, [table], progress=progress)
    elif path.suffix.lower() == ".csv":
        english = path.stem.lower().endswith(".en")
        write_csv(path, table, ENGLISH if english else GERMAN, progress)
    else:
        raise _ending(path, TABLE_ENDINGS)


def write_map(
    session: Session, path: Path, layout: SheetLayout | None = None, view: ViewState | None = None
) -> None:
    """*Slow.* Write the map of a view (the shown one where none is given) as a page."""
    if path.suffix.lower() not in PAGE_ENDINGS:
        raise _ending(path, PAGE_ENDINGS)
    view = view or session.view
    spec = map_spec(session, view)
    layout = layout or SheetLayout(office=session.settings.office)
    write_page(spec, shapes_of(session, view.level, view.day), layout, path)


def _ending(path: Path, known: tuple[str, ...]) -> Exception:
    return fail(
        "ending",
        _("The ending of {file} names no format that can be written.").format(file=path.name),
        repair=_("Use one of: {endings}").format(endings=", ".join(known)),
    )
