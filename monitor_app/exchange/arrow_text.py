"""Columns of typed layers as text, and checks of their geometries."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity

LISTED = 20


def is_number(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    )


def column_text(column: pa.ChunkedArray) -> tuple[str, ...]:
    """Cells as text: numbers as the shortest decimal, dates as ISO, nothing as ""."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if pa.types.is_floating(kind):
        return tuple(_float_text(v) for v in column.to_pylist())
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return tuple(pc.fill_null(column, "").to_pylist())
    return tuple(_text(v) for v in column.to_pylist())


def _float_text(value: float | None) -> str:
    if value is None or value != value:
        return ""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(value)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        midnight = value.time() == time()
        return value.date().isoformat() if midnight else value.isoformat(" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bytes):
        return value.hex()
    return str(value)


def shapes(
    wkb: pa.ChunkedArray, rows: Sequence[int], file: str, layer: str
) -> tuple[np.ndarray[Any, Any], list[Issue]]:
    """Shapely geometries of a WKB column (None where empty), and what is wrong with them."""
    raw = np.asarray(wkb.to_pylist(), dtype=object)
    issues: list[Issue] = []
    try:
        geometries = shapely.from_wkb(raw)
    except shapely.errors.GEOSException:
        geometries = shapely.from_wkb(raw, on_invalid="ignore")
        lost = np.flatnonzero(shapely.is_missing(geometries) & (raw != None))  # noqa: E711
        issues.append(
            Issue(
                "geometry-unreadable",
                Severity.ERROR,
                _("Geometries that cannot be read: {count}.").format(count=len(lost)),
                file,
                layer,
                rows[int(lost[0])] if len(lost) else None,
                repair=_("Convert the layer to simple polygons in your map program."),
                count=max(len(lost), 1),
            )
        )
    return geometries, [*issues, *geometry_issues(geometries, rows, file, layer)]


def geometry_issues(
    geometries: np.ndarray[Any, Any], rows: Sequence[int], file: str, layer: str
) -> list[Issue]:
    """Empty and invalid geometries with their rows and the reason."""
    issues = []
    empty = np.flatnonzero(shapely.is_missing(geometries) | shapely.is_empty(geometries))
    if len(empty):
        issues.append(Issue(
            "geometry-empty", Severity.WARNING,
            _("Features without a geometry: {count}.").format(count=len(empty)), file, layer,
            rows[int(empty[0])], repair=_("They count in totals but are not drawn."),
            count=len(empty),
        ))  # fmt: skip
    polygons = np.isin(shapely.get_type_id(geometries), (3, 6))
    bad = np.flatnonzero(polygons & ~shapely.is_valid(geometries))
    issues += [
        Issue(
            "geometry-invalid",
            Severity.WARNING,
            _("The polygon is invalid: {reason}.").format(
                reason=shapely.is_valid_reason(geometries[i])
            ),
            file,
            layer,
            rows[int(i)],
            repair=_("It will be repaired at import; compare its area with the original."),
        )
        for i in bad[:LISTED]
    ]
    if len(bad) > LISTED:
        issues.append(Issue(
            "geometry-invalid", Severity.WARNING,
            _("More invalid polygons: {count}.").format(count=len(bad) - LISTED), file, layer,
            rows[int(bad[LISTED])],
            repair=_("They will be repaired at import; compare their areas with the original."),
            count=len(bad) - LISTED,
        ))  # fmt: skip
    return issues


def crs_issues(
    crs: str | None, geometries: np.ndarray[Any, Any], file: str, layer: str
) -> tuple[str | None, list[Issue]]:
    """The reference system, dropped where the coordinates cannot be in it; and what is wrong.

    Only warnings: whether the system is needed, or stated elsewhere, is decided by the mapping.
    """
    if not (~shapely.is_missing(geometries)).any():
        return crs, []
    bounds = shapely.total_bounds(geometries)
    if (
        crs == "EPSG:4326"
        and np.isfinite(bounds).all()
        and (np.abs(bounds[[0, 2]]).max() > 360 or np.abs(bounds[[1, 3]]).max() > 90)
    ):
        return None, [Issue(
            "crs-wrong", Severity.WARNING,
            _("The file says its coordinates are longitude and latitude, but they are metres."),
            file, layer, repair=_("State the reference system of the coordinates (such as"
                                  " EPSG:25832) in the recipe."),
        )]  # fmt: skip
    if crs is None:
        return None, [Issue(
            "crs-missing", Severity.WARNING,
            _("The file does not name the reference system of its coordinates."), file, layer,
            repair=_("Ask for the .prj file, or state the reference system (such as EPSG:25832)."),
        )]  # fmt: skip
    return crs, []


def crs_code(text: str | None) -> str | None:
    """``EPSG:25832`` where the text (WKT, code) is a known system, else the text itself."""
    if not text:
        return None
    if text.startswith(("EPSG:", "OGC:")) and text != "OGC:CRS84":
        return text
    if text == "OGC:CRS84":
        return "EPSG:4326"
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        crs = CRS.from_user_input(text)
        found = crs.to_authority(min_confidence=70)
    except CRSError:
        return None
    if found is None:
        return str(crs.to_wkt())
    code = f"{found[0]}:{found[1]}"
    return "EPSG:4326" if code == "OGC:CRS84" else code
