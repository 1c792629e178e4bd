"""Levels and their areas: one feature layer per level."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import shapely
import sqlalchemy as sa

from monitor_app.core.areas import CITY, EMPTY_AREAS, Area, AreaSystem, Level, rank_levels
from monitor_app.core.batch import AreaTable
from monitor_app.core.bridges import Bridge
from monitor_app.core.i18n import _
from monitor_app.core.issues import fail
from monitor_app.project import documents, geopackage, schema
from monitor_app.project.history import Change

_AREA_COLUMNS = ("key", "name", "parents", "valid_from", "valid_to")


def crs_of(conn: sa.Connection) -> str | None:
    """The project's reference system: that of its levels, else that of its facilities."""
    for table in (schema.LEVEL, schema.DATASET):
        found = conn.execute(
            sa.select(table.c.crs).where(table.c.crs.is_not(None)).order_by(table.c.id).limit(1)
        ).scalar()
        if found is not None:
            return str(found)
    return None


def read(conn: sa.Connection) -> AreaSystem:
    """All levels and areas, by rank and key, and the bridges between their states."""
    c = schema.LEVEL.c
    levels: list[Level] = []
    areas: dict[str, list[Area]] = {}
    for key, name, rank, width, parents, layer in conn.execute(
        sa.select(c.key, c.name, c.rank, c.key_width, c.parents, c.layer)
    ):
        levels.append(Level(key, name, rank, width, tuple(json.loads(parents))))
        areas[key] = _read_layer(conn, key, layer)
    if CITY not in areas:
        levels.extend(EMPTY_AREAS.levels)
    ranked = rank_levels(levels)
    ordered = tuple(area for level in ranked for area in areas.get(level.key, ()))
    bridges = (Bridge.load(text) for text in documents.all_of(conn, "bridge").values())
    ordered_bridges = tuple(sorted(bridges, key=lambda b: (b.day, b.level)))
    return AreaSystem(ranked, ordered, crs_of(conn), ordered_bridges)


def _read_layer(conn: sa.Connection, level: str, layer: str) -> list[Area]:
    t = schema.area_table(layer)
    rows = conn.execute(
        sa.select(
            t.c.id, t.c.key, t.c.name, t.c.parents, t.c.valid_from, t.c.valid_to, t.c.geom,
            t.c.surface_m2,
        ).order_by(t.c.key, t.c.valid_from, t.c.id)
    ).all()  # fmt: skip
    geometries = geopackage.decode([row.geom for row in rows])
    return [
        Area(
            row.id, level, row.key, row.name, json.loads(row.parents),
            _day(row.valid_from), _day(row.valid_to), geometry, row.surface_m2,
        )
        for row, geometry in zip(rows, geometries, strict=True)
    ]  # fmt: skip


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _day_text(day: date | None) -> str | None:
    return day.isoformat() if day else None


def apply(change: Change, table: AreaTable) -> None:
    """Store the areas of one level.

    A table with geometries is the level's new state: areas that it does not name go, except those
    that cannot be located. A table without any geometry only adds areas and mends names and
    parents of those that are there. Unchanged areas keep their id.
    """
    conn = change.conn
    _check(table)
    located = any(g is not None and not g.is_empty for g in table.geometries)
    crs = crs_of(conn)
    geometries = geopackage.as_multipolygons(table.geometries)
    if located:
        crs = crs or geopackage.project_crs(table.crs, _middle(geometries, table.crs))
        geometries = geopackage.reproject(geometries, table.crs, crs)
    level = _store_level(change, table.level, crs if located else None)
    number = geopackage.srs_id(conn, level.crs) if level.crs else -1
    rows = _rows(table, geopackage.encode(geometries, number), geometries)
    layer = schema.area_table(level.layer)
    layer.create(conn, checkfirst=True)
    _store_rows(change, layer, rows, replace=located)
    change.layers.add(level.layer)


def _check(table: AreaTable) -> None:
    count = len(table.keys)
    for column in (table.names, table.geometries):
        if len(column) != count:
            raise ValueError("columns of the area table differ in length")
    for optional in (table.parents, table.valid_from, table.valid_to):
        if optional and len(optional) != count:
            raise ValueError("columns of the area table differ in length")
    starts = table.valid_from or (None,) * count
    seen = set(zip(table.keys, starts, strict=True))
    if len(seen) < count:
        double = next(k for k in table.keys if table.keys.count(k) > 1)
        raise fail(
            "duplicate_area",
            _("Level “{level}” lists the area {key} twice.").format(
                level=table.level.name, key=double
            ),
            repair=_("Remove the second entry or give both a period of validity."),
        )


def _middle(geometries: Sequence[Any], crs: str | None) -> tuple[float, float]:
    boxes = shapely.bounds(np.asarray([g for g in geometries if g is not None], dtype=object))
    return geopackage.lon_lat_of((boxes[:, :2] + boxes[:, 2:]) / 2, crs)


def _store_level(change: Change, level: Level, crs: str | None) -> sa.Row[Any]:
    """The level's row, written anew where it changed."""
    conn, t = change.conn, schema.LEVEL
    old = conn.execute(sa.select(t).where(t.c.key == level.key)).first()
    layer = old.layer if old is not None else free_name(conn, "areas", level.key)
    new = (
        level.key, level.name, level.rank, level.key_width, json.dumps(level.parents), layer,
        crs or (old.crs if old is not None else None),
    )  # fmt: skip
    if old is None or tuple(old)[1:] != new:
        if old is not None:
            change.remove(t, t.c.id == old.id)
        change.insert(t, [new])
    return conn.execute(sa.select(t).where(t.c.key == level.key)).one()


def _rows(
    table: AreaTable, blobs: Sequence[bytes | None], geometries: Sequence[Any]
) -> list[tuple[Any, ...]]:
    count = len(table.keys)
    parents: Sequence[Mapping[str, str]] = table.parents or ({},) * count
    starts = table.valid_from or (None,) * count
    ends = table.valid_to or (None,) * count
    surfaces = shapely.area(np.asarray(geometries, dtype=object))
    return [
        (
            blobs[i], table.keys[i], table.names[i],
            json.dumps(dict(parents[i]), ensure_ascii=False, sort_keys=True),
            _day_text(starts[i]), _day_text(ends[i]),
            float(surfaces[i]) if blobs[i] is not None else None,
        )
        for i in range(count)
    ]  # fmt: skip


def _store_rows(
    change: Change, layer: sa.Table, rows: list[tuple[Any, ...]], *, replace: bool
) -> None:
    """Write the difference between what is there and ``rows``."""
    old = {
        (row.key, row.valid_from): tuple(row) for row in change.conn.execute(sa.select(layer)).all()
    }
    gone: list[int] = []
    fresh: list[tuple[Any, ...]] = []
    for row in rows:
        before = old.pop((row[1], row[4]), None)
        if before is None:
            fresh.append(row)
            continue
        after = row if replace else _mended(before[1:], row)
        if after != before[1:]:
            gone.append(before[0])
            fresh.append(after)
    if replace:
        gone.extend(row[0] for row in old.values() if row[1] is not None)
    for start in range(0, len(gone), 500):
        change.remove(layer, layer.c.id.in_(gone[start : start + 500]))
    change.insert(layer, fresh)


def _mended(before: tuple[Any, ...], row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Row of a table without geometries laid over what is there."""
    geom, key, name, parents, start, end, surface = row
    return (
        geom if geom is not None else before[0],
        key,
        name or before[2],
        parents if parents != "{}" else before[3],
        start,
        end if end is not None else before[5],
        surface if geom is not None else before[6],
    )


def free_name(conn: sa.Connection, prefix: str, key: str) -> str:
    """A table name that nobody has, made of plain letters whatever the key holds."""
    plain = unicodedata.normalize("NFKD", key).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:40] or "x"
    taken = {n.lower() for n in conn.exec_driver_sql("SELECT name FROM sqlite_master").scalars()}
    taken.update(conn.execute(sa.select(schema.SHADOWS["monitor_level"].c.layer)).scalars())
    taken.update(
        name
        for name in conn.execute(sa.select(schema.SHADOWS["monitor_dataset"].c.layer)).scalars()
        if name
    )
    name, number = f"{prefix}_{slug}", 1
    while name in taken:
        number += 1
        name = f"{prefix}_{slug}_{number}"
    return name
