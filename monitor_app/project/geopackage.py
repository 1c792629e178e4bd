"""What makes the project file a GeoPackage: geometry blobs, reference systems, layer lists."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import shapely
import sqlalchemy as sa
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from monitor_app.core.i18n import _
from monitor_app.core.issues import fail
from monitor_app.project import schema

_HEADER = struct.Struct("<2sBBi4d")
_EMPTY_HEADER = struct.Struct("<2sBBi")
_LITTLE_ENDIAN, _XY_ENVELOPE, _EMPTY = 0b1, 0b10, 0b10000
_ENVELOPE_BYTES = (0, 32, 48, 48, 64)


def now_text() -> str:
    """UTC with milliseconds, as the standard wants times."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def encode(geometries: Sequence[Any], srs_id: int) -> list[bytes | None]:
    """GeoPackage blobs (header with envelope + little-endian ISO WKB, 2-D) or None."""
    array = np.asarray(geometries, dtype=object)
    flat = shapely.force_2d(array)
    bodies = shapely.to_wkb(flat, byte_order=1, flavor="iso")
    bounds = shapely.bounds(flat)
    blobs: list[bytes | None] = []
    for body, (x0, y0, x1, y1) in zip(bodies, bounds, strict=True):
        if body is None:
            blobs.append(None)
        elif np.isnan(x0):
            blobs.append(_EMPTY_HEADER.pack(b"GP", 0, _LITTLE_ENDIAN | _EMPTY, srs_id) + body)
        else:
            flags = _LITTLE_ENDIAN | _XY_ENVELOPE
            blobs.append(_HEADER.pack(b"GP", 0, flags, srs_id, x0, x1, y0, y1) + body)
    return blobs


def decode(blobs: Sequence[bytes | None]) -> list[Any]:
    """Shapely objects of GeoPackage blobs; ``ValueError`` for anything else."""
    bodies: list[bytes | None] = []
    for blob in blobs:
        if blob is None:
            bodies.append(None)
            continue
        if blob[:2] != b"GP" or len(blob) < 8:
            raise ValueError("not a GeoPackage geometry")
        kind = (blob[3] >> 1) & 0b111
        if kind >= len(_ENVELOPE_BYTES):
            raise ValueError("unknown envelope")
        bodies.append(blob[8 + _ENVELOPE_BYTES[kind] :])
    try:
        return list(shapely.from_wkb(np.array(bodies, dtype=object)))
    except shapely.errors.ShapelyError as error:
        raise ValueError("unreadable geometry") from error


def as_multipolygons(geometries: Sequence[Any]) -> list[Any]:
    """Polygons wrapped, multipolygons as they are, None kept; anything else is refused."""
    result: list[Any] = []
    for geometry in geometries:
        if geometry is None or geometry.is_empty:
            result.append(None)
        elif geometry.geom_type == "Polygon":
            result.append(shapely.MultiPolygon([geometry]))
        elif geometry.geom_type == "MultiPolygon":
            result.append(geometry)
        else:
            raise fail(
                "not_a_polygon",
                _("An area has a geometry of type {kind}; areas are polygons.").format(
                    kind=geometry.geom_type
                ),
                repair=_("Choose a layer with polygons."),
            )
    return result


def read_crs(code: str | None) -> CRS:
    """The reference system of a code; ``UserError`` where it is missing or unknown."""
    if not code:
        raise fail(
            "no_crs",
            _("The geometries have no coordinate reference system."),
            repair=_("State the reference system, for example EPSG:25832."),
        )
    try:
        return CRS.from_user_input(code)
    except CRSError as error:
        raise fail(
            "unknown_crs",
            _("The coordinate reference system “{code}” is unknown.").format(code=code[:40]),
            repair=_("State the reference system, for example EPSG:25832."),
        ) from error


def project_crs(code: str | None, lon_lat: tuple[float, float] | None = None) -> str:
    """The reference system of a project whose first geometries come in ``code``.

    A projected system in metres with a code of its own is kept. Everything else becomes UTM
    (ETRS89 in Europe, else WGS 84) of the zone of ``lon_lat``, so that lengths are metres.
    """
    crs = read_crs(code)
    authority = crs.to_authority(min_confidence=100)
    metric = crs.is_projected and all(a.unit_conversion_factor == 1.0 for a in crs.axis_info[:2])
    if metric and authority is not None and authority[1].isdigit() and authority[1] != "3857":
        return ":".join(authority)
    lon, lat = lon_lat or (10.0, 51.0)
    zone = int((lon + 180) // 6) + 1
    if 28 <= zone <= 38 and lat > 34:
        return f"EPSG:{25800 + zone}"
    return f"EPSG:{(32600 if lat >= 0 else 32700) + zone}"


def lon_lat_of(points: np.ndarray[Any, Any], code: str | None) -> tuple[float, float]:
    """Middle of coordinates (n, 2) in degrees."""
    x, y = np.nanmean(points, axis=0) if len(points) else (10.0, 51.0)
    transform = Transformer.from_crs(read_crs(code), "EPSG:4326", always_xy=True)
    lon, lat = transform.transform(x, y)
    return float(lon), float(lat)


def reproject(geometries: Sequence[Any], source: str | None, target: str) -> list[Any]:
    """Shapely objects from ``source`` to ``target`` coordinates (x east, y north)."""
    if source == target or read_crs(source) == read_crs(target):
        return list(geometries)
    transform = Transformer.from_crs(read_crs(source), read_crs(target), always_xy=True)
    array = np.asarray(geometries, dtype=object)
    return list(shapely.transform(array, transform.transform, interleaved=False))


def srs_id(conn: sa.Connection, code: str) -> int:
    """Number of the reference system in this file, its row added where it was missing."""
    crs = read_crs(code)
    organization, number = code.split(":", 1)
    known = conn.execute(
        sa.text(
            "SELECT srs_id FROM gpkg_spatial_ref_sys "
            "WHERE upper(organization)=:o AND organization_coordsys_id=:n"
        ),
        {"o": organization.upper(), "n": int(number)},
    ).scalar()
    if known is not None:
        return int(known)
    conn.execute(
        sa.text("INSERT INTO gpkg_spatial_ref_sys VALUES (:name, :n, :o, :n, :wkt, NULL)"),
        {
            "name": crs.name,
            "n": int(number),
            "o": organization.upper(),
            "wkt": crs.to_wkt("WKT1_GDAL") or crs.to_wkt(),
        },
    )
    return int(number)


def create_system(conn: sa.Connection) -> None:
    """The standard's own tables and rows."""
    for statement in schema.SYSTEM_TABLES:
        conn.exec_driver_sql(statement)
    conn.exec_driver_sql(
        "INSERT INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, ?)", list(schema.SYSTEM_SRS)
    )
    conn.exec_driver_sql(f"PRAGMA application_id = {schema.APPLICATION_ID}")
    conn.exec_driver_sql(f"PRAGMA user_version = {schema.USER_VERSION}")


def register_attributes(conn: sa.Connection, table: str, description: str = "") -> None:
    """List a table without geometry, so that QGIS shows it."""
    conn.execute(
        sa.text(
            "INSERT OR REPLACE INTO gpkg_contents "
            "(table_name, data_type, identifier, description, last_change) "
            "VALUES (:t, 'attributes', :t, :d, :now)"
        ),
        {"t": table, "d": description, "now": now_text()},
    )


def register_features(
    conn: sa.Connection, table: str, title: str, geometry: str, srs: int, description: str = ""
) -> None:
    """List a layer. ``geometry`` is the upper-case type name of its column ``geom``."""
    taken = sa.text("SELECT 1 FROM gpkg_contents WHERE identifier=:i")
    identifier = title or table
    if conn.execute(taken, {"i": identifier}).first() is not None:
        identifier = f"{title} ({table})"
    conn.execute(
        sa.text(
            "INSERT INTO gpkg_contents "
            "(table_name, data_type, identifier, description, last_change, srs_id) "
            "VALUES (:t, 'features', :i, :d, :now, :s)"
        ),
        {"t": table, "i": identifier, "d": description, "now": now_text(), "s": srs},
    )
    conn.execute(
        sa.text("INSERT INTO gpkg_geometry_columns VALUES (:t, 'geom', :g, :s, 0, 0)"),
        {"t": table, "g": geometry, "s": srs},
    )


def unregister(conn: sa.Connection, table: str) -> None:
    for name in ("gpkg_geometry_columns", "gpkg_contents"):
        conn.execute(sa.text(f"DELETE FROM {name} WHERE table_name=:t"), {"t": table})


def set_extent(
    conn: sa.Connection, table: str, bounds: Sequence[float] | None, srs: int | None = None
) -> None:
    """Extent (x0, y0, x1, y1) and time of change of a listed layer."""
    x0, y0, x1, y1 = bounds if bounds is not None else (None,) * 4
    conn.execute(
        sa.text(
            "UPDATE gpkg_contents SET min_x=:a, min_y=:b, max_x=:c, max_y=:d, last_change=:now, "
            "srs_id=coalesce(:s, srs_id) WHERE table_name=:t"
        ),
        {"a": x0, "b": y0, "c": x1, "d": y1, "now": now_text(), "s": srs, "t": table},
    )
    if srs is not None:
        conn.execute(
            sa.text("UPDATE gpkg_geometry_columns SET srs_id=:s WHERE table_name=:t"),
            {"s": srs, "t": table},
        )


def bounds_of(blobs: Sequence[bytes | None]) -> tuple[float, float, float, float] | None:
    """Extent of blobs, read off the envelopes in their headers."""
    boxes = [
        struct.unpack_from("<4d", blob, 8)
        for blob in blobs
        if blob is not None and (blob[3] >> 1) & 0b111 == 1 and len(blob) >= 40
    ]
    if not boxes:
        return None
    x0, x1, y0, y1 = zip(*boxes, strict=True)
    return min(x0), min(y0), max(x1), max(y1)


def reproject_points(x: Any, y: Any, source: str | None, target: str) -> tuple[Any, Any]:
    """Coordinate arrays from ``source`` to ``target`` (x east, y north)."""
    if source == target or read_crs(source) == read_crs(target):
        return x, y
    transform = Transformer.from_crs(read_crs(source), read_crs(target), always_xy=True)
    return transform.transform(x, y)
