"""Commands for profiles of areas, series of maps, and selections by an expression."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from monitor_app.app import mapseries
from monitor_app.app.areaprofile import Profiles, profile_data
from monitor_app.app.areaselect import areas_where
from monitor_app.app.maps import nothing
from monitor_app.app.profilefiles import write_sheets
from monitor_app.app.profilekeys import keys_for, store_keys
from monitor_app.app.session import Session
from monitor_app.app.usedefinitions import keep_used
from monitor_app.cartography.classify import Method
from monitor_app.commandline import (
    Json,
    LevelKey,
    ProjectPath,
    Record,
    Steps,
    command,
    console,
    emit,
    find_day,
    open_session,
    tell,
)
from monitor_app.core.i18n import _
from monitor_app.core.issues import fail
from monitor_app.reports.page import Orientation, SheetLayout
from monitor_app.reports.profilesheet_spec import AreaProfile, Change

#: Columns that a table of key figures needs.
WIDEST = 190
Carried = Annotated[
    bool, typer.Option("--carried", help=_("Carry numbers from before reforms to present areas"))
]
Scenario = Annotated[str, typer.Option(help=_("Forecast that the series go on with"))]
Office = Annotated[str | None, typer.Option(help=_("Office that publishes the page"))]


def _day(text: str | None) -> date | None:
    """A date, or the end of a year."""
    if text is None:
        return None
    if text.isdigit() and len(text) == 4:
        return date(int(text), 12, 31)
    try:
        if text.count(".") == 2:
            day, month, year = (int(part) for part in text.split("."))
            return date(year, month, day)
        return date.fromisoformat(text)
    except ValueError:
        raise fail(
            "no_date",
            _("“{text}” is no date.").format(text=text),
            repair=_("Write 2024-12-31, 31.12.2024 or 2024."),
        ) from None


@command("profile", _("Profile of an area: key figures, pyramid, time lines, neighbours."))
def profile(
    project: ProjectPath,
    level: LevelKey,
    area: Annotated[
        list[str] | None, typer.Option("--area", "-a", help=_("Key of the area (default: all)"))
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help=_(".pdf, .svg, .png or a folder"))
    ] = None,
    day: Annotated[
        str | None, typer.Option("--date", "-d", help=_("Newest date of the values"))
    ] = None,
    indicator: Annotated[
        list[str] | None, typer.Option("--indicator", "-i", help=_("Key figures to show"))
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help=_("Keep these key figures in the project"))
    ] = False,
    carried: Carried = False,
    scenario: Scenario = "",
    form: Annotated[str, typer.Option("--format", help=_("In a folder: pdf, svg or png"))] = "pdf",
    office: Office = None,
    record: Record = False,
    as_json: Json = False,
) -> None:
    """Profile of an area: key figures, pyramid, time lines, neighbours."""
    session = open_session(project, "write" if keep or record else "read")
    try:
        if keep:
            store_keys(session, indicator or ())
            session.save()
        made = Profiles(
            session, level, day=_day(day), indicators=indicator, carried=carried, scenario=scenario
        )
        wanted = [_known(made, key) for key in area or ()]
        if out is None:
            shown = [made.profile(key) for key in wanted or made.keys]
            if as_json:
                issues = [i.as_dict() for i in made.lacking]
                emit({"profiles": [profile_data(p) for p in shown], "issues": issues})
            else:
                tell(made.lacking, as_json=False)
                for one in shown:
                    _print(one)
            return
        layout = SheetLayout(office=session.settings.office if office is None else office)
        with Steps() as steps:
            written = write_sheets(made, wanted, out, layout, form=form, progress=steps)
        lacking = made.lacking
        if record:
            keep_used(session, made.shown, out.name, level, made.day)
            session.project.save()
    finally:
        session.close(discard=True)
    if as_json:
        files = [str(path) for path in written]
        emit({"ok": True, "files": files, "issues": [i.as_dict() for i in lacking]})
    else:
        tell(lacking, as_json=False)
        for path in written:
            console.print(_("Written: {path}").format(path=path), markup=False)


def _known(made: Profiles, key: str) -> str:
    """Refuse unknown areas before anything is computed."""
    if key not in made.keys:
        made.profile(key)
    return key


def _print(one: AreaProfile) -> None:
    console.print(f"{one.name} ({one.key}) · {one.place}", markup=False, style="bold")
    table = Table(box=None, pad_edge=False)
    heads = (
        _("Key figure"), _("Date"), _("Value"), _("Rank"), _("City"), _("Previous date"),
        _("Five years"), "",
    )  # fmt: skip
    table.add_column(heads[0], no_wrap=True, max_width=44)
    for i, head in enumerate(heads[1:]):
        table.add_column(head, justify="right" if 1 <= i <= 5 else "left", no_wrap=True)
    for figure in one.figures:
        table.add_row(
            figure.short_name, figure.day_text, figure.text, figure.rank_text, figure.city_text,
            _change(figure.previous), _change(figure.five_years), figure.remark,
        )  # fmt: skip
    if one.figures:
        # Numbers cut off are worse than a line that runs on.
        Console(width=max(console.width, WIDEST), highlight=False).print(table)
    else:
        console.print(_("No key figure can be computed on this level."))
    if one.neighbours:
        names = ", ".join(n.name for n in one.neighbours)
        console.print(_("Neighbours: {names}.").format(names=names), markup=False)


def _change(change: Change | None) -> str:
    return "–" if change is None else change.text


@command("profile-figures", _("Show or choose the key figures of profiles."))
def profile_figures(
    project: ProjectPath,
    level: LevelKey,
    indicator: Annotated[
        list[str] | None,
        typer.Option("--indicator", "-i", help=_("Key figures to keep, in their order")),
    ] = None,
    reset: Annotated[bool, typer.Option("--reset", help=_("Back to the usual list"))] = False,
    as_json: Json = False,
) -> None:
    """Show or choose the key figures of profiles."""
    session = open_session(project, "write" if indicator or reset else "read")
    try:
        if indicator or reset:
            store_keys(session, indicator or ())
            session.save()
        found = keys_for(session, level)
        names = [session.catalogue.get(key).name.shown for key in found]
    finally:
        session.close(discard=True)
    if as_json:
        emit({"indicators": list(found)})
        return
    for key, name in zip(found, names, strict=True):
        console.print(f"{key:<36} {name}", markup=False)


@command("series", _("Maps of several dates or indicators on one page, or as a moving picture."))
def series(
    project: ProjectPath,
    level: LevelKey,
    indicator: Annotated[list[str], typer.Option("--indicator", "-i", help=_("Id; several"))],
    out: Annotated[Path, typer.Option("--out", "-o", help=_(".gif, .pdf, .svg or .png"))],
    first: Annotated[str | None, typer.Option("--from", help=_("First date"))] = None,
    last: Annotated[str | None, typer.Option("--to", help=_("Last date"))] = None,
    day: Annotated[
        list[str] | None, typer.Option("--date", "-d", help=_("These dates; several"))
    ] = None,
    most: Annotated[int | None, typer.Option(min=1, help=_("At most so many dates"))] = None,
    seconds: Annotated[
        float, typer.Option(min=0.1, max=10, help=_("Seconds per picture (.gif)"))
    ] = 1.0,
    method: Annotated[str, typer.Option(help=_("Class method"))] = "quantiles",
    classes: Annotated[int, typer.Option(min=2, max=7)] = 5,
    carried: Carried = False,
    scenario: Annotated[
        list[str] | None, typer.Option(help=_("Forecast to go on with; several are compared"))
    ] = None,
    portrait: Annotated[bool, typer.Option(help=_("Portrait format"))] = False,
    office: Office = None,
    record: Record = False,
    as_json: Json = False,
) -> None:
    """Maps of several dates or indicators on one page, or as a moving picture."""
    known = [m.value for m in Method if m is not Method.MANUAL]
    if method not in known:
        raise fail(
            "unknown_method", _("Unknown method: {name}").format(name=method),
            repair=", ".join(known),
        )  # fmt: skip
    session = open_session(project, "write" if record else "read")
    forecasts = scenario or [""]
    try:
        session.set_view(
            indicator=session.catalogue.get(indicator[0]).id, level=level, method=method,
            k=classes, carried=carried, scenario=forecasts[-1], compare_to=None,
        )  # fmt: skip
        if session.view.level != level:
            raise fail("no_areas", _("Level “{level}” has no boundaries.").format(level=level))
        gif = out.suffix.lower() == ".gif"
        with Steps() as steps:
            if len(forecasts) > 1 or len(indicator) > 1:
                if day:
                    session.set_view(day=find_day(day[0], session.dates()))
                found = (
                    mapseries.of_scenarios(session, forecasts)
                    if len(forecasts) > 1
                    else mapseries.of_indicators(session, indicator)
                )
            else:
                limit = most or (mapseries.MOST_FRAMES if gif else 12)
                days = _days(session, day or (), first, last, limit)
                if not session.dates():
                    raise nothing(session, indicator[0], session.view_table(session.view))
                found = mapseries.of_days(session, days, progress=steps.part(0.0, 0.2))
            orientation = Orientation.PORTRAIT if portrait else Orientation.LANDSCAPE
            name = session.settings.office if office is None else office
            layout = SheetLayout(orientation, office=name)
            mapseries.write_series(
                found, out, layout, seconds=seconds, progress=steps.part(0.2, 1.0)
            )
        if record:
            keep_used(session, found.indicators, out.name, level, found.day)
            session.project.save()
    finally:
        session.close(discard=True)
    if as_json:
        emit({"ok": True, "file": str(out), "maps": list(found.captions)})
    else:
        console.print(_("Written: {path}").format(path=out), markup=False)


def _days(
    session: Session, named: list[str] | tuple[str, ...], first: str | None, last: str | None,
    most: int,
) -> tuple[date, ...]:  # fmt: skip
    dates = session.dates()
    if named:
        return tuple(find_day(text, dates) for text in named)
    low = find_day(first, dates) if first else dates[0] if dates else None
    high = find_day(last, dates) if last else dates[-1] if dates else None
    if low is None or high is None:
        return ()
    return mapseries.thinned([d for d in dates if low <= d <= high], most)


@command("select", _("Areas that an expression holds for, as in: einwohner > 500 und …"))
def select(
    project: ProjectPath,
    level: LevelKey,
    expression: Annotated[
        str, typer.Argument(metavar=_("EXPRESSION"), help=_("Conditions on indicators"))
    ],
    day: Annotated[
        str | None, typer.Option("--date", "-d", help=_("Newest date of the values"))
    ] = None,
    as_json: Json = False,
) -> None:
    """Areas that an expression holds for."""
    session = open_session(project)
    try:
        if level not in [lv.key for lv in session.map_levels()]:
            raise fail("no_areas", _("Level “{level}” has no boundaries.").format(level=level))
        found = areas_where(session, expression, level, _day(day))
    finally:
        session.close()
    if as_json:
        emit({"areas": [{"area": key, "name": name} for key, name in found]})
        return
    for key, name in found:
        console.print(f"{key}  {name}", markup=False)
