"""What lies over a map: facilities, symbols, labels, water and greenery of the project."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from monitor_app.app.mapkinds import other_table
from monitor_app.app.session import Session
from monitor_app.app.view import ViewState
from monitor_app.cartography.layers import (
    POINT_LOOKS,
    Background,
    Ground,
    Labels,
    Layers,
    Overlay,
    PointLayer,
    Symbols,
)
from monitor_app.cartography.mapspec import MapSpec
from monitor_app.core.backdrops import DOCUMENT, Backdrop, BackdropLook
from monitor_app.core.batch import PointTable
from monitor_app.core.datasets import Kind
from monitor_app.core.formats import collation_key
from monitor_app.core.i18n import _
from monitor_app.core.issues import UserError, fail
from monitor_app.core.status import has_value
from monitor_app.exchange.boundaries import reproject
from monitor_app.exchange.recipe import load_recipe
from monitor_app.exchange.recipe_model import FacilitiesContent
from monitor_app.indicators.engine import Engine

#: What ``ViewState.labels`` may say.
NO_LABELS, NAMES, VALUES, BOTH = "", "names", "values", "both"
LABELS = (NO_LABELS, NAMES, VALUES, BOTH)
#: An attribute with more different values tells places apart, not kinds of them.
MOST_KINDS = 30
#: Kinds of facilities with a look of their own; the rest are put together.
LOOKS = len(POINT_LOOKS)
_LINE_COLOURS = ("#b3123f", "#5b2a86", "#00695c", "#37474f")

#: Layers as read, per engine: a session makes a new engine whenever its data change.
_read: WeakKeyDictionary[Engine, dict[str, Any]] = WeakKeyDictionary()


@dataclass(frozen=True)
class PointChoice:
    """A data set of facilities as offered: ``attributes`` (id, title) that symbols can follow."""

    key: str
    name: str
    attributes: tuple[tuple[str, str], ...]


def point_choices(session: Session) -> tuple[PointChoice, ...]:
    """Facilities of the project with the attributes that sort them into kinds."""
    kept = _read.setdefault(session.engine, {})
    if "choices" not in kept:
        found = []
        for info in session.project.datasets():
            if info.spec.kind is Kind.FACILITIES:
                table = _points(session, info.spec.key)
                found.append(PointChoice(info.spec.key, info.spec.name, _sorting(session, table)))
        kept["choices"] = tuple(found)
    choices: tuple[PointChoice, ...] = kept["choices"]
    return choices


def _sorting(session: Session, table: PointTable) -> tuple[tuple[str, str], ...]:
    titles = _titles(session, table.spec.key)
    found = []
    for name, values in table.attributes.items():
        different = len(set(values))
        words = any(isinstance(v, str) and v and not v.isdigit() for v in values)
        few = 2 <= different <= (MOST_KINDS if words else LOOKS)
        if name not in ("id", "name") and few and different < len(values):
            found.append((name, titles.get(name, name)))
    return tuple(found)


def _titles(session: Session, dataset: str) -> dict[str, str]:
    """Attributes by the names of their columns in the files of the office."""
    for text in session.project.documents("recipe").values():
        try:
            contents = load_recipe(text).contents
        except UserError:
            continue
        for content in contents:
            if isinstance(content, FacilitiesContent) and content.dataset == dataset:
                return {name: rule.column for name, rule in content.attributes.items()}
    return {}


def symbol_choices(session: Session) -> tuple[tuple[str, str], ...]:
    """Counts, which circles may stand for: id and name."""
    return tuple(
        (d.id, d.name.shown)
        for d in session.catalogue.definitions
        if d.aggregation == "sum" and d.unit != "%"
    )


def has_backdrops(session: Session) -> bool:
    """Whether the project has layers that are only drawn."""
    return bool(_backdrops(session))


def layers_of(session: Session, view: ViewState, spec: MapSpec) -> Layers:
    """What the view lays over ``spec``. ``UserError`` for a layer that the project lacks."""
    backgrounds, overlays = _drawn(session) if view.background else ((), ())
    labels = None
    if view.labels in LABELS[1:]:
        labels = Labels(names=view.labels != VALUES, values=view.labels != NAMES)
    return Layers(
        backgrounds=backgrounds,
        overlays=overlays,
        symbols=symbols_of(session, view, spec) if view.symbols else None,
        points=tuple(point_layer(session, entry) for entry in view.points),
        labels=labels,
    )


def layer_sources(session: Session, view: ViewState) -> tuple[str, ...]:
    """Citations of facilities and of what is only drawn, as far as the view shows them."""
    keys = {entry.partition(":")[0] for entry in view.points}
    found = [i.spec.source for i in session.project.datasets() if i.spec.key in keys]
    if view.background:
        found += [layer.source for layer in _backdrops(session)]
    return tuple(text for text in dict.fromkeys(found) if text)


def symbols_of(session: Session, view: ViewState, spec: MapSpec) -> Symbols:
    """*Slow* at the first call. Circles for a count on the areas of the map."""
    if view.symbols not in session.catalogue:
        raise fail("layer.symbols", _("There is no indicator “{name}”.").format(name=view.symbols))
    definition = session.catalogue.get(view.symbols)
    if definition.aggregation != "sum" or definition.unit == "%":
        raise fail(
            "layer.symbols",
            _("“{name}” is no count: circles would compare what cannot be added up.").format(
                name=definition.name.shown
            ),
            repair=_("Choose a number of persons, cases or dwellings."),
        )
    table = other_table(session, view, view.symbols)
    place = {key: i for i, key in enumerate(table.areas)}
    rows = np.array([place.get(key, -1) for key in spec.keys], dtype=np.int64)
    values = np.full(len(rows), np.nan)
    values[rows >= 0] = np.where(has_value(table.status[:, 0]), table.values[:, 0], np.nan)[
        rows[rows >= 0]
    ]
    return Symbols(definition.name.shown, values, table.unit, table.precision)


def point_layer(session: Session, entry: str) -> PointLayer:
    """Facilities ``data set`` or ``data set:attribute``; with an attribute each of its values
    has a symbol of its own, as far as looks suffice. ``UserError`` for unknown ones."""
    key, _colon, attribute = entry.partition(":")
    choices = {choice.key: choice for choice in point_choices(session)}
    if key not in choices:
        raise fail(
            "layer.points",
            _("The project has no facilities “{name}”.").format(name=key),
            repair=_("Known: {names}").format(names=", ".join(choices) or "–"),
        )
    table = _points(session, key)
    if attribute and attribute not in table.attributes:
        known = ", ".join(name for name, _title in choices[key].attributes)
        raise fail(
            "layer.attribute",
            _("Facilities have no attribute “{name}”.").format(name=attribute),
            repair=_("Known: {names}").format(names=known or "–"),
        )
    kept = _read.setdefault(session.engine, {})
    if entry not in kept:
        kept[entry] = _layer(choices[key], table, attribute)
    layer: PointLayer = kept[entry]
    return layer


def _layer(choice: PointChoice, table: PointTable, attribute: str) -> PointLayer:
    places = np.column_stack([table.x, table.y])
    located = np.asarray(np.isfinite(places).all(axis=1))
    title = choice.name
    kinds: tuple[str, ...] = (choice.name,) * len(places)
    if attribute:
        titles = dict(choice.attributes)
        title = f"{choice.name}: {titles.get(attribute, attribute)}"
        kinds = _few(tuple(_word(v) for v in table.attributes[attribute]))
    kept = tuple(kind for kind, ok in zip(kinds, located, strict=True) if ok)
    return PointLayer(title, places[located], kept)


def _word(value: Any) -> str:
    if value is None or str(value).strip() == "":
        return _("not stated")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _few(kinds: tuple[str, ...]) -> tuple[str, ...]:
    """The most frequent kinds as they are, the rest as one."""
    counts = Counter(kinds)
    if len(counts) <= LOOKS:
        return kinds
    order = sorted(counts, key=lambda k: (-counts[k], collation_key(k)))
    named = set(order[: LOOKS - 1])
    other = _("others ({count} kinds)").format(count=len(order) - len(named))
    return tuple(kind if kind in named else other for kind in kinds)


def _points(session: Session, key: str) -> PointTable:
    kept = _read.setdefault(session.engine, {})
    place = f"@points:{key}"
    if place not in kept:
        kept[place] = session.project.points(key)
    table: PointTable = kept[place]
    return table


def _backdrops(session: Session) -> tuple[Backdrop, ...]:
    kept = _read.setdefault(session.engine, {})
    if "@backdrops" not in kept:
        kept["@backdrops"] = tuple(
            Backdrop.load(text) for text in session.project.documents(DOCUMENT).values()
        )
    found: tuple[Backdrop, ...] = kept["@backdrops"]
    return found


def _drawn(session: Session) -> tuple[tuple[Background, ...], tuple[Overlay, ...]]:
    kept = _read.setdefault(session.engine, {})
    if "@drawn" not in kept:
        grounds: list[Background] = []
        lines: list[Overlay] = []
        for layer in _backdrops(session):
            shapes = np.array(layer.geometries, dtype=object)
            crs = session.areas.crs
            if crs and crs != layer.crs:
                shapes = reproject(shapes, layer.crs, crs)
            if layer.look in (BackdropLook.WATER, BackdropLook.GREEN):
                ground = Ground.WATER if layer.look is BackdropLook.WATER else Ground.GREEN
                grounds.append(Background(ground, tuple(shapes), layer.title))
            else:
                colour = _LINE_COLOURS[len(lines) % len(_LINE_COLOURS)]
                dashed = layer.look is BackdropLook.AREA
                lines.append(Overlay(layer.title, tuple(shapes), colour, dashed=dashed))
        # Water lies over the green of its banks.
        grounds.sort(key=lambda g: g.ground is Ground.WATER)
        kept["@drawn"] = tuple(grounds), tuple(lines)
    drawn: tuple[tuple[Background, ...], tuple[Overlay, ...]] = kept["@drawn"]
    return drawn
