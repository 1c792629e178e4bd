"""What a file must be before its copy is worked on."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import sqlalchemy as sa

import monitor_app
from monitor_app.core.i18n import _
from monitor_app.core.issues import UserError, fail
from monitor_app.project import faults, migrations, schema
from monitor_app.project import store as stores
from monitor_app.project.lock import Lock
from monitor_app.project.store import Store
from monitor_app.project.target import no_project
from monitor_app.project.workfile import WorkFile

#: Triggers that GDAL and QGIS make for layers of theirs.
_STANDARD_TRIGGER = re.compile(
    r"rtree_.+_(insert|update[1-7]?|delete)|trigger_(insert|delete)_feature_count_.+"
)
#: What may stand before a bracket in them.
_STANDARD_CALLS = {
    "st_isempty", "st_minx", "st_maxx", "st_miny", "st_maxy", "lower", "values", "when", "and",
    "or", "not", "in",
}  # fmt: skip


def check_and_migrate(store: Store, target: Path) -> None:
    """Make sure that the store's database is a sound project of the current version.

    The database is a copy; ``target`` is only named in findings. A read-only store of a newer
    version that allows older readers is left as it is.
    """
    try:
        _check_and_migrate(store, target)
    except (sqlite3.Error, sa.exc.SQLAlchemyError, ValueError, TypeError) as error:
        # Whatever else a broken file makes SQLite say.
        raise faults.damaged(target) from error


def _check_and_migrate(store: Store, target: Path) -> None:
    raw = store.raw
    with faults.told(target):
        if raw.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise faults.damaged(target)
        application = raw.execute("PRAGMA application_id").fetchone()[0]
        kind = raw.execute("SELECT type FROM sqlite_master WHERE name = 'monitor_meta'").fetchone()
        if application not in schema.APPLICATION_IDS or kind is None or kind[0] != "table":
            raise no_project(target)
        _check_harmless(raw, target)
        version = _version(store, target)
    if version < schema.SCHEMA_VERSION:
        migrations.migrate(store, version, monitor_app.__version__)
    with faults.told(target):
        _drop_foreign_indexes(store)
        _check_structure(raw, target)


def _version(store: Store, target: Path) -> int:
    """The file's schema version, refused where this program is too old for it."""
    with store.read() as conn:
        meta = {key: stores.get_meta(conn, key) for key in ("schema_version", "min_reader")}
        needed = stores.get_meta(conn, "min_reader_app") or "?"
    try:
        version = int(meta["schema_version"] or "")
        min_reader = int(meta["min_reader"] or "")
    except ValueError:
        raise no_project(target) from None
    if version <= schema.SCHEMA_VERSION:
        return version
    if min_reader > schema.SCHEMA_VERSION:
        raise newer(target, needed, readable=False)
    if not store.read_only:
        raise newer(target, needed, readable=True)
    return version


def require_current(store: Store, target: Path) -> None:
    """Refuse to write a file of a newer version, which this program cannot keep sound."""
    with store.read() as conn:
        version = int(stores.get_meta(conn, "schema_version") or 0)
        needed = stores.get_meta(conn, "min_reader_app") or "?"
    if version > schema.SCHEMA_VERSION:
        raise newer(target, needed, readable=True)


def newer(target: Path, needed: str, *, readable: bool) -> UserError:
    update = _("Install version {version} or later.").format(version=needed)
    return fail(
        "newer_file",
        _("“{name}” was written by a newer version of the program.").format(name=target.name),
        file=str(target),
        repair=_("Open it read-only, or: {update}").format(update=update) if readable else update,
    )


def _check_harmless(raw: sqlite3.Connection, target: Path) -> None:
    """A project has no views, and no triggers but those that QGIS makes for layers."""
    for kind, name, sql in raw.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE type IN ('trigger', 'view') "
        "OR (type = 'table' AND name LIKE 'monitor!_%' ESCAPE '!' AND sql LIKE 'CREATE VIRTUAL%')"
    ):
        if kind == "trigger" and _STANDARD_TRIGGER.fullmatch(name) and _known_body(sql):
            continue
        raise fail(
            "foreign_code",
            _("“{name}” contains triggers or views that do not belong to a project.").format(
                name=target.name
            ),
            file=str(target),
            repair=_("Open a backup of your project. Do not use this file unless you trust it."),
        )


def _known_body(sql: str | None) -> bool:
    """Standard triggers write to the layer's index and count and call nothing else."""
    text = (sql or "").lower()
    written = re.findall(r"(?:into|update(?!\s+o[fn]\b)|from)\s+[\"']?(\w+)", text)
    called = re.findall(r"(\w+)[\"']?\s*\(", text)
    return all(name.startswith(("rtree_", "gpkg_ogr_contents")) for name in written) and all(
        name in _STANDARD_CALLS or name.startswith("rtree_") for name in called
    )


def _drop_foreign_indexes(store: Store) -> None:
    """Take off our layers the spatial indexes and counters that QGIS may have added: their
    triggers call functions that only GDAL has, and would stop every change."""
    raw = store.raw
    ours = {
        name
        for (name,) in raw.execute("SELECT name FROM monitor_layer UNION SELECT 'layer_styles'")
    } | {table.name for table in schema.METADATA.sorted_tables}
    found = [
        name
        for name, table in raw.execute(
            "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'"
        )
        if table in ours
    ]
    if not found:
        return
    with store.transaction(housekeeping=True) as conn:
        quote = conn.dialect.identifier_preparer.quote
        for name in found:
            conn.exec_driver_sql(f"DROP TRIGGER {quote(name)}")
        tables = set(
            conn.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars()
        )
        for layer in ours:
            index = f"rtree_{layer}_geom"
            if index in tables:
                conn.exec_driver_sql(f"DROP TABLE {quote(index)}")
            for system in ("gpkg_extensions", "gpkg_ogr_contents"):
                if system in tables:
                    conn.exec_driver_sql(f"DELETE FROM {system} WHERE table_name = ?", (layer,))


def _check_structure(raw: sqlite3.Connection, target: Path) -> None:
    """All tables with all columns that this version reads."""
    for table in schema.METADATA.sorted_tables:
        columns = {
            row[1] for row in raw.execute("SELECT * FROM pragma_table_info(?)", (table.name,))
        }
        if not columns.issuperset(c.name for c in table.columns):
            raise faults.damaged(target)
    layers = [name for (name,) in raw.execute("SELECT layer FROM monitor_level")]
    for layer in layers:
        columns = {row[1] for row in raw.execute("SELECT * FROM pragma_table_info(?)", (layer,))}
        if not columns.issuperset(c.name for c in schema.area_table("x").columns):
            raise faults.damaged(target)


def abandon(store: Store | None, work: WorkFile | None, lock: Lock | None) -> None:
    """Leave nothing behind of an opening that failed."""
    if store is not None:
        store.close()
    if work is not None:
        work.remove()
    if lock is not None:
        lock.release()
