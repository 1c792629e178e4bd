"""What the legend offers for a view, and what a choice in it means for the view."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from monitor_app.app.mapkinds import (
    WITH_TARGET,
    Kind,
    is_rate,
    kind_of,
    other_table,
    usual_target,
)
from monitor_app.app.maplayers import has_backdrops, point_choices, symbol_choices
from monitor_app.app.maps import reform_note
from monitor_app.app.session import Choice, Session
from monitor_app.app.view import ChangeKind, ViewState
from monitor_app.cartography.classify import MAX_CLASSES, Method
from monitor_app.cartography.mapspec import MapSpec
from monitor_app.core.issues import Issue, UserError
from monitor_app.core.values import IndicatorTable
from monitor_app.ui.classcontrols import ClassChoice
from monitor_app.ui.kindchooser import CHANGE, CHANGE_RELATIVE, KindChoice
from monitor_app.ui.layercontrols import LayerChoice

#: So many indicators are computed to find one that can be the second.
MOST_TRIED = 12


def class_choice(view: ViewState, spec: MapSpec) -> ClassChoice:
    """The classes that a view asks for; own limits without numbers begin with quantiles."""
    breaks = view.breaks.get(view.place, ())
    method = view.method
    if method == Method.MANUAL and not breaks:
        method = spec.classification.method.value
    relative = None if view.compare_to is None else view.change is ChangeKind.RELATIVE
    return ClassChoice(
        method, view.k, view.whole_series, view.palette, breaks, relative, view.zeros
    )


def kind_choice(view: ViewState, table: IndicatorTable, refused: Sequence[Issue]) -> KindChoice:
    """The kind of map that a view asks for, and why it is not shown where it is impossible."""
    kind = kind_of(view).value
    if view.compare_to is not None:
        kind = CHANGE_RELATIVE if view.change is ChangeKind.RELATIVE else CHANGE
    words = dict.fromkeys(t for i in refused for t in (i.message, i.repair) if t)
    return KindChoice(
        kind, view.targets.get(view.indicator), table.unit, view.second, " ".join(words),
        len(table.dates) > 1,
    )  # fmt: skip


def layer_choice(
    session: Session, view: ViewState, table: IndicatorTable, choices: Sequence[Choice] = ()
) -> LayerChoice:
    """What can lie over the map, and what does. ``choices``: what the project can compute, as far
    as that is known yet."""
    lacking = {c.definition.id for c in choices if not c.ready} - {view.symbols}
    symbols = tuple(entry for entry in symbol_choices(session) if entry[0] not in lacking)
    points: list[tuple[str, str]] = []
    for choice in point_choices(session):
        points.append((choice.key, choice.name))
        points += [
            (f"{choice.key}:{attribute}", f"{choice.name}: {title}")
            for attribute, title in choice.attributes
        ]
    reform = reform_note(table) if session.areas.bridges else ""
    return LayerChoice(
        view.labels, view.points[0] if view.points else "", tuple(points), view.symbols,
        symbols, view.background, has_backdrops(session), view.carried, reform,
    )  # fmt: skip


def view_changes(
    session: Session,
    changes: dict[str, Any],
    spec: MapSpec,
    table: IndicatorTable,
    choices: Sequence[Choice],
) -> dict[str, Any]:
    """Fields of the view for a choice in the legend. ``show`` is a kind of map with all that it
    needs to begin with; ``target`` belongs to the indicator, ``breaks`` to one kind of map."""
    view = session.view
    changes = dict(changes)
    if "show" in changes:
        changes |= _shown(session, changes.pop("show"), table, choices)
    if "target" in changes:
        changes["targets"] = {**view.targets, view.indicator: changes.pop("target")}
    if "breaks" in changes:
        changes["breaks"] = {**view.breaks, view.place: tuple(changes["breaks"])}
    if "change" in changes:
        changes["change"] = ChangeKind(changes["change"])
    if changes.get("method") == Method.MANUAL and "breaks" not in changes:
        changes |= _breaks_as_shown(view, spec)
    return changes


def _shown(
    session: Session, kind: str, table: IndicatorTable, choices: Sequence[Choice]
) -> dict[str, Any]:
    view = session.view
    if kind in (CHANGE, CHANGE_RELATIVE):
        found: dict[str, Any] = {
            "change": ChangeKind.RELATIVE if kind == CHANGE_RELATIVE else ChangeKind.ABSOLUTE
        }
        if view.compare_to is None and len(table.dates) > 1:
            found["compare_to"] = table.dates[0]
            if view.day == table.dates[0]:
                found["day"] = table.dates[-1]
        return found
    found = {"kind": kind, "compare_to": None}
    if Kind(kind) in WITH_TARGET and view.indicator not in view.targets:
        target = usual_target(table, view.day, rate=is_rate(session, table))
        found["targets"] = {**view.targets, view.indicator: target}
    if kind == Kind.BIVARIATE and view.second in ("", view.indicator):
        found["second"] = _other(session, choices)
    return found


def _other(session: Session, choices: Sequence[Choice]) -> str:
    """A second indicator to begin with: a rate with values on the shown date, of another topic
    where there is one. Only a few are tried, for each has to be computed."""
    view = session.view
    topic = session.catalogue.get(view.indicator).topic
    ready = [
        c.definition
        for c in choices
        if c.ready and c.definition.id != view.indicator and c.definition.aggregation != "sum"
    ]
    ready.sort(key=lambda d: (d.topic == topic, d.unit != "%"))
    for definition in ready[:MOST_TRIED]:
        with suppress(UserError):
            other_table(session, view, definition.id)
            return definition.id
    return ready[0].id if ready else ""


def _breaks_as_shown(view: ViewState, spec: MapSpec) -> dict[str, Any]:
    """Own limits begin with those on screen."""
    if view.place in view.breaks:
        return {}
    found = spec.classification.breaks
    if len(found) >= MAX_CLASSES:  # a map without classes
        found = found[:: -(-len(found) // (MAX_CLASSES - 2))][1:]
    rounded = tuple(dict.fromkeys(round(b, spec.precision) for b in found))
    return {"breaks": {**view.breaks, view.place: rounded}}
