"""The command that writes charts: picture, drawing or numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor_app.commandline import (
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
from monitor_app.core.areas import CITY
from monitor_app.core.i18n import _
from monitor_app.core.issues import fail

if TYPE_CHECKING:
    from monitor_app.app.session import Session

#: Kinds that need no indicator.
_WITHOUT = ("pyramid", "radar", "correlation", "components", "flows", "chord")
KINDS = ("ranking", "timeline", "pyramid", "scatter", "residuals", "histogram", "boxes", "radar",
         "correlation", "components", "flows", "chord")  # fmt: skip


@command("chart", _("Write a chart: picture (PNG), drawing (SVG, PDF) or numbers (xlsx, CSV)."))
def chart(
    project: ProjectPath,
    kind: Annotated[str, typer.Option("--kind", "-k", help=", ".join(KINDS))],
    level: LevelKey,
    out: Annotated[Path, typer.Option("--out", "-o", help=".png, .svg, .pdf, .xlsx, .csv")],
    indicator: Annotated[
        list[str] | None,
        typer.Option("--indicator", "-i", help=_("Id of the indicator (several: radar, matrix)")),
    ] = None,
    second: Annotated[
        str | None, typer.Option("--second", help=_("Second indicator of a scatter chart"))
    ] = None,
    area: Annotated[
        list[str] | None,
        typer.Option("--area", "-a", help=_("Key of an area, “city” for the town (several)")),
    ] = None,
    day: Annotated[
        list[str] | None,
        typer.Option("--date", "-d", help=_("Date; two of them overlay two pyramids")),
    ] = None,
    by: Annotated[
        str | None, typer.Option("--by", help=_("Level that box plots are grouped by"))
    ] = None,
    share: Annotated[
        bool | None, typer.Option("--share/--persons", help=_("Pyramid in per cent"))
    ] = None,
    scenario: Annotated[
        str, typer.Option("--scenario", help=_("Forecast scenario that series go on with"))
    ] = "",
    carried: Annotated[
        bool,
        typer.Option("--carried", help=_("Carry numbers from before reforms to present areas")),
    ] = False,
    together: Annotated[
        bool,
        typer.Option("--together", help=_("Take the areas together (pyramid, components)")),
    ] = False,
    record: Record = False,
    as_json: Json = False,
) -> None:
    """Write a chart: picture (PNG), drawing (SVG, PDF) or numbers (xlsx, CSV)."""
    if kind not in KINDS:
        raise fail(
            "chart.kind", _("Unknown kind of chart: {name}").format(name=kind),
            value=kind, repair=", ".join(KINDS),
        )  # fmt: skip
    session = open_session(project, "write" if record else "read")
    try:
        _check_keys(session, level, area or ())
        _set_view(session, kind, level, indicator or (), day or (), scenario, carried=carried)
        if kind == "residuals":
            _write_residuals(session, _needed(second), out)
        else:
            from monitor_app.app.chartfiles import write_chart_file

            make = _maker(session, kind, level, indicator or (), area or (), day or (),
                          second=second, by=by, share=share, together=together)  # fmt: skip
            write_chart_file(out, make())
        if record:
            from monitor_app.app.usedefinitions import keep_used

            used = [*(indicator or ()), *([second] if second else [])]
            keep_used(session, used, out.name, level, session.view.day)
            session.project.save()
    finally:
        session.close(discard=True)
    if as_json:
        emit({"ok": True, "file": str(out), "kind": kind})
    else:
        console.print(_("Written: {path}").format(path=out), markup=False)


def _needed(second: str | None) -> str:
    if second is None:
        raise fail(
            "chart.second", _("This chart needs a second indicator."),
            repair=_("Name it with --second."),
        )  # fmt: skip
    return second


def _check_keys(session: Session, level: str, areas: Sequence[str]) -> None:
    levels = [lv.key for lv in session.areas.levels]
    if level not in levels:
        raise fail(
            "unknown-level", _("There is no level “{level}”.").format(level=level), value=level,
            repair=_("Known are: {names}.").format(names=", ".join(levels)),
        )  # fmt: skip
    known = {CITY, *session.areas.keys(level)}
    unknown = [a for a in areas if a not in known]
    if unknown:
        raise fail(
            "unknown-area", _("There is no area “{area}” on this level.").format(area=unknown[0]),
            value=unknown[0],
            repair=_("Known are, for instance: {names}.").format(
                names=", ".join(session.areas.keys(level)[:8])
            ),
        )  # fmt: skip


def _set_view(
    session: Session, kind: str, level: str, indicators: Sequence[str], days: Sequence[str],
    scenario: str, *, carried: bool,
) -> None:  # fmt: skip
    """What the chart stands on: indicator, level and date of the session's view."""
    if not indicators and kind not in _WITHOUT:
        raise fail(
            "chart.indicator", _("This chart needs an indicator."),
            repair=_("Name it with --indicator."),
        )  # fmt: skip
    chosen = session.catalogue.get(indicators[0]).id if indicators else session.view.indicator
    wanted = session.changed_view(
        indicator=chosen, level=level, carried=carried, scenario=scenario, compare_to=None
    )
    known = session.view_table(wanted).dates
    own = kind in ("pyramid", "flows", "chord")  # their dates are those of other data
    found = find_day(days[-1], known) if days and not own else None
    session.set_view(
        indicator=chosen, level=level, day=found, carried=carried, scenario=scenario,
        compare_to=None, kind="value",
    )  # fmt: skip
    if session.view.level != level:
        _view_without_boundaries(session, kind, level, found)


def _view_without_boundaries(session: Session, kind: str, level: str, found: date | None) -> None:
    """The view of a level that cannot be drawn as a map: single areas still make charts."""
    if kind not in ("timeline", "pyramid", "components", "flows", "chord"):
        raise fail(
            "no_areas", _("Level “{level}” has no boundaries.").format(level=level), value=level,
            repair=_("Import boundaries of these areas, or write their values with “values”."),
        )  # fmt: skip
    shown = replace(session.view, level=level, day=found)
    dates = session.view_table(shown).dates
    session.view = replace(shown, day=found or (dates[-1] if dates else None))


def _maker(
    session: Session, kind: str, level: str, indicators: Sequence[str], areas: Sequence[str],
    days: Sequence[str], *, second: str | None, by: str | None, share: bool | None,
    together: bool,
) -> Callable[[], Any]:  # fmt: skip
    """The function that computes the chart."""
    from monitor_app.app import chartmoves, charts

    view = session.view
    if kind == "scatter":
        other = _needed(second)
        return lambda: charts.scatter(session, view, other, areas)
    if kind == "pyramid":
        return lambda: _pyramid(session, level, areas, days, share, together=together)
    if kind in ("flows", "chord"):
        known = chartmoves.flow_days(session)
        chosen: tuple[date, ...] = tuple(find_day(d, known) for d in days) if known else ()
        return lambda: chartmoves.flows(
            session, level, chosen, shown_level=level, chord=kind == "chord"
        )
    if kind == "components":
        places = (areas if together else areas[:1]) or (CITY,)
        return lambda: chartmoves.components(
            session, level, places, scenario=view.scenario, carried=view.carried
        )
    makers: dict[str, Callable[[], Any]] = {
        "ranking": lambda: charts.ranking(session, view, areas),
        "timeline": lambda: charts.time_line(session, view, areas),
        "histogram": lambda: charts.histogram(session, view),
        "boxes": lambda: charts.boxes(session, view, by or ""),
        "radar": lambda: charts.radar(session, view, areas, indicators),
        "correlation": lambda: charts.correlation(session, view, indicators),
    }
    return makers[kind]


def _pyramid(
    session: Session, level: str, areas: Sequence[str], days: Sequence[str], share: bool | None,
    *, together: bool,
) -> Any:  # fmt: skip
    """One or two areas, or one area (several taken ``together``) on two dates."""
    from monitor_app.app import chartpeople as source

    parts = tuple(dict.fromkeys(areas)) if together and len(areas) > 1 and CITY not in areas else ()
    areas = areas[:1] if parts else areas
    if len(areas) > 2 or len(days) > 2:
        raise fail(
            "pyramid.two", _("A pyramid shows at most two populations."),
            repair=_("Name at most two areas or two dates."),
        )  # fmt: skip
    first = areas[0] if areas else CITY
    known = [d for d, _o in source.days(session, level if first != CITY else CITY,
                                        session.view.scenario)]  # fmt: skip
    found: list[date | None] = [find_day(d, tuple(known)) for d in days] or [None]
    if len(areas) == 2:
        whos = [source.Who(a, found[min(i, len(found) - 1)]) for i, a in enumerate(areas)]
    else:
        whos = [source.Who(first, d, parts) for d in found]
    view = session.view
    return source.pyramid(
        session, level, whos, share=share, scenario=view.scenario, carried=view.carried
    )


def _write_residuals(session: Session, second: str, out: Path) -> None:
    """The residual map as a page."""
    from monitor_app.app.charts import residual_map
    from monitor_app.app.maps import shapes_of
    from monitor_app.reports.page import SheetLayout, write_page

    if out.suffix.lower() not in (".pdf", ".svg", ".png"):
        raise fail(
            "ending", _("A map of residuals is a page."), file=out.name,
            repair=_("Use one of: {endings}").format(endings=".pdf, .svg, .png"),
        )  # fmt: skip
    view = session.view
    spec = residual_map(session, view, second)
    shapes = shapes_of(session, view.level, view.day, carried=view.carried)
    write_page(spec, shapes, SheetLayout(office=session.settings.office), out)
