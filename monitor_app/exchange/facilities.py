"""Facilities: points with attributes, from a layer or from two columns with coordinates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely

from monitor_app.core.batch import PointTable
from monitor_app.core.datasets import DatasetSpec, Kind
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity
from monitor_app.exchange import boundaries
from monitor_app.exchange.areas import missing_crs
from monitor_app.exchange.coded import Codes, check_column, chosen_rows, fits_sheet, place
from monitor_app.exchange.recipe_model import FacilitiesContent, Recipe
from monitor_app.exchange.table import RawTable
from monitor_app.exchange.values import convert_cells


@dataclass(frozen=True)
class MappedPoints:
    table: PointTable | None
    issues: tuple[Issue, ...]


def map_facilities(
    recipe: Recipe,
    content: FacilitiesContent,
    tables: Sequence[RawTable],
    target_crs: str | None,
) -> MappedPoints:
    """Build the points of all tables that the content fits, in ``target_crs`` where given."""
    issues: list[Issue] = []
    xs: list[float] = []
    ys: list[float] = []
    columns: dict[str, list[Any]] = {name: [] for name in content.attributes}
    crs = target_crs
    for table in tables:
        if not fits_sheet(table, content.sheets):
            continue
        rows = np.flatnonzero(chosen_rows(table, content.only, content.ignore, issues))
        names = [rule.column for rule in content.attributes.values()]
        names += [c for c in (content.x, content.y) if c is not None]
        present = [check_column(table, c, issues) for c in names]
        if not all(present):
            continue
        source = content.crs or table.crs
        if source is None or boundaries.parse_crs(source) is None:
            issues.append(missing_crs(table, source))
            continue
        points = _points(recipe, content, table, rows, issues)
        crs = crs or source
        moved = boundaries.reproject(points, source, crs)
        for i, point in zip(rows.tolist(), moved, strict=True):
            if point is None or point.is_empty:
                issues.append(_no_place(table, i))
        keep = np.array([p is not None and not p.is_empty for p in moved], dtype=np.bool_)
        xs += shapely.get_x(moved[keep]).tolist()
        ys += shapely.get_y(moved[keep]).tolist()
        for name, rule in content.attributes.items():
            cells = table.column(rule.column)
            if rule.number:
                position = table.header.index(rule.column)
                values, _s = convert_cells(table, position, rows, recipe.numbers, issues)
                columns[name] += [None if np.isnan(v) else float(v) for v in values[keep]]
            else:
                columns[name] += [cells[i].strip() for i in rows[keep].tolist()]
    if not xs:
        if not any(i.severity is Severity.ERROR for i in issues):
            issues.append(_nothing(content))
        return MappedPoints(None, tuple(issues))
    spec = DatasetSpec(
        key=content.dataset,
        kind=Kind.FACILITIES,
        name=str(content.name),
        level=content.level,
        unit="",
        aggregation="none",
        source=recipe.source,
    )
    attributes = {name: tuple(values) for name, values in columns.items()}
    files = tuple(dict.fromkeys(replace(t.source, sheet=None) for t in tables))
    return MappedPoints(
        PointTable(spec, np.array(xs), np.array(ys), crs, attributes, files), tuple(issues)
    )


def _points(
    recipe: Recipe, content: FacilitiesContent, table: RawTable, rows: Codes, issues: list[Issue]
) -> boundaries.Geometries:
    if content.x is not None and content.y is not None:
        x, _s = convert_cells(table, table.header.index(content.x), rows, recipe.numbers, issues)
        y, _s = convert_cells(table, table.header.index(content.y), rows, recipe.numbers, issues)
        known = np.isfinite(x) & np.isfinite(y)
        points = np.full(len(rows), None, dtype=object)
        points[known] = shapely.points(x[known], y[known])
        return points
    if table.geometries is None:
        return np.full(len(rows), None, dtype=object)
    shapes = np.array([table.geometries[i] for i in rows.tolist()], dtype=object)
    # an area (a school ground) stands for a point inside it
    other = np.array([g is not None and g.geom_type != "Point" for g in shapes], dtype=np.bool_)
    if other.any():
        shapes[other] = shapely.point_on_surface(shapes[other])
        issues.append(
            Issue(
                "point-from-shape",
                Severity.INFO,
                _(
                    "{count} facilities are not points; a point inside their shape was taken."
                ).format(count=int(other.sum())),
                **place(table),
                count=int(other.sum()),
            )
        )
    return shapes


def _no_place(table: RawTable, row: int) -> Issue:
    return Issue(
        "facility-without-place",
        Severity.ERROR,
        _("The facility has no coordinates."),
        **place(table, row),
        repair=_("Enter the coordinates, or leave this row out in the recipe."),
    )


def _nothing(content: FacilitiesContent) -> Issue:
    return Issue(
        "nothing-found",
        Severity.ERROR,
        _("No facilities for “{name}” were found in the files.").format(name=content.name),
        repair=_("Check whether the recipe fits the file, above all its row filters and sheets."),
    )
