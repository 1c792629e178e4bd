"""One number for everything in a project, to compare states."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from monitor_app.project import cubes, schema

#: What a row is, without ids, times and table names of layers.
_QUERIES = (
    "SELECT key, name, rank, key_width, parents, crs FROM monitor_level ORDER BY key",
    "SELECT key, spec, dims, axes, age_axis, crs FROM monitor_dataset ORDER BY key",
    "SELECT s.key, d.date, d.total FROM monitor_date d JOIN monitor_dataset s "
    "ON s.number = d.dataset ORDER BY s.key, d.date",
    "SELECT s.key, f.position, f.x, f.y, f.attributes FROM monitor_facility f "
    "JOIN monitor_dataset s ON s.number = f.dataset ORDER BY s.key, f.position",
    "SELECT kind, key, text FROM monitor_document ORDER BY kind, key",
    'SELECT f_table_name, "styleName", "styleQML", "styleSLD" FROM layer_styles '
    'ORDER BY f_table_name, "styleName"',
)
_CELLS = (
    "SELECT s.key, c.date, c.area, c.sex, c.grp, c.partner, c.dtype, c.vals, c.status "
    "FROM monitor_cell c JOIN monitor_dataset s ON s.number = c.dataset "
    "ORDER BY s.key, c.date, c.area, c.sex, c.grp, c.partner"
)


def content_hash(conn: sa.Connection) -> str:
    total = hashlib.sha256()
    for query in _QUERIES:
        _feed(total, conn.exec_driver_sql(query))
    cells = conn.exec_driver_sql(_CELLS)
    _feed(total, ((*row[:-3], cubes.plain_bytes(*row[-3:]), row[-1]) for row in cells))
    levels = conn.execute(
        sa.select(schema.LEVEL.c.key, schema.LEVEL.c.layer).order_by(schema.LEVEL.c.key)
    ).all()
    for key, layer in levels:
        t = schema.area_table(layer)
        total.update(repr(key).encode())
        _feed(
            total,
            conn.execute(
                sa.select(t.c.key, t.c.name, t.c.parents, t.c.valid_from, t.c.valid_to, t.c.geom)
                .order_by(t.c.key, t.c.valid_from)
            ),
        )  # fmt: skip
    return total.hexdigest()


def _feed(total: Any, rows: Iterable[Any]) -> None:
    total.update(b"\x00table")
    for row in rows:
        for value in row:
            data = value if isinstance(value, bytes) else repr(value).encode()
            total.update(len(data).to_bytes(8, "little"))
            total.update(data)
