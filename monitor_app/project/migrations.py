"""Steps from one schema version to the next, done on the working copy, each in a transaction.

A step is a function of plain SQL that never changes once released: it must not use ``schema``,
which describes the newest version only. Every past version keeps a fixture file in
``tests/project/fixtures``.
"""

from __future__ import annotations

from collections.abc import Callable

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


MIGRATIONS: dict[int, Callable[[sa.Connection], None]] = {}
