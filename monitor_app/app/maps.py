"""The map and the charts of a session: one description for screen, page and command line."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import date

from monitor_app.app.mapkinds import Kind, kind_of, kind_spec
from monitor_app.app.maplayers import layer_sources, layers_of
from monitor_app.app.session import Session
from monitor_app.app.view import ChangeKind, ViewState
from monitor_app.cartography.classify import Method
from monitor_app.cartography.mapspec import MapSpec, MapStyle, change_spec
from monitor_app.cartography.palettes import palette
from monitor_app.cartography.shapes import AreaShapes
from monitor_app.core.datasets import TimeReference
from monitor_app.core.formats import format_date
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, UserError, fail
from monitor_app.core.values import IndicatorTable


def shapes_of(
    session: Session, level: str, day: date | None, *, carried: bool = False
) -> AreaShapes:
    """*Slow* for many areas. The areas of a level on a day, as drawn; for carried values the
    present areas."""
    return AreaShapes.of_level(session.shown_areas(carried=carried), level, day)


def map_spec(session: Session, view: ViewState | None = None) -> MapSpec:
    """The map that a view describes, with all that lies over it. ``UserError`` where there is
    nothing to show yet, or no map of that kind."""
    view = view or session.view
    spec = areas_spec(session, view)
    layers = layers_of(session, view, spec)
    return replace(spec, layers=layers, source=_all_sources(session, view, spec))


def shown_map(session: Session, view: ViewState | None = None) -> tuple[MapSpec, tuple[Issue, ...]]:
    """The map for the window, and what of the view is impossible here: the values stand in for
    an impossible kind of map, and a layer that cannot be drawn is left out. ``UserError`` where
    there is nothing to show at all."""
    view = view or session.view
    refused: list[Issue] = []
    try:
        spec = areas_spec(session, view)
    except UserError as error:
        if kind_of(view) is Kind.VALUE or view.compare_to is not None:
            raise
        view = replace(view, kind=Kind.VALUE.value, method=_own_method(view))
        spec = areas_spec(session, view)
        refused += error.issues
    for change in ({}, {"symbols": ""}, {"points": ()}, {"symbols": "", "points": ()}):
        try:
            kept = replace(view, **change)
            layers = layers_of(session, kept, spec)
            source = _all_sources(session, kept, spec)
            return (
                replace(spec, layers=layers, source=source),
                tuple(dict.fromkeys(refused)),
            )
        except UserError as error:
            refused += error.issues
    return spec, tuple(dict.fromkeys(refused))


def _all_sources(session: Session, view: ViewState, spec: MapSpec) -> str:
    """The citations of everything on the map: its values, a second measure, circles, facilities
    and what is only drawn."""
    found = dict.fromkeys(text for text in spec.source.split("; ") if text)
    for name in beside(view):
        table = session.view_table(replace(view, indicator=name))
        found |= dict.fromkeys(sources_of(session, table))
    found |= dict.fromkeys(layer_sources(session, view))
    return "; ".join(text for text in found if text)


def beside(view: ViewState) -> tuple[str, ...]:
    """Indicators that the map of a view shows beside its own."""
    second = view.second if kind_of(view) is Kind.BIVARIATE else ""
    return tuple(name for name in (second, view.symbols) if name)


def is_ready(before: ViewState, after: ViewState) -> bool:
    """Whether all that the second view shows was computed for the first."""
    return before.series == after.series and set(beside(after)) <= set(beside(before))


def compute_view(session: Session, view: ViewState) -> None:
    """*Slow* at the first call. Compute everything that the map of a view needs, so that showing
    it is quick. What is impossible is told when the map is shown."""
    table = session.view_table(view)
    for name in beside(view):
        if name in session.catalogue and table.dates:
            with suppress(UserError):
                session.view_table(replace(view, indicator=name))


def _own_method(view: ViewState) -> str:
    """Limits of another kind of map mean nothing here."""
    return "quantiles" if view.method == Method.MANUAL else view.method


def areas_spec(session: Session, view: ViewState) -> MapSpec:
    """The coloured areas of the map that a view describes."""
    if not view.level:
        raise fail(
            "no_areas",
            _("The project has no areas with boundaries yet."),
            repair=_("Import boundaries (GeoPackage, Shapefile or GeoJSON)."),
        )
    definition = session.catalogue.get(view.indicator)
    table = session.view_table(view)
    areas = session.shown_areas(carried=table.carried)
    if view.day is None or view.day not in table.dates:
        raise _no_values(session, view, table)
    chosen = view.palette or definition.map.palette or None
    diverging = chosen is not None and palette(chosen).kind == "diverging"
    breaks = view.manual_breaks()
    method = Method(view.method)
    style = MapStyle(
        # Own limits are those of one indicator and level; others begin with quantiles.
        method=Method.QUANTILES if method is Method.MANUAL and breaks is None else method,
        k=view.k,
        breaks=breaks,
        whole_series=view.whole_series,
        true_zero=view.zeros,
        palette=chosen,
        midpoint=definition.map.midpoint if diverging else None,
    )
    texts = {
        "title": definition.name.shown,
        "source": "; ".join(sources_of(session, table)),
        "period": is_period(session, table),
        "note": definition.description.shown,
    }
    if table.carried:
        texts["note"] = " ".join(t for t in (definition.description.shown, reform_note(table)) if t)
    if view.compare_to is None:
        return kind_spec(session, view, table, areas, style, texts)
    if view.compare_to not in table.dates:
        raise _no_values(session, replace(view, day=view.compare_to), table)
    relative = view.change is ChangeKind.RELATIVE
    return change_spec(
        table,
        areas,
        view.compare_to,
        view.day,
        relative=relative,
        # The palette of the values is sequential: a change needs its own, around zero.
        style=replace(style, palette=view.palette or None, midpoint=0.0),
        **{**texts, "title": _("Change: {name}").format(name=definition.name.shown)},
    )


def reform_note(table: IndicatorTable) -> str:
    """What territorial reforms inside the series mean for its values, in a sentence."""
    days = ", ".join(format_date(d) for d in table.breaks)
    if not days:
        return ""
    if table.carried:
        return _("Carried to the present areas by a bridge table; areas changed on {days}.").format(
            days=days
        )
    return _("The areas changed on {days}.").format(days=days)


def sources_of(session: Session, table: IndicatorTable) -> tuple[str, ...]:
    """Citations of the data sets that a result was made of, in their order."""
    specs = {info.spec.key: info.spec for info in session.project.datasets()}
    found = (specs[key].source for key in table.datasets if key in specs)
    return tuple(dict.fromkeys(text for text in found if text))


def is_period(session: Session, table: IndicatorTable) -> bool:
    """Whether the values describe years rather than days."""
    specs = {info.spec.key: info.spec for info in session.project.datasets()}
    times = [specs[key].time for key in table.datasets if key in specs]
    return TimeReference.PERIOD in times


def nothing(session: Session, indicator: str, table: IndicatorTable) -> UserError:
    """The refusal of an indicator without values."""
    name = session.catalogue.get(indicator).name.shown
    missing = "; ".join(table.missing_inputs)
    return fail(
        "missing_inputs",
        _("“{name}” cannot be computed on this level.").format(name=name),
        repair=_("Missing: {inputs}").format(inputs=missing) if missing else "",
    )


def _no_values(session: Session, view: ViewState, table: IndicatorTable) -> Exception:
    if table.missing_inputs:
        return nothing(session, view.indicator, table)
    name = session.catalogue.get(view.indicator).name.shown
    if view.day is None:
        return fail("no_values", _("“{name}” has no values yet.").format(name=name))
    known = ", ".join(format_date(d) for d in table.dates[-5:])
    return fail(
        "no_date",
        _("“{name}” has no values for {day}.").format(name=name, day=format_date(view.day)),
        repair=_("Known dates, newest last: {dates}").format(dates=known),
    )
