"""The command ``forecast-results``: results of a stored forecast as tables and charts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from monitor_app.commandline import Json, ProjectPath, command, console, emit, open_session
from monitor_app.core.areas import CITY
from monitor_app.core.formats import format_date, format_number
from monitor_app.core.i18n import _
from monitor_app.core.issues import fail


@command("forecast-results", _("Show a stored forecast: scenarios, ranges, charts and tables."))
def forecast_results(
    project: ProjectPath,
    forecast: Annotated[str | None, typer.Option("--forecast", "-f", help=_("Id of the forecast"))]
    = None,
    level: Annotated[str, typer.Option("--level", "-l", help=_("Key of the level"))] = CITY,
    area: Annotated[
        list[str] | None, typer.Option("--area", "-a", help=_("Key of an area (several allowed)"))
    ] = None,
    ages: Annotated[str | None, typer.Option("--ages", help=_("Age group such as 3-5"))] = None,
    year: Annotated[int | None, typer.Option("--year", "-y", help=_("Forecast year"))] = None,
    scenario: Annotated[
        str | None, typer.Option("--scenario", "-s", help=_("Key of the scenario"))
    ] = None,
    fan: Annotated[
        Path | None, typer.Option(help=_("Fan chart (.pdf, .svg or .png)"))
    ] = None,
    pyramid: Annotated[
        Path | None, typer.Option(help=_("Population pyramid (.pdf, .svg or .png)"))
    ] = None,
    components: Annotated[
        Path | None, typer.Option(help=_("Chart of births, deaths, moves (.pdf, .svg or .png)"))
    ] = None,
    tables: Annotated[
        Path | None, typer.Option(help=_("Tables (.xlsx, or .csv for areas by year)"))
    ] = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Show a stored forecast: scenarios, ranges, charts and tables."""
    from monitor_app.app import forecastexport as export
    from monitor_app.app.forecastresults import read_results, stored_forecasts

    session = open_session(project)
    try:
        known = stored_forecasts(session)
        results = read_results(session, forecast or next(iter(known), "main"))
    finally:
        session.close(discard=True)
    _check(level, [lv.key for lv in results.levels], _("There is no level “{key}”."))
    units = results.level(level).units
    for key in area or ():
        _check(key, list(units), _("There is no area “{key}” on this level."))
    group = _group(results, ages)
    chosen = results.scenario(scenario).key if scenario else results.main.key
    then = results.years[-1] if year is None else _year(results, year)
    written = _files(
        results, (level, tuple(area or ()), group, chosen, then), fan, pyramid, components, tables
    )
    rows = [r for r in export.compare(results, level, then, group) if not area or r.unit in area]
    if as_json:
        emit({"ok": True, "forecast": results.spec.id, "level": level, "base": results.base,
              "year": then, "ages": results.group_names()[group],
              "files": [str(p) for p in written], "rows": [_as_dict(r) for r in rows]})  # fmt: skip
        return
    _show(rows, results, then)
    for path in written:
        console.print(_("Written: {path}").format(path=path), markup=False)


def _check(key: str, known: list[str], message: str) -> None:
    if key not in known:
        raise fail(
            "unknown-key", message.format(key=key), value=key,
            repair=_("Known are: {names}.").format(names=", ".join(known[:40])),
        )  # fmt: skip


def _group(results: Any, ages: str | None) -> int:
    """Position of an age group; 0 for all ages."""
    if ages is None:
        return 0
    labels = [label.replace("–", "-") for label in results.groups.labels]
    _check(ages.replace("–", "-"), labels, _("The forecast has no age group “{key}”."))
    return labels.index(ages.replace("–", "-")) + 1


def _year(results: Any, year: int) -> int:
    if year not in results.years:
        raise fail(
            "forecast-year",
            _("The forecast has no year {year}.").format(year=year),
            value=str(year),
            repair=_("Choose a year from {first} to {last}.").format(
                first=results.years[0], last=results.years[-1]
            ),
        )
    return year


def _files(
    results: Any, what: tuple[str, tuple[str, ...], int, str, int], fan: Path | None,
    pyramid: Path | None, components: Path | None, tables: Path | None,
) -> list[Path]:  # fmt: skip
    """Write what was asked for; returns the files."""
    from monitor_app.app import forecastcharts as charts
    from monitor_app.app.exports import write_table
    from monitor_app.app.forecastexport import all_tables, write_tables_of, year_table
    from monitor_app.cartography.chartexport import write_chart
    from monitor_app.cartography.fancharts import draw_ahead_pyramid, draw_fan
    from monitor_app.cartography.profilecharts import draw_components

    level, areas, group, scenario, year = what
    one = areas[0] if areas else results.level(level).units[0]
    place = (level, one) if areas or level == CITY else (CITY, CITY)
    written = []
    if fan is not None:
        if len(areas) > 1:
            spec = charts.fan_of_areas(results, scenario, level, areas, group)
        else:
            keys = [scenario, *(s.key for s in results.scenarios if s.key != scenario)]
            spec = charts.fan_of_scenarios(results, *place, group, keys)
        written.append(write_chart(lambda f: draw_fan(f, spec), fan))
    if pyramid is not None:
        ages = charts.pyramid_of(results, scenario, *place, year)
        written.append(write_chart(lambda f: draw_ahead_pyramid(f, ages), pyramid, (150, 130)))
    if components is not None:
        parts = charts.components_of(results, scenario, *place)
        written.append(write_chart(lambda f: draw_components(f, parts), components))
    if tables is not None:
        if tables.suffix.lower() == ".xlsx":
            write_tables_of(tables, all_tables(results, scenario, level, year, group))
        else:
            write_table(tables, year_table(results, scenario, level, group))
        written.append(tables)
    return written


def _as_dict(row: Any) -> dict[str, Any]:
    found = {
        "scenario": row.scenario, "area": row.unit, "name": row.name, "base": row.before,
        "population": row.then, "change": row.change,
        "against_main": row.against,
        # Nobody lived there at the base: no share.
        "change_percent": round(row.change_percent, 2) if row.before > 0 else None,
    }  # fmt: skip
    if row.low is not None:
        found |= {"lower_80": row.low, "upper_80": row.high}
    return found


def _show(rows: list[Any], results: Any, year: int) -> None:
    table = Table(box=None, pad_edge=False)
    heads = (
        _("Area"), _("Scenario"), format_date(results.day(results.base)),
        format_date(results.day(year)), _("80 per cent from"), _("80 per cent to"), _("Change"),
    )  # fmt: skip
    # One area needs no column: its name would squeeze the others.
    first = 0 if len({row.unit for row in rows}) > 1 else 1
    if first and rows:
        console.print(rows[0].name, markup=False)
    for n, head in list(enumerate(heads))[first:]:
        side: Any = "right" if n > 1 else "left"
        table.add_column(head, justify=side, no_wrap=n > 1, overflow="fold")
    for row in rows:
        share = format_number(row.change_percent, 1, signed=True)
        cells = (
            row.name, row.label, format_number(row.before), format_number(row.then),
            "" if row.low is None else format_number(row.low),
            "" if row.high is None else format_number(row.high),
            f"{format_number(row.change, signed=True)} ({share} %)",
        )  # fmt: skip
        table.add_row(*cells[first:])
    console.print(table)
