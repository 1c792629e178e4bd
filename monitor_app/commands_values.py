"""Commands that print values: plain, with intervals, smoothed, compared; and reference values."""

from __future__ import annotations

import sys
import tempfile
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from monitor_app.app import overview
from monitor_app.app.certainty import change_rows, changes_text, intervals_text, values_data
from monitor_app.app.exports import value_table, write_table
from monitor_app.app.maps import nothing
from monitor_app.app.references import (
    add_references,
    reference_data,
    references,
    remove_reference,
)
from monitor_app.app.session import Session
from monitor_app.app.usedefinitions import keep_used
from monitor_app.commandline import (
    Action,
    ActionArgument,
    Carried,
    IndicatorId,
    Json,
    LevelKey,
    ProjectPath,
    Record,
    command,
    console,
    emit,
    find_day,
    needed,
    open_session,
)
from monitor_app.core.formats import format_date, format_number
from monitor_app.core.i18n import _
from monitor_app.core.issues import fail
from monitor_app.core.values import IndicatorTable
from monitor_app.exchange.export_table import ExportTable
from monitor_app.indicators.evidence import Evidence, compared, evidence, smoothed


class Smoothing(StrEnum):
    """How values of few cases are smoothed."""

    EB = "eb"


@command("values", _("Print the values of an indicator."))
def values(
    project: ProjectPath,
    indicator: IndicatorId,
    level: LevelKey,
    day: Annotated[
        str | None, typer.Option("--date", "-d", help=_("Date, such as 2024-12-31"))
    ] = None,
    form: Annotated[str, typer.Option("--format", help=_("csv or json"))] = "",
    out: Annotated[Path | None, typer.Option("--out", "-o", help=_(".csv or .xlsx"))] = None,
    intervals: Annotated[
        bool, typer.Option("--intervals", help=_("With 95 per cent confidence intervals"))
    ] = False,
    smooth: Annotated[
        Smoothing | None,
        typer.Option("--smooth", help=_("Smooth values of few cases (eb: empirical Bayes)")),
    ] = None,
    compare: Annotated[
        str | None, typer.Option("--compare", help=_("Earlier date: is the change significant?"))
    ] = None,
    carried: Carried = False,
    origin: Annotated[str, typer.Option(help=_("observed or forecast"))] = "observed",
    scenario: Annotated[str | None, typer.Option(help=_("Scenario of the forecast"))] = None,
    record: Record = False,
    as_json: Json = False,
) -> None:
    """Print the values of an indicator."""
    if origin not in ("observed", "forecast"):
        raise fail(
            "origin",
            _("Unknown origin: {name}").format(name=origin),
            repair="observed, forecast",
        )
    if form not in ("", "csv", "json"):
        raise fail("format", _("Unknown format: {name}").format(name=form), repair="csv, json")
    if smooth is not None and (intervals or compare):
        raise fail("options", _("Smoothed values have no interval and no test of their change."))
    if origin == "forecast" and (intervals or smooth is not None or compare is not None):
        raise fail("options", _("These options need counted values, not a forecast."))
    session = open_session(project, "write" if record else "read")
    try:
        if origin == "forecast":
            from monitor_app.app.forecasting import forecast_values

            table = forecast_values(session, indicator, level, scenario)
        else:
            table = session.compute(indicator, level, carried=carried)
        if table.missing_inputs and not table.dates:
            raise nothing(session, indicator, table)
        days = (find_day(day, table.dates),) if day else table.dates
        if compare is not None:
            _compare(session, table, find_day(compare, table.dates), days[-1], as_json=as_json)
            return
        found, remark = None, ""
        if smooth is not None:
            table = smoothed(session.engine, indicator, level, carried=carried)[0]
            remark = _("Smoothed by empirical Bayes: estimates, not the counted values.")
        elif intervals:
            found = evidence(session.engine, indicator, level, carried=carried)
        if out is not None:
            write_table(out, value_table(session, table, days, found, remark))
            if record:
                keep_used(session, [indicator], out.name, level)
                session.project.save()
            if as_json:
                emit({"ok": True, "file": str(out)})
            else:
                console.print(_("Written: {path}").format(path=out), markup=False)
        elif form == "csv":
            _print_csv(value_table(session, table, days, found, remark))
        elif as_json or form == "json":
            label = {"smoothing": "empirical-bayes"} if smooth is not None else {}
            emit({**values_data(session, table, days, found), **label})
        else:
            _print_text(session, table, days, found, remark)
    finally:
        session.close(discard=True)


def _print_csv(table: ExportTable) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "values.csv"
        write_table(path, table)
        sys.stdout.write(path.read_text(encoding="utf-8-sig"))


def _print_text(
    session: Session,
    table: IndicatorTable,
    days: tuple[date, ...],
    found: Evidence | None,
    remark: str,
) -> None:
    if found is not None:
        console.print(intervals_text(session, found, days[-1]), markup=False)
        return
    console.print(overview.table_text(session, table), markup=False)
    if remark:
        console.print(remark)


def _compare(
    session: Session, table: IndicatorTable, earlier: date, later: date, *, as_json: bool
) -> None:
    if earlier >= later:
        raise fail("dates", _("The date to compare with must be the earlier one."))
    found = compared(
        session.engine, table.indicator, table.level, earlier, later, carried=table.carried
    )
    if as_json:
        emit({
            "indicator": table.indicator, "level": table.level, "unit": table.unit,
            "from": earlier.isoformat(), "to": later.isoformat(),
            "changes": change_rows(session, found),
        })  # fmt: skip
    else:
        console.print(changes_text(session, found), markup=False)


@command("references", _("Reference values (state, region, official): add a table, list, remove."))
def reference_values(
    project: ProjectPath,
    action: ActionArgument = Action.LIST,
    what: Annotated[
        str | None, typer.Argument(metavar=_("FILE|ID"), help=_("Table (CSV, Excel), or id"))
    ] = None,
    as_json: Json = False,
) -> None:
    """Reference values (state, region, official): add a table, list, remove."""
    session = open_session(project, "read" if action is Action.LIST else "write")
    try:
        if action is Action.LIST:
            found = references(session)
        elif action is Action.ADD:
            found = add_references(session, Path(needed(what, _("a file or an id"))))
            session.save()
        else:
            remove_reference(session, needed(what, _("a file or an id")))
            found = references(session)
            session.save()
    finally:
        session.close(discard=True)
    if as_json:
        emit({"ok": True, "references": [reference_data(r) for r in found]})
        return
    for reference in found:
        console.print(f"{reference.key}  {reference.name.shown}", markup=False)
        for day, value in reference.values.items():
            text = f"    {format_date(day)}  {format_number(value, 2)} {reference.unit}"
            console.print(text, markup=False)
    if not found:
        console.print(_("The project has no reference values."))
