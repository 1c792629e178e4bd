"""Layers that are only drawn (water, greenery, lines), from any map layer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely

from monitor_app.core.backdrops import Backdrop
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity
from monitor_app.exchange import boundaries
from monitor_app.exchange.areas import missing_crs
from monitor_app.exchange.coded import chosen_rows, fits_sheet
from monitor_app.exchange.recipe_model import BackdropContent, Recipe
from monitor_app.exchange.table import RawTable

#: Kinds of geometry that can be drawn.
_DRAWN = ("LineString", "MultiLineString", "LinearRing", "Polygon", "MultiPolygon",
          "GeometryCollection")  # fmt: skip


def map_backdrop(
    recipe: Recipe, content: BackdropContent, tables: Sequence[RawTable], target_crs: str | None
) -> tuple[Backdrop | None, tuple[Issue, ...]]:
    """All drawable geometries of the tables that the content fits, in ``target_crs`` where given,
    else in the CRS of the first table; None where there are none."""
    issues: list[Issue] = []
    found: list[object] = []
    crs = target_crs
    for table in tables:
        if not fits_sheet(table, content.sheets):
            continue
        rows = np.flatnonzero(chosen_rows(table, content.only, content.ignore, issues))
        source = content.crs or table.crs
        if source is None or boundaries.parse_crs(source) is None:
            issues.append(missing_crs(table, source))
            continue
        shapes = table.geometries or (None,) * len(table)
        wanted = np.array([shapes[i] for i in rows.tolist()], dtype=object)
        drawn = [g is not None and not g.is_empty and g.geom_type in _DRAWN for g in wanted]
        crs = crs or source
        moved = boundaries.reproject(wanted[np.array(drawn, dtype=np.bool_)], source, crs)
        found += shapely.make_valid(moved).tolist()
        if lost := len(drawn) - sum(drawn):
            issues.append(_lost(table, lost))
    if not found or crs is None:
        issues.append(_nothing(content, tables))
        return None, tuple(issues)
    made = Backdrop(
        content.layer, str(content.name), content.look, crs, tuple(found), recipe.source
    )
    return made, tuple(issues)


def _lost(table: RawTable, count: int) -> Issue:
    return Issue(
        "backdrop-not-drawn",
        Severity.WARNING,
        _("{count} rows have neither a line nor an area and are not drawn.").format(count=count),
        file=table.source.name,
        sheet=table.name or None,
        count=count,
    )


def _nothing(content: BackdropContent, tables: Sequence[RawTable]) -> Issue:
    return Issue(
        "backdrop-empty",
        Severity.ERROR,
        _("The file has no lines or areas for “{name}”.").format(name=content.name),
        file=tables[0].source.name if tables else None,
        repair=_("Check the names of the layers in the recipe."),
    )
