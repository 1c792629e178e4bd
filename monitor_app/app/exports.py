"""What is handed on: tables and pages of a session."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from monitor_app.app.certainty import unlocated_values
from monitor_app.app.maps import map_spec, reform_note, shapes_of, sources_of
from monitor_app.app.references import references
from monitor_app.app.session import Session
from monitor_app.app.view import ViewState
from monitor_app.cartography.mapspec import MapSpec
from monitor_app.cartography.shapes import AreaShapes
from monitor_app.core.areas import CITY
from monitor_app.core.formats import format_date, format_number
from monitor_app.core.i18n import _
from monitor_app.core.issues import fail
from monitor_app.core.progress import Progress
from monitor_app.core.status import Status
from monitor_app.core.values import IndicatorTable
from monitor_app.exchange.export_table import ExportTable, TextColumn, ValueColumn
from monitor_app.exchange.writers import ENGLISH, GERMAN, write_csv, write_xlsx
from monitor_app.indicators.evidence import Evidence
from monitor_app.reports.page import SheetLayout, page_svg, write_page

TABLE_ENDINGS = (".xlsx", ".csv")
PAGE_ENDINGS = (".pdf", ".svg", ".png")


def value_table(
    session: Session,
    table: IndicatorTable,
    days: Iterable[date] | None = None,
    found: Evidence | None = None,
    remark: str = "",
) -> ExportTable:
    """One row per area, one column per date (with ``found`` also the bounds of each value); below
    the areas the city, cases that no area shows, and reference values. ``remark`` joins the
    notes. Names and sources in German or English as the interface."""
    definition = session.catalogue.get(table.indicator)
    names = session.names(table.level)
    shown = [table.dates.index(d) for d in (days if days is not None else table.dates)]
    below = _rows_below(session, table)
    keys = (*table.areas, *("" for _row in below))
    labels = (*(names.get(key, key) for key in table.areas), *(row.name for row in below))
    columns: list[TextColumn | ValueColumn] = [
        TextColumn(_("Key"), keys),
        TextColumn(session.areas.level(table.level).name, labels),
    ]
    for j in shown:
        day, more = format_date(table.dates[j]), [row.values.get(table.dates[j]) for row in below]
        values = np.append(table.values[:, j], [np.nan if m is None else m[0] for m in more])
        lower = [Status.MISSING if m is None else m[1] for m in more]
        status = np.append(table.status[:, j], lower).astype(np.uint8)
        columns.append(ValueColumn(day, values, status, table.precision))
        if found is not None:
            for label, area, city in ((_("{day}, from"), found.low, found.city_low),
                                      (_("{day}, to"), found.high, found.city_high)):  # fmt: skip
                bounds = np.full(len(keys), np.nan)
                bounds[: len(table.areas)] = area[:, j]
                if table.level != CITY:
                    bounds[len(table.areas)] = city[j]
                lost = np.maximum(status, np.uint8(Status.NOT_APPLICABLE))
                codes = np.where(np.isnan(bounds), lost, Status.OK).astype(np.uint8)
                columns.append(ValueColumn(label.format(day=day), bounds, codes, table.precision))
    notes = [
        _("Unit: {unit}").format(unit=table.unit),
        definition.description.shown,
        reform_note(table),
        remark,
        "" if found is None else _("Bounds: {method}, {level} per cent").format(
            method=found.method, level=format_number(100 * found.level, 0)),
        *(_("Source: {source}").format(source=s) for s in sources_of(session, table)),
        *(row.source for row in below if row.source),
        _("Printed on {day}").format(day=format_date(date.today())),
    ]  # fmt: skip
    return ExportTable(
        name=definition.name.shown[:31],
        columns=tuple(columns),
        title=f"{definition.name.shown} ({table.unit})",
        notes=tuple(n for n in notes if n),
    )


@dataclass(frozen=True)
class _Below:
    """A row below the areas: value and status by date, and the citation where it is no result."""

    name: str
    values: dict[date, tuple[float, int]]
    source: str = ""


def _rows_below(session: Session, table: IndicatorTable) -> list[_Below]:
    rows = []
    if table.level != CITY:
        pairs = zip(table.city_values.tolist(), table.city_status.tolist(), strict=True)
        rows.append(_Below(_("City"), dict(zip(table.dates, pairs, strict=True))))
    rest = {
        day: (np.nan if value is None else value, int(Status[status.upper()]))
        for day, value, status in unlocated_values(session, table)
    }
    if rest:
        rows.append(_Below(_("not located in any area"), rest))
    for reference in references(session, table.indicator):
        name = _("For comparison: {name}").format(name=reference.name.shown)
        values = {day: (value, int(Status.OK)) for day, value in reference.values.items()}
        source = f"{name}: {reference.source}" if reference.source else ""
        rows.append(_Below(name, values, source))
    return rows


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
    shapes = shapes_of(session, view.level, view.day, carried=view.carried)
    write_page(spec, shapes, layout, path)


def map_svg(spec: MapSpec, shapes: AreaShapes, office: str = "") -> bytes:
    """*Slow* for many areas. The page of a map as vectors."""
    return page_svg(spec, shapes, SheetLayout(office=office))


def _ending(path: Path, known: tuple[str, ...]) -> Exception:
    return fail(
        "ending",
        _("The ending of {file} names no format that can be written.").format(file=path.name),
        repair=_("Use one of: {endings}").format(endings=", ".join(known)),
    )
