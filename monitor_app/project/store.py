"""The open database: one connection to the working copy, and nothing but transactions.

Outside of ``Store.transaction`` the connection is in SQLite's ``query_only`` mode: a change that
is not a command raises, whoever makes it.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from monitor_app.core.progress import Cancelled
from monitor_app.project import faults, geopackage, schema

#: SQLite instructions between two looks at the cancel token.
_STEPS_BETWEEN_LOOKS = 20_000


class Store:
    """SQLite database of one working copy. Methods may be called from any thread."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self.read_only = read_only
        self.lock = threading.RLock()
        self._writing = False
        self._raw = _connect(path)
        self._engine = sa.create_engine(
            "sqlite://", creator=lambda: self._raw, poolclass=sa.pool.StaticPool
        )
        sa.event.listen(self._engine, "begin", self._begin)

    def _begin(self, conn: sa.Connection) -> None:
        conn.exec_driver_sql("BEGIN IMMEDIATE" if self._writing else "BEGIN")

    @property
    def raw(self) -> sqlite3.Connection:
        """The driver's connection, for pragmas and ``VACUUM INTO``."""
        return self._raw

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A consistent view."""
        with self.lock, faults.told(self.path), self._engine.connect() as conn:
            yield conn

    @contextmanager
    def transaction(self, *, housekeeping: bool = False) -> Iterator[sa.Connection]:
        """All or nothing. ``housekeeping`` is allowed in read-only mode (opening, migrating)."""
        if self.read_only and not housekeeping:
            raise faults.read_only_place(self.path)
        with self.lock, faults.told(self.path):
            if self._writing:
                raise RuntimeError("a change inside a change")
            self._writing = True
            self._raw.execute("PRAGMA query_only = OFF")
            try:
                with self._engine.begin() as conn:
                    yield conn
            finally:
                self._writing = False
                self._raw.execute("PRAGMA query_only = ON")

    def vacuum_into(self, goal: Path, cancelled: Callable[[], bool]) -> None:
        """A compact, consistent copy in journal mode ``delete``; ``Cancelled`` on request."""
        with self.lock:
            self._raw.set_progress_handler(cancelled, _STEPS_BETWEEN_LOOKS)
            self._raw.execute("PRAGMA query_only = OFF")  # it forbids writing other files, too
            try:
                self._raw.execute("VACUUM INTO ?", (str(goal),))
            except sqlite3.OperationalError as error:
                if error.sqlite_errorname == "SQLITE_INTERRUPT":
                    raise Cancelled from error
                raise
            finally:
                self._raw.execute("PRAGMA query_only = ON")
                self._raw.set_progress_handler(None, 0)

    def close(self) -> None:
        with self.lock:
            self._engine.dispose()
            self._raw.close()


def _connect(path: Path) -> sqlite3.Connection:
    with faults.told(path):
        raw = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10.0)
        try:
            # Functions in a foreign file's schema must not run with our rights.
            raw.execute("PRAGMA trusted_schema = OFF")
            raw.execute("PRAGMA busy_timeout = 10000")
            raw.execute("PRAGMA journal_mode = WAL")
            raw.execute("PRAGMA synchronous = FULL")
            raw.execute("PRAGMA foreign_keys = ON")
            raw.execute("PRAGMA query_only = ON")
        except sqlite3.Error as error:
            raw.close()
            if faults.from_sqlite(error, path) is None:
                # Nothing of ours has run yet: SQLite cannot make sense of the file's header.
                raise faults.damaged(path) from error
            raise
    return raw


def create_tables(conn: sa.Connection, name: str, identity: str, app_version: str) -> None:
    """Fill an empty database with the tables of the current schema version."""
    geopackage.create_system(conn)
    schema.METADATA.create_all(conn)
    for table in schema.VISIBLE:
        geopackage.register_attributes(conn, table.name)
    write_versions(conn, app_version)
    for key, value in (("name", name), ("identity", identity), ("head", "0"), ("next_id", "1")):
        set_meta(conn, key, value)
    set_meta(conn, "saved", "")


def write_versions(conn: sa.Connection, app_version: str) -> None:
    """Who wrote the file and who can read it."""
    set_meta(conn, "schema_version", str(schema.SCHEMA_VERSION))
    set_meta(conn, "min_reader", str(schema.MIN_READER))
    set_meta(conn, "min_reader_app", schema.MIN_READER_APP)
    set_meta(conn, "written_by", app_version)


def get_meta(conn: sa.Connection, key: str) -> str | None:
    return conn.execute(
        sa.select(schema.META.c.value).where(schema.META.c.key == key)
    ).scalar_one_or_none()


def set_meta(conn: sa.Connection, key: str, value: str) -> None:
    updated = conn.execute(schema.META.update().where(schema.META.c.key == key).values(value=value))
    if updated.rowcount == 0:
        conn.execute(schema.META.insert().values(key=key, value=value))


def sqlite_version() -> str:
    return sqlite3.sqlite_version
