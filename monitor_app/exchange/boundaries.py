"""Boundaries: one coordinate system, valid polygons, surfaces and parents."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray

from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity
from monitor_app.exchange.coded import place
from monitor_app.exchange.table import RawTable

Geometries = NDArray[np.object_]

#: Layers above this size are not searched for holes (a union of all areas takes too long).
LARGEST_HOLE_SEARCH = 20_000
#: A child that lies in its parent with less than this share is reported.
SMALLEST_SHARE = 0.9
#: Overlaps and holes below this surface come from rounding of coordinates.
HARMLESS_M2 = 100.0
LISTED = 20


def parse_crs(text: str) -> pyproj.CRS | None:
    try:
        return pyproj.CRS.from_user_input(text)
    except pyproj.exceptions.CRSError:
        return None


def crs_code(crs: pyproj.CRS) -> str:
    """Authority code where one is known (``EPSG:25832``), else WKT."""
    authority = crs.to_authority(min_confidence=70)
    return ":".join(authority) if authority else crs.to_wkt()


def choose_crs(project: str | None, sources: Sequence[tuple[str, Geometries]]) -> str | None:
    """The project's CRS; for a new project the first projected CRS among the layers, else the
    UTM zone (ETRS89 in Europe, WGS 84 elsewhere) of the middle of the first layer."""
    if project is not None:
        return project
    for text, _geometries in sources:
        crs = parse_crs(text)
        if crs is not None and crs.is_projected:
            return crs_code(crs)
    for text, geometries in sources:
        crs = parse_crs(text)
        if crs is None:
            continue
        box = shapely.total_bounds(_lonlat(geometries, crs))
        if np.isfinite(box).all():
            return utm_zone((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    return None


def utm_zone(lon: float, lat: float) -> str:
    zone = min(60, max(1, math.floor((lon + 180) / 6) + 1))
    if -12 <= lon <= 36 and 34 <= lat <= 72:
        return f"EPSG:{25800 + zone}"
    return f"EPSG:{(32600 if lat >= 0 else 32700) + zone}"


def reproject(geometries: Geometries, source: str, target: str) -> Geometries:
    """Geometries in another CRS (axis order x, y). None stays None."""
    if source == target:
        return geometries
    transformer = pyproj.Transformer.from_crs(source, target, always_xy=True)
    return _transform(geometries, transformer)


def _lonlat(geometries: Geometries, crs: pyproj.CRS) -> Geometries:
    return _transform(geometries, pyproj.Transformer.from_crs(crs, "OGC:CRS84", always_xy=True))


def _transform(geometries: Geometries, transformer: pyproj.Transformer) -> Geometries:
    def move(coordinates: NDArray[np.float64]) -> NDArray[np.float64]:
        x, y = transformer.transform(coordinates[:, 0], coordinates[:, 1])
        return np.column_stack([x, y])

    result: Geometries = shapely.transform(shapely.force_2d(geometries), move)
    return result


@dataclass(frozen=True)
class Layer:
    """Boundaries of one level, one entry per area, with the row of the table each came from."""

    keys: tuple[str, ...]
    geometries: Geometries
    rows: tuple[int, ...]
    table: RawTable


def repair(layer: Layer, issues: list[Issue]) -> Layer:
    """Make invalid polygons valid, report each; anything but areas is an error."""
    result = layer.geometries.copy()
    missing = [i for i, g in enumerate(result) if g is None or g.is_empty]
    for i in missing:
        result[i] = None
    if missing:
        issues.append(
            Issue(
                "boundary-missing",
                Severity.WARNING,
                _("{count} areas have no boundary, e.g. {key}; they count in totals only.").format(
                    count=len(missing), key=layer.keys[missing[0]]
                ),
                **place(layer.table, layer.rows[missing[0]]),
                count=len(missing),
            )
        )
    present = [i for i, g in enumerate(result) if g is not None]
    invalid = [i for i in present if not result[i].is_valid]
    for n, i in enumerate(invalid):
        reason = shapely.is_valid_reason(result[i])
        result[i] = _polygons(shapely.make_valid(result[i]))
        if n < LISTED:
            rest = len(invalid) - LISTED if n == LISTED - 1 else 0
            issues.append(
                Issue(
                    "boundary-invalid",
                    Severity.WARNING,
                    _("The boundary of {key} was not valid ({reason}) and was repaired.").format(
                        key=layer.keys[i], reason=reason
                    ),
                    **place(layer.table, layer.rows[i]),
                    value=layer.keys[i],
                    repair=_("Compare the area on the map with the original."),
                    count=1 + max(0, rest),
                )
            )
    for i in present:
        if result[i] is None or result[i].geom_type not in ("Polygon", "MultiPolygon"):
            kind = "–" if result[i] is None else result[i].geom_type
            issues.append(
                Issue(
                    "boundary-no-area",
                    Severity.ERROR,
                    _("The geometry of {key} is no area ({kind}).").format(
                        key=layer.keys[i], kind=kind
                    ),
                    **place(layer.table, layer.rows[i]),
                    value=layer.keys[i],
                    repair=_("Choose the layer with the polygons of the areas."),
                )
            )
            result[i] = None
    return replace(layer, geometries=result)


def _polygons(geometry: Any) -> Any:
    """The areal part of a repaired geometry (make_valid may leave lines beside it)."""
    if geometry.geom_type in ("Polygon", "MultiPolygon"):
        return geometry
    parts = [g for g in shapely.get_parts(geometry) if g.geom_type in ("Polygon", "MultiPolygon")]
    return shapely.union_all(parts) if parts else None


def check_coverage(layer: Layer, level: str, crs: str, issues: list[Issue]) -> None:
    """Report overlaps of areas and holes between them; small ones are usual, none is mended."""
    present = [i for i, g in enumerate(layer.geometries) if g is not None]
    shapes = layer.geometries[present]
    if len(shapes) < 2:
        return
    metric = pyproj.CRS.from_user_input(crs).is_projected
    if not shapely.coverage_is_valid(shapes):
        edges = shapely.coverage_invalid_edges(shapes)
        touched = [present[i] for i, e in enumerate(edges) if e is not None and not e.is_empty]
        pairs, surface = _overlaps(shapes)
        example = ", ".join(layer.keys[i] for i in touched[:3])
        issues.append(
            Issue(
                "boundaries-do-not-join",
                Severity.INFO if metric and surface < HARMLESS_M2 else Severity.WARNING,
                _(
                    "Level “{level}”: the borders of {count} areas do not join exactly, e.g. "
                    "{example}; {pairs} pairs overlap, together {surface} m²."
                ).format(
                    level=level,
                    count=len(touched),
                    example=example,
                    pairs=pairs,
                    surface=format_number(surface) if metric else "–",
                ),
                **place(layer.table, layer.rows[touched[0]] if touched else None),
                value=example,
                repair=_("Small differences are harmless; larger ones should be mended in QGIS."),
                count=max(1, len(touched)),
            )
        )
    if len(shapes) <= LARGEST_HOLE_SEARCH:
        _report_holes(layer, shapes, level, metric, issues)


def _overlaps(shapes: Geometries) -> tuple[int, float]:
    tree = shapely.STRtree(shapes)
    left, right = tree.query(shapes, predicate="intersects")
    keep = left < right
    common = shapely.area(shapely.intersection(shapes[left[keep]], shapes[right[keep]]))
    return int((common > 0).sum()), float(common.sum())


def _report_holes(
    layer: Layer, shapes: Geometries, level: str, metric: bool, issues: list[Issue]
) -> None:
    whole = shapely.union_all(shapes)
    rings = [ring for part in shapely.get_parts(whole) for ring in part.interiors]
    if not rings:
        return
    sizes = shapely.area(shapely.polygons(rings))
    if metric:
        sizes = sizes[sizes >= 1.0]
    if not len(sizes):
        return
    surface = float(sizes.sum())
    issues.append(
        Issue(
            "boundaries-leave-holes",
            Severity.INFO,
            _("Level “{level}”: {count} holes between the areas, together {surface} m².").format(
                level=level, count=len(sizes), surface=format_number(surface) if metric else "–"
            ),
            **place(layer.table),
            repair=_("Check whether areas are missing (or these are lakes or enclaves)."),
            count=len(sizes),
        )
    )


def spatial_parents(
    layer: Layer, level: str, keys: Sequence[str], parents: Sequence[Any], issues: list[Issue]
) -> tuple[str | None, ...]:
    """For each area the parent with the largest common surface; weak ones are reported.

    ``keys``/``parents`` are the areas of the upper level in the same CRS; ``level`` its name.
    """
    upper = np.array([g for g in parents if g is not None], dtype=object)
    names = [k for k, g in zip(keys, parents, strict=True) if g is not None]
    found: list[str | None] = [None] * len(layer.keys)
    if not len(upper):
        return tuple(found)
    present = np.array([i for i, g in enumerate(layer.geometries) if g is not None], dtype=np.int64)
    if not len(present):
        return tuple(found)
    child, parent = shapely.STRtree(upper).query(layer.geometries[present], predicate="intersects")
    common = shapely.area(shapely.intersection(layer.geometries[present[child]], upper[parent]))
    best: dict[int, tuple[float, int]] = {}
    for c, p, size in zip(child.tolist(), parent.tolist(), common.tolist(), strict=True):
        if size > best.get(c, (0.0, -1))[0]:
            best[c] = (size, p)
    weak: list[tuple[int, float]] = []
    for c, (size, p) in best.items():
        i = int(present[c])
        found[i] = names[p]
        share = size / layer.geometries[i].area
        if share < SMALLEST_SHARE:
            weak.append((i, share))
    lost = [i for i in present.tolist() if found[i] is None]
    for i, share in weak[:LISTED]:
        issues.append(
            Issue(
                "parent-uncertain",
                Severity.WARNING,
                _("{key} lies in {parent} ({level}) with only {share} of its surface.").format(
                    key=layer.keys[i],
                    parent=found[i],
                    level=level,
                    share=format_number(100 * share) + " %",
                ),
                **place(layer.table, layer.rows[i]),
                value=layer.keys[i],
                repair=_("Give the parent in a column, or check the boundaries."),
            )
        )
    if lost:
        issues.append(
            Issue(
                "parent-missing",
                Severity.WARNING,
                _("{count} areas lie in no area of the level {level}, e.g. {key}.").format(
                    count=len(lost), level=level, key=layer.keys[lost[0]]
                ),
                **place(layer.table, layer.rows[lost[0]]),
                value=layer.keys[lost[0]],
                count=len(lost),
            )
        )
    return tuple(found)
