"""Steps from one schema version to the next, done on the working copy, each in a transaction.

A step is a function of plain SQL that never changes once released: it must not use ``schema``,
which describes the newest version only. Every past version keeps a fixture file in
``tests/project/fixtures``.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import sqlalchemy as sa

from monitor_app.project import schema
from monitor_app.project import store as stores
from monitor_app.project.store import Store


def migrate(store: Store, version: int, app_version: str) -> None:
    """Bring the database from ``version`` to the current one."""
    for number in range(version, schema.SCHEMA_VERSION):
        with store.transaction(housekeeping=True) as conn:
            MIGRATIONS[number](conn)
            stores.set_meta(conn, "schema_version", str(number + 1))
    with store.transaction(housekeeping=True) as conn:
        stores.write_versions(conn, app_version)


def _from_1_to_2(conn: sa.Connection) -> None:
    """Styles for QGIS, merged steps of undo, and sums that other programs can read."""
    for statement in (
        "DELETE FROM monitor_meta WHERE key = 'saved_head'",
        "ALTER TABLE monitor_revision ADD COLUMN merge_key TEXT",
        "ALTER TABLE monitor_dataset ADD COLUMN revision INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE monitor_undo_dataset ADD COLUMN revision INTEGER",
        "ALTER TABLE monitor_cell ADD COLUMN total REAL",
        "ALTER TABLE monitor_undo_cell ADD COLUMN total REAL",
        "UPDATE monitor_dataset SET revision = coalesce((SELECT max(rev) FROM monitor_undo_added a "
        "WHERE a.tbl = 'monitor_dataset' AND monitor_dataset.id BETWEEN first_id AND last_id), 0)",
        "UPDATE monitor_undo_dataset SET revision = coalesce((SELECT max(a.rev) "
        "FROM monitor_undo_added a WHERE a.tbl = 'monitor_dataset' "
        "AND monitor_undo_dataset.row_id BETWEEN first_id AND last_id), 0)",
        "CREATE TABLE layer_styles (id INTEGER NOT NULL PRIMARY KEY, f_table_catalog TEXT, "
        "f_table_schema TEXT, f_table_name TEXT NOT NULL, f_geometry_column TEXT, "
        '"styleName" TEXT NOT NULL, "styleQML" TEXT, "styleSLD" TEXT, '
        '"useAsDefault" INTEGER NOT NULL, description TEXT, owner TEXT, ui TEXT, update_time TEXT)',
        "CREATE TABLE monitor_undo_styles (id INTEGER NOT NULL PRIMARY KEY, rev INTEGER NOT NULL, "
        "side INTEGER NOT NULL, row_id INTEGER, f_table_catalog TEXT, f_table_schema TEXT, "
        'f_table_name TEXT, f_geometry_column TEXT, "styleName" TEXT, "styleQML" TEXT, '
        '"styleSLD" TEXT, "useAsDefault" INTEGER, description TEXT, owner TEXT, ui TEXT, '
        "update_time TEXT)",
        "CREATE INDEX monitor_undo_styles_rev ON monitor_undo_styles (rev, side)",
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change) "
        "VALUES ('layer_styles', 'attributes', 'layer_styles', '', "
        "strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))",
    ):
        conn.exec_driver_sql(statement)
    for table in ("monitor_cell", "monitor_undo_cell"):
        rows = conn.exec_driver_sql(f"SELECT id, dtype, vals, status FROM {table}").all()
        sums = [(_sum_of_version_1(*row[1:]), row[0]) for row in rows]
        if sums:
            conn.exec_driver_sql(f"UPDATE {table} SET total = ? WHERE id = ?", sums)


def _sum_of_version_1(dtype: str, vals: bytes, status: bytes | None) -> float | None:
    """Sum of the numbers of a cell that have a value (status below 10), None without any."""
    numbers = np.frombuffer(vals, dtype=np.dtype(dtype)).astype(float)
    if status is not None:
        numbers = numbers[np.frombuffer(status, dtype=np.uint8) < 10]
    return float(numbers.sum()) if len(numbers) else None


MIGRATIONS: dict[int, Callable[[sa.Connection], None]] = {1: _from_1_to_2}
