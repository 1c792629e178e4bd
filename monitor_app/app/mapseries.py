"""Maps of several dates, indicators or scenarios, to be compared: the maps and what is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from monitor_app.app.maps import is_period, map_spec, reform_note
from monitor_app.app.session import Session
from monitor_app.app.view import ViewState
from monitor_app.cartography.classify import Method
from monitor_app.cartography.kinds import shared_specs
from monitor_app.cartography.mapspec import MapKind, MapSpec, MapStyle
from monitor_app.cartography.shapes import AreaShapes
from monitor_app.core.formats import format_date
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, UserError, fail
from monitor_app.core.progress import Progress
from monitor_app.reports.page import SheetLayout
from monitor_app.reports.series import MOST, write_animation, write_multiples

#: A moving picture of more dates than this is thinned out.
MOST_FRAMES = 80
ENDINGS = (".gif", ".pdf", ".svg", ".png")


@dataclass(frozen=True, eq=False)
class MapSeries:
    """Maps beside each other, with a caption each. ``shared``: they have the same classes."""

    specs: tuple[MapSpec, ...]
    shapes: tuple[AreaShapes, ...]
    captions: tuple[str, ...]
    title: str
    shared: bool
    note: str = ""  # what a reader must know, such as a territorial reform between the dates
    indicators: tuple[str, ...] = ()  # ids of those that are shown

    @property
    def day(self) -> date | None:
        """The date of all maps; None where they have several."""
        days = {spec.day for spec in self.specs}
        return days.pop() if len(days) == 1 else None


def thinned(days: Sequence[date], most: int) -> tuple[date, ...]:
    """At most ``most`` dates, evenly from the first to the last."""
    if len(days) <= most:
        return tuple(days)
    if most < 2:
        return (days[-1],)
    step = (len(days) - 1) / (most - 1)
    return tuple(dict.fromkeys(days[round(i * step)] for i in range(most)))


def day_texts(session: Session, days: Sequence[date]) -> tuple[str, ...]:
    """Dates of the shown indicator as its maps call them: years where its numbers are of years."""
    table = session.table() if days else None
    if table is not None and is_period(session, table):
        return tuple(str(day.year) for day in days)
    return tuple(format_date(day) for day in days)


def of_days(
    session: Session,
    days: Sequence[date],
    view: ViewState | None = None,
    progress: Progress | None = None,
) -> MapSeries:
    """*Slow* for many dates. The map of a view at several dates on one set of classes."""
    view = view or session.view
    views = [replace(view, day=day, compare_to=None) for day in days]
    specs = _specs(session, views, progress)
    captions = tuple(spec.date_text for spec in specs)
    made = _series(session, views, specs, captions, specs[0].title)
    table = session.view_table(view)
    between = tuple(d for d in table.breaks if min(days) < d <= max(days))
    if table.carried:
        return made  # the notes of the maps say so
    return replace(made, note=reform_note(replace(table, breaks=between)))


def of_indicators(
    session: Session,
    indicators: Sequence[str],
    view: ViewState | None = None,
    progress: Progress | None = None,
) -> MapSeries:
    """*Slow* at the first time. Several indicators at the date of the view (or their newest before
    it). Those of one unit share their classes; others keep their own."""
    view = view or session.view
    views = []
    for key in indicators:
        table = session.series(key, view.level, carried=view.carried, scenario=view.scenario)
        days = [d for d in table.dates if view.day is None or d <= view.day]
        day = days[-1] if days else table.dates[-1] if table.dates else None
        views.append(replace(view, indicator=key, day=day, compare_to=None, palette=""))
    specs = _specs(session, views, progress)
    short = [s.title.split(" (")[0] for s in specs]
    if len(set(short)) < len(short):  # several bases of one ratio are told apart in brackets
        short = [s.title for s in specs]
    captions = tuple(f"{t}, {s.date_text}" for t, s in zip(short, specs, strict=True))
    return _series(session, views, specs, captions, _("Indicators compared"))


def of_scenarios(
    session: Session, scenarios: Sequence[str], view: ViewState | None = None
) -> MapSeries:
    """*Slow* at the first time. Several forecast scenarios at the date of the view."""
    view = view or session.view
    names = {s.key: s.name for s in session.scenarios()}
    views = [replace(view, scenario=key, compare_to=None) for key in scenarios]
    specs = _specs(session, views, None)
    captions = tuple(
        f"{names.get(key, key)}, {spec.date_text}"
        for key, spec in zip(scenarios, specs, strict=True)
    )
    return _series(session, views, specs, captions, specs[0].title)


def _specs(
    session: Session, views: Sequence[ViewState], progress: Progress | None
) -> list[MapSpec]:
    """All maps; what is wrong with them is told at once."""
    if not views:
        raise fail("series.none", _("There is nothing to compare: no date was chosen."))
    specs: list[MapSpec] = []
    issues: list[Issue] = []
    for i, view in enumerate(views):
        if progress is not None:
            progress.step(i / len(views))
        try:
            specs.append(map_spec(session, view))
        except UserError as error:
            issues.extend(error.issues)
    if issues:
        raise UserError(issues)
    return specs


def _series(
    session: Session,
    views: Sequence[ViewState],
    specs: Sequence[MapSpec],
    captions: tuple[str, ...],
    title: str,
) -> MapSeries:
    same = len({(s.unit, s.kind, s.colours) for s in specs}) == 1
    whole = len({v.indicator for v in views}) == 1 and len({v.scenario for v in views}) == 1
    breaks = {s.classification.breaks for s in specs}
    if same and (len(breaks) > 1 or not whole):
        # Dates classed one by one, other areas on some dates, or several indicators.
        first = specs[0].classification
        manual = first.method is Method.MANUAL
        style = MapStyle(
            method=first.method, k=max(first.k, 2), breaks=first.breaks if manual else None
        )
        specs = shared_specs(specs, style)
        specs = [replace(s, palette=specs[0].palette, reverse=specs[0].reverse) for s in specs]
    used = tuple(dict.fromkeys(i for v in views for i in (v.indicator, _second(v)) if i))
    return MapSeries(tuple(specs), _shapes(session, views), captions, title, same, "", used)


def _second(view: ViewState) -> str:
    return view.second if view.kind == MapKind.BIVARIATE else ""


def _shapes(session: Session, views: Sequence[ViewState]) -> tuple[AreaShapes, ...]:
    """The same object for dates with the same areas: they are drawn from one raster."""
    known: dict[tuple[int, ...], AreaShapes] = {}
    found = []
    for view in views:
        areas = session.shown_areas(carried=view.carried)
        place = tuple(a.id for a in areas.at(view.level, view.day) if a.located)
        if place not in known:
            known[place] = AreaShapes.of_level(areas, view.level, view.day)
        found.append(known[place])
    return tuple(found)


def with_note(series: MapSeries, layout: SheetLayout) -> SheetLayout:
    """The layout with the note of the series where it has none of its own."""
    return replace(layout, note=series.note) if series.note and not layout.note else layout


def write_series(
    series: MapSeries,
    path: Path,
    layout: SheetLayout,
    *,
    seconds: float = 1.0,
    progress: Progress | None = None,
) -> Path:
    """*Slow.* The maps on one page (``.pdf``, ``.svg``, ``.png``), or one after the other as a
    moving picture (``.gif``)."""
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise fail(
            "ending",
            _("The ending of {file} names no format that can be written.").format(file=path.name),
            repair=_("Use one of: {endings}").format(endings=", ".join(ENDINGS)),
        )
    layout = with_note(series, layout)
    if ending == ".gif":
        return write_animation(
            series.specs, series.shapes, layout, path, seconds=seconds, progress=progress
        )
    if len(series.specs) > MOST:
        raise fail(
            "multiples.many",
            _("{count} maps are more than a page can hold.").format(count=len(series.specs)),
            repair=_("Choose up to {most} dates.").format(most=MOST),
        )
    return write_multiples(
        series.specs, series.shapes, layout, path, title=series.title, captions=series.captions,
        progress=progress,
    )  # fmt: skip
