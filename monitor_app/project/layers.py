"""Keeps the list of layers that QGIS sees in step with levels and facilities."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import numpy as np
import shapely
import sqlalchemy as sa

from monitor_app.project import geopackage, schema


def refresh(conn: sa.Connection, layers: Iterable[str], points: Iterable[int]) -> None:
    """Make, drop and describe layers after a change of these area layers and data sets."""
    levels: dict[str, Any] = {
        row.layer: row
        for row in conn.execute(
            sa.select(schema.LEVEL.c.layer, schema.LEVEL.c.name, schema.LEVEL.c.crs)
        )
    }
    facilities: dict[str, Any] = {
        row.layer: row
        for row in conn.execute(
            sa.select(
                schema.DATASET.c.layer, schema.DATASET.c.name, schema.DATASET.c.crs,
                schema.DATASET.c.number, schema.DATASET.c.axes,
            ).where(schema.DATASET.c.layer.is_not(None))
        )
    }  # fmt: skip
    ours = dict(conn.execute(sa.select(schema.LAYER.c.name, schema.LAYER.c.kind)).all())
    for name in ours.keys() - levels.keys() - facilities.keys():
        _drop(conn, name)
    for name in set(layers) - levels.keys():
        # A level that an undo took away in the same step as it made the table.
        conn.execute(sa.schema.DropTable(schema.area_table(name), if_exists=True))
    for name, row in levels.items():
        if name not in ours:
            _register(conn, name, "areas", row.name, "MULTIPOLYGON", row.crs)
        if name in layers or name not in ours:
            _describe_areas(conn, name, row.crs)
    changed = set(points)
    for name, place in facilities.items():
        if name in ours and place.number not in changed:
            continue
        if name in ours:
            _drop(conn, name)
        _build_points(conn, name, place)


def _register(
    conn: sa.Connection, name: str, kind: str, title: str, geometry: str, crs: str | None
) -> None:
    if kind == "areas":
        schema.area_table(name).create(conn, checkfirst=True)
    srs = geopackage.srs_id(conn, crs) if crs else -1
    geopackage.register_features(conn, name, title, geometry, srs)
    conn.execute(schema.LAYER.insert().values(name=name, kind=kind))


def _drop(conn: sa.Connection, name: str) -> None:
    geopackage.unregister(conn, name)
    conn.execute(schema.LAYER.delete().where(schema.LAYER.c.name == name))
    conn.execute(sa.schema.DropTable(sa.Table(name, sa.MetaData()), if_exists=True))


def _describe_areas(conn: sa.Connection, name: str, crs: str | None) -> None:
    blobs = list(conn.execute(sa.select(schema.area_table(name).c.geom)).scalars())
    srs = geopackage.srs_id(conn, crs) if crs else -1
    geopackage.set_extent(conn, name, geopackage.bounds_of(blobs), srs)


def _build_points(conn: sa.Connection, name: str, row: Any) -> None:
    """The layer of one facility data set: a readable copy of ``monitor_facility``."""
    f = schema.FACILITY.c
    rows = conn.execute(
        sa.select(f.x, f.y, f.attributes).where(f.dataset == row.number).order_by(f.position)
    ).all()
    attributes = [json.loads(r.attributes) for r in rows]
    titles: list[str] = json.loads(row.axes).get("attributes", [])
    columns = [
        sa.Column(title, _column_type([values[i] for values in attributes]))
        for i, title in enumerate(_column_names(titles))
    ]
    table = sa.Table(
        name,
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("geom", schema.Geometry("POINT")),
        *columns,
    )
    table.create(conn)
    _register(conn, name, "points", row.name, "POINT", row.crs)
    coordinates = np.array([(r.x, r.y) for r in rows], dtype=float).reshape(-1, 2)
    known = np.isfinite(coordinates).all(axis=1)
    geometries = [
        shapely.Point(xy) if ok else None for xy, ok in zip(coordinates, known, strict=True)
    ]
    blobs = geopackage.encode(geometries, geopackage.srs_id(conn, row.crs) if row.crs else -1)
    if rows:
        quote = conn.dialect.identifier_preparer.quote
        marks = ", ".join("?" * (len(columns) + 2))
        conn.exec_driver_sql(
            f"INSERT INTO {quote(name)} VALUES ({marks})",
            [
                (i + 1, blob, *values)
                for i, (blob, values) in enumerate(zip(blobs, attributes, strict=True))
            ],
        )
    geopackage.set_extent(conn, name, geopackage.bounds_of(blobs))


def _column_names(titles: list[str]) -> list[str]:
    """Distinct column names (SQLite folds case) that do not collide with ours."""
    taken = {"id", "geom"}
    result = []
    for title in titles:
        plain = title.replace("\x00", "").strip() or "column"
        name, number = plain, 1
        while name.lower() in taken:
            number += 1
            name = f"{plain}_{number}"
        taken.add(name.lower())
        result.append(name)
    return result


def _column_type(values: list[Any]) -> Any:
    present = [v for v in values if v is not None]
    if present and all(isinstance(v, int) and abs(v) < 2**63 for v in present):
        return sa.Integer()
    if present and all(isinstance(v, int | float) for v in present):
        return sa.REAL()
    return sa.Text()
