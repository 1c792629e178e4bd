"""The attribute table of what the map shows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from monitor_app.cartography.classify import classifiable
from monitor_app.cartography.mapspec import MapKind, MapSpec, difference
from monitor_app.core.i18n import _
from monitor_app.core.status import Status
from monitor_app.core.values import IndicatorTable
from monitor_app.ui.tablemodel import Column, NumberColumn, TableData, TextColumn


def ranks(values: NDArray[np.float64], status: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Place of each value, 1 for the highest; equal values share the better place, NaN without
    a value."""
    good = classifiable(values, status)
    ordered = np.sort(values[good])
    places = np.full(values.shape, np.nan)
    places[good] = 1 + len(ordered) - np.searchsorted(ordered, values[good], side="right")
    return places


def table_of(
    spec: MapSpec, table: IndicatorTable, parents: Mapping[str, str], parent_title: str
) -> TableData:
    """Rows in the order of the map. ``parents``: area key -> name of the area above it."""
    columns: list[Column] = [
        TextColumn(_("Area"), spec.names),
        TextColumn(_("Key"), spec.keys),
    ]
    if parents:
        columns.append(TextColumn(parent_title, tuple(parents.get(k, "") for k in spec.keys)))
    if spec.base_day is not None:
        main = len(columns) + (3 if spec.kind is MapKind.CHANGE_RELATIVE else 2)
        columns += _change_columns(spec, table)
    elif spec.kind is MapKind.DEVIATION:
        main = len(columns) + 1
        columns += _deviation_columns(spec, table)
    else:
        main = len(columns)
        title = spec.pair.titles[0] if spec.pair is not None else _("Value")
        columns.append(
            NumberColumn(title, spec.values, spec.status, spec.precision, unit=spec.unit)
        )
        columns += _more_columns(spec)
    shown = columns[main]
    assert isinstance(shown, NumberColumn)
    places = ranks(shown.values, shown.status)
    marks = np.where(np.isnan(places), Status.NOT_APPLICABLE, Status.OK).astype(np.uint8)
    columns.append(NumberColumn(_("Rank"), places, marks))
    return TableData(spec.keys, tuple(columns), main)


def _more_columns(spec: MapSpec) -> list[Column]:
    """The type of each area, or the second measure of a map of two."""
    pair, found = spec.pair, spec.classification
    if pair is not None and pair.second is not None:
        marks = np.where(np.isnan(pair.second), np.maximum(spec.status, Status.MISSING), Status.OK)
        return [
            NumberColumn(
                pair.titles[1], pair.second, marks.astype(np.uint8), pair.precisions[1],
                unit=pair.units[1],
            )
        ]  # fmt: skip
    if spec.kind is MapKind.CATEGORIES:
        names = tuple(found.names[c] if c >= 0 else "" for c in found.classes)
        return [TextColumn(_("Type"), names)]
    return []


def _deviation_columns(spec: MapSpec, table: IndicatorTable) -> list[Column]:
    place = {key: i for i, key in enumerate(table.areas)}
    rows = np.array([place.get(key, -1) for key in spec.keys], dtype=np.int64)
    assert spec.day is not None
    at = table.dates.index(spec.day)
    values = np.where(rows < 0, np.nan, table.values[rows, at]) if len(table.areas) else spec.values
    return [
        NumberColumn(_("Value"), values, spec.status, table.precision, unit=table.unit),
        NumberColumn(
            _("Deviation"), spec.values, spec.status, spec.precision, signed=True, unit=spec.unit
        ),
    ]


def _change_columns(spec: MapSpec, table: IndicatorTable) -> list[Column]:
    place = {key: i for i, key in enumerate(table.areas)}
    rows = np.array([place.get(key, -1) for key in spec.keys], dtype=np.int64)
    assert spec.base_day is not None
    assert spec.day is not None
    both = []
    for day in (spec.base_day, spec.day):
        at = table.dates.index(day)
        values = np.where(rows < 0, np.nan, table.values[rows, at])
        status = np.where(rows < 0, np.uint8(Status.MISSING), table.status[rows, at])
        both.append((values, status.astype(np.uint8)))
    (before, before_status), (after, after_status) = both
    change, change_status = difference(before, before_status, after, after_status)
    share, share_status = difference(before, before_status, after, after_status, relative=True)
    precision, unit = table.precision, table.unit
    return [
        NumberColumn(_("Before"), before, before_status, precision, unit=unit),
        NumberColumn(_("After"), after, after_status, precision, unit=unit),
        NumberColumn(_("Difference"), change, change_status, precision, True, unit),
        NumberColumn(_("Change"), share, share_status, max(1, precision), True, "%"),
    ]
