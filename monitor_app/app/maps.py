"""The map and the charts of a session: one description for screen, page and command line."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from monitor_app.app.session import Session
from monitor_app.app.view import ChangeKind, ViewState
from monitor_app.cartography.classify import Method
from monitor_app.cartography.mapspec import MapSpec, MapStyle, change_spec, value_spec
from monitor_app.cartography.palettes import palette
from monitor_app.cartography.shapes import AreaShapes
from monitor_app.core.datasets import TimeReference
from monitor_app.core.formats import format_date
from monitor_app.core.i18n import _
from monitor_app.core.issues import fail
from monitor_app.core.values import IndicatorTable


def shapes_of(
    session: Session, level: str, day: date | None, *, carried: bool = False
) -> AreaShapes:
    """*Slow* for many areas. The areas of a level on a day, as drawn; for carried values the
    present areas."""
    return AreaShapes.of_level(session.shown_areas(carried=carried), level, day)


def map_spec(session: Session, view: ViewState | None = None) -> MapSpec:
    """The map that a view describes. ``UserError`` where there is nothing to show yet."""
    view = view or session.view
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
    style = MapStyle(
        method=Method(view.method),
        k=view.k,
        breaks=view.manual_breaks(),
        whole_series=view.whole_series,
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
        return value_spec(table, areas, view.day, style, **texts)
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


def _no_values(session: Session, view: ViewState, table: IndicatorTable) -> Exception:
    name = session.catalogue.get(view.indicator).name.shown
    if table.missing_inputs:
        return fail(
            "missing_inputs",
            _("“{name}” cannot be computed on this level.").format(name=name),
            repair=_("Missing: {inputs}").format(inputs="; ".join(table.missing_inputs)),
        )
    if view.day is None:
        return fail("no_values", _("“{name}” has no values yet.").format(name=name))
    known = ", ".join(format_date(d) for d in table.dates[-5:])
    return fail(
        "no_date",
        _("“{name}” has no values for {day}.").format(name=name, day=format_date(view.day)),
        repair=_("Known dates, newest last: {dates}").format(dates=known),
    )
