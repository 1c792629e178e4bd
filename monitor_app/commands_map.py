"""The command that prints a map: every kind, with all that can lie over it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from monitor_app.app.exports import write_map
from monitor_app.app.mapkinds import WITH_TARGET, Kind
from monitor_app.app.maplayers import LABELS
from monitor_app.app.maps import nothing
from monitor_app.app.session import Session
from monitor_app.app.usedefinitions import keep_used
from monitor_app.app.view import ChangeKind
from monitor_app.cartography.classify import Method
from monitor_app.cartography.palettes import all_palettes
from monitor_app.commandline import (
    IndicatorId,
    Json,
    LevelKey,
    ProjectPath,
    Record,
    command,
    console,
    emit,
    find_day,
    open_session,
)
from monitor_app.core.formats import parse_number
from monitor_app.core.i18n import _
from monitor_app.core.issues import fail
from monitor_app.core.values import IndicatorTable
from monitor_app.reports.page import Orientation, SheetLayout

#: Changes are kinds of map for users, though a view keeps them as a second date.
CHANGES = {"change": ChangeKind.ABSOLUTE, "change-relative": ChangeKind.RELATIVE}
KINDS = tuple(k.value.replace("_", "-") for k in Kind)
METHODS = tuple(m.value for m in Method)


@command("map", _("Print a map as a page (PDF, SVG, PNG)."))
def draw_map(
    project: ProjectPath,
    indicator: IndicatorId,
    level: LevelKey,
    out: Annotated[Path, typer.Option("--out", "-o", help=_(".pdf, .svg or .png"))],
    day: Annotated[
        str | None, typer.Option("--date", "-d", help=_("Date (default: the newest)"))
    ] = None,
    kind: Annotated[
        str, typer.Option("--kind", "-k", help=", ".join((*KINDS[:1], *CHANGES, *KINDS[1:])))
    ] = "value",
    compare: Annotated[str | None, typer.Option(help=_("Earlier date: map of the change"))] = None,
    relative: Annotated[bool, typer.Option(help=_("Change in per cent"))] = False,
    second: Annotated[
        str, typer.Option(help=_("Second indicator of a map with 3 × 3 classes"))
    ] = "",
    target: Annotated[
        str | None, typer.Option(help=_("Value that areas are measured against"))
    ] = None,
    method: Annotated[str, typer.Option(help=", ".join(METHODS))] = "quantiles",
    classes: Annotated[int, typer.Option(min=2, max=7)] = 5,
    breaks: Annotated[str, typer.Option(help=_("Own class limits: 18; 24,5; 30"))] = "",
    each_date: Annotated[
        bool, typer.Option("--each-date", help=_("Class limits of this date alone"))
    ] = False,
    palette: Annotated[str, typer.Option(help=_("Colour scheme"))] = "",
    zeros: Annotated[
        bool, typer.Option("--zeros", help=_("Show zero apart from the classes"))
    ] = False,
    labels: Annotated[str, typer.Option(help=_("names, values or both"))] = "",
    points: Annotated[
        list[str] | None,
        typer.Option(help=_("Facilities: data set, or data set:attribute for the symbols")),
    ] = None,
    symbols: Annotated[str, typer.Option(help=_("Count shown by circles"))] = "",
    background: Annotated[bool, typer.Option(help=_("Draw water and green areas"))] = True,
    carried: Annotated[
        bool,
        typer.Option("--carried", help=_("Carry numbers from before reforms to present areas")),
    ] = False,
    scenario: Annotated[str, typer.Option(help=_("Forecast that the series goes on with"))] = "",
    portrait: Annotated[bool, typer.Option(help=_("Portrait format"))] = False,
    office: Annotated[str | None, typer.Option(help=_("Office that publishes the page"))] = None,
    record: Record = False,
    as_json: Json = False,
) -> None:
    """Print a map as a page (PDF, SVG, PNG)."""
    limits = _numbers(breaks)
    _check("unknown_method", _("Unknown method: {name}"), method, METHODS)
    _check("unknown_kind", _("Unknown kind of map: {name}"), kind, (*KINDS, *CHANGES))
    _check("unknown_labels", _("Unknown labels: {name}"), labels, LABELS)
    _check("unknown_palette", _("Unknown colour scheme: {name}"), palette,
           ("", *(p.id for p in all_palettes())))  # fmt: skip
    session = open_session(project, "write" if record else "read")
    try:
        table = session.series(indicator, level, carried=carried, scenario=scenario)
        if not table.dates:
            raise nothing(session, indicator, table)
        wanted: dict[str, Any] = {
            "indicator": indicator, "level": level, "method": "manual" if limits else method,
            "k": classes, "day": find_day(day, table.dates) if day else None, "carried": carried,
            "scenario": scenario, "whole_series": not each_date, "palette": palette,
            "labels": labels, "points": tuple(points or ()), "symbols": symbols,
            "background": background, "second": second, "zeros": zeros,
        }  # fmt: skip
        session.set_view(**wanted)
        if session.view.level != level:
            raise fail("no_areas", _("Level “{level}” has no boundaries.").format(level=level))
        _choose_kind(session, table, kind, compare, relative, target)
        if limits:
            session.set_view(breaks={session.view.place: limits})
        orientation = Orientation.PORTRAIT if portrait else Orientation.LANDSCAPE
        named = session.settings.office if office is None else office
        write_map(session, out, SheetLayout(orientation, office=named))
        if record:
            used = [indicator, *([second] if second else [])]
            keep_used(session, used, out.name, level, session.view.day)
            session.project.save()  # the view of the window stays as it was
    finally:
        session.close(discard=True)
    if as_json:
        emit({"ok": True, "file": str(out)})
    else:
        console.print(_("Written: {path}").format(path=out), markup=False)


def _check(code: str, text: str, name: str, known: tuple[str, ...]) -> None:
    if name not in known:
        raise fail(code, text.format(name=name), repair=", ".join(k for k in known if k))


def _numbers(text: str) -> tuple[float, ...]:
    try:
        found = [parse_number(part) for part in text.split(";") if part.strip()]
    except ValueError:
        raise fail(
            "breaks",
            _("“{text}” are no class limits.").format(text=text),
            repair=_("Write numbers separated by semicolons, such as 18; 24,5; 30."),
        ) from None
    return tuple(sorted(set(found)))


def _choose_kind(
    session: Session, table: IndicatorTable, kind: str, compare: str | None, relative: bool,
    target: str | None,
) -> None:  # fmt: skip
    """Set what the options say about dates and kinds; both ways to ask for a change go together."""
    if compare or kind in CHANGES:
        base = find_day(compare, table.dates) if compare else table.dates[0]
        change = ChangeKind.RELATIVE if relative else CHANGES.get(kind, ChangeKind.ABSOLUTE)
        session.set_view(compare_to=base, change=change)
        if session.view.compare_to is None:
            raise fail(
                "no_change",
                _("A change needs two dates, the earlier one before the other."),
                repair=_("Give --compare and --date."),
            )
        return
    session.set_view(kind=kind.replace("-", "_"))
    if target is not None:
        try:
            value = parse_number(target)
        except ValueError:
            raise fail("target", _("“{text}” is no number.").format(text=target)) from None
        session.set_view(targets={session.view.indicator: value})
    elif session.view.kind in [k.value for k in WITH_TARGET]:
        raise fail("no_target", _("This kind of map needs --target."), repair="--target 25,5")
