"""Revisions: each change is one, and each can be undone and redone exactly.

Rows of versioned tables are immutable. A change copies the rows that it removes into a shadow
table and remembers the ids of the rows that it adds; undo and redo move rows between the two
with set-based SQL. Ids are never used twice. A new change after an undo gives up what was undone:
its revisions stay in the list as ``dropped``, their rows go.
"""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from monitor_app.core.datasets import SourceFile
from monitor_app.core.progress import Progress
from monitor_app.project import schema, store

APPLIED, UNDONE, DROPPED = "applied", "undone", "dropped"
_CHUNK = 2000


@dataclass(frozen=True, slots=True)
class Revision:
    """One confirmed change. ``state``: ``applied``, ``undone`` (can be redone) or ``dropped``."""

    id: int
    label: str
    time: datetime
    user: str
    state: str = APPLIED
    sources: tuple[SourceFile, ...] = ()

    @property
    def undone(self) -> bool:
        return self.state == UNDONE


class Change:
    """The revision that is being written. Only lives inside one transaction."""

    def __init__(self, conn: sa.Connection, revision: Revision, progress: Progress) -> None:
        self.conn = conn
        self.revision = revision
        self.progress = progress
        self._first_new = _next_id(conn)
        self._next = self._first_new
        self._removed = False
        self.layers: set[str] = set()  # area layers touched
        self.points: set[int] = set()  # numbers of facility data sets touched

    @property
    def empty(self) -> bool:
        """Whether nothing was added or removed so far."""
        return self._next == self._first_new and not self._removed

    def insert(self, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
        """Add rows (values of all columns but ``id``, in order)."""
        if not rows:
            return
        first, self._next = self._next, self._next + len(rows)
        # Columns by name: a migrated table has its newer columns at the end.
        quote = self.conn.dialect.identifier_preparer.quote
        names = ", ".join(quote(c.name) for c in table.columns)
        marks = ", ".join("?" * len(table.columns))
        statement = f"INSERT INTO {quote(table.name)} ({names}) VALUES ({marks})"
        for start in range(0, len(rows), _CHUNK):
            self.progress.step()
            part = rows[start : start + _CHUNK]
            self.conn.exec_driver_sql(
                statement, [(first + start + i, *row) for i, row in enumerate(part)]
            )
        self.conn.execute(
            schema.ADDED.insert().values(
                rev=self.revision.id, tbl=table.name, first_id=first, last_id=self._next - 1
            )
        )
        self._note(table)

    def remove(self, table: sa.Table, condition: sa.ColumnElement[bool]) -> int:
        """Take rows out of sight; they can come back. Returns how many."""
        self.progress.step()
        old = table.c.id < self._first_new
        _park(self.conn, table, self.revision.id, 0, sa.and_(condition, old))
        count = self.conn.execute(table.delete().where(condition)).rowcount
        self._removed = self._removed or count > 0
        if count:
            self._note(table)
        return count

    def _note(self, table: sa.Table) -> None:
        if table.name not in schema.SHADOWS:
            self.layers.add(table.name)

    def finish(self) -> None:
        store.set_meta(self.conn, "next_id", str(self._next))
        store.set_meta(self.conn, "head", str(self.revision.id))


def _next_id(conn: sa.Connection) -> int:
    return int(store.get_meta(conn, "next_id") or 1)


def head(conn: sa.Connection) -> int:
    """Id of the newest revision in force, 0 where there is none."""
    return int(store.get_meta(conn, "head") or 0)


def state(conn: sa.Connection) -> str:
    """Where the work stands: newest revision in force, newest revision of all, and how often
    something was remembered outside of the history."""
    top = conn.execute(sa.select(sa.func.max(schema.REVISION.c.id))).scalar() or 0
    return f"{head(conn)}/{top}/{store.get_meta(conn, 'remembered') or 0}"


def remember(conn: sa.Connection, key: str, text: str) -> None:
    """Keep a text that is no content: no revision, no undo, but written at the next save."""
    store.set_meta(conn, f"remembered:{key}", text)
    store.set_meta(conn, "remembered", str(int(store.get_meta(conn, "remembered") or 0) + 1))


def remembered(conn: sa.Connection, key: str) -> str | None:
    return store.get_meta(conn, f"remembered:{key}")


def set_saved(conn: sa.Connection, saved: str) -> None:
    """Note that the user's file has the history up to this state."""
    store.set_meta(conn, "saved", saved)


def saved_head(conn: sa.Connection) -> int:
    """Newest revision in force in the user's file, -1 where there is no file yet."""
    saved = store.get_meta(conn, "saved") or ""
    return int(saved.partition("/")[0]) if saved else -1


def is_saved(conn: sa.Connection) -> bool:
    """Whether the user's file has everything, what can be redone included."""
    return store.get_meta(conn, "saved") == state(conn)


def is_dirty(conn: sa.Connection) -> bool:
    """Whether the content differs from that of the user's file."""
    return saved_head(conn) != head(conn)


def begin(
    conn: sa.Connection,
    label: str,
    sources: Sequence[SourceFile],
    progress: Progress,
    merge_key: str | None = None,
) -> Change:
    """Start a revision inside a running transaction."""
    _drop_undone(conn)
    moment = datetime.now(UTC)
    number = conn.execute(sa.select(sa.func.max(schema.REVISION.c.id))).scalar() or 0
    revision = Revision(number + 1, label, moment, user_name(), APPLIED, tuple(sources))
    conn.execute(
        schema.REVISION.insert().values(
            id=revision.id,
            label=label,
            time=moment.isoformat(),
            user=revision.user,
            state=APPLIED,
            merge_key=merge_key,
        )
    )
    for source in sources:
        conn.execute(
            schema.SOURCE.insert().values(
                revision=revision.id,
                name=source.name,
                sha256=source.sha256,
                size=source.size,
                modified=source.modified.isoformat() if source.modified else None,
                sheet=source.sheet,
            )
        )
    return Change(conn, revision, progress)


def mergeable(conn: sa.Connection, merge_key: str | None) -> int | None:
    """The head revision where a change with this key may take its place (a slider dragged on),
    None else. What has been saved stays a step of its own."""
    current = head(conn)
    if merge_key is None or current == 0 or saved_head(conn) == current:
        return None
    found = conn.execute(
        sa.select(schema.REVISION.c.merge_key).where(schema.REVISION.c.id == current)
    ).scalar()
    return current if found == merge_key else None


def revert(conn: sa.Connection, revision: int) -> tuple[set[str], set[int]]:
    """Undo ``revision``, the head. Returns area layers and facility data sets touched."""
    layers: set[str] = set()
    for name, first, last in _added(conn, revision):
        table = _table(name)
        if name not in schema.SHADOWS:
            layers.add(name)
        rows = table.c.id.between(first, last)
        _park(conn, table, revision, 1, rows)
        conn.execute(table.delete().where(rows))
    for table in _touched(conn, revision, 0):
        _bring_back(conn, table, revision, 0)
        if table.name not in schema.SHADOWS:
            layers.add(table.name)
    _set_state(conn, revision, UNDONE)
    previous = conn.execute(
        sa.select(sa.func.max(schema.REVISION.c.id)).where(schema.REVISION.c.state == APPLIED)
    ).scalar()
    store.set_meta(conn, "head", str(previous or 0))
    return layers, _points(conn, revision)


def reapply(conn: sa.Connection, revision: int) -> tuple[set[str], set[int]]:
    """Redo ``revision``, the oldest undone one."""
    layers: set[str] = set()
    for table in _touched(conn, revision, 0):
        shadow, own = _shadow(table)
        ids = sa.select(shadow.c.row_id).where(shadow.c.rev == revision, shadow.c.side == 0, *own)
        conn.execute(table.delete().where(table.c.id.in_(ids)))
        if table.name not in schema.SHADOWS:
            layers.add(table.name)
    for table in _touched(conn, revision, 1):
        _bring_back(conn, table, revision, 1)
        shadow, own = _shadow(table)
        conn.execute(shadow.delete().where(shadow.c.rev == revision, shadow.c.side == 1, *own))
        if table.name not in schema.SHADOWS:
            layers.add(table.name)
    _set_state(conn, revision, APPLIED)
    store.set_meta(conn, "head", str(revision))
    return layers, _points(conn, revision)


def drop(conn: sa.Connection, revision: int) -> None:
    """Give up an undone revision for good."""
    for shadow in (*schema.SHADOWS.values(), schema.AREA_SHADOW, schema.ADDED):
        conn.execute(shadow.delete().where(shadow.c.rev == revision))
    _set_state(conn, revision, DROPPED)


def next_redo(conn: sa.Connection) -> int | None:
    return conn.execute(
        sa.select(sa.func.min(schema.REVISION.c.id)).where(schema.REVISION.c.state == UNDONE)
    ).scalar()


def revisions(conn: sa.Connection, *, dropped: bool = False) -> tuple[Revision, ...]:
    """All revisions, oldest first; dropped ones on request."""
    r = schema.REVISION.c
    query = sa.select(r.id, r.label, r.time, r.user, r.state).order_by(r.id)
    if not dropped:
        query = query.where(r.state != DROPPED)
    found = sources(conn)
    return tuple(
        Revision(i, label, datetime.fromisoformat(time), user, state, found.get(i, ()))
        for i, label, time, user, state in conn.execute(query)
    )


def sources(conn: sa.Connection) -> dict[int, tuple[SourceFile, ...]]:
    """Files per revision."""
    s = schema.SOURCE.c
    result: dict[int, list[SourceFile]] = {}
    for revision, name, sha256, size, modified, sheet in conn.execute(
        sa.select(s.revision, s.name, s.sha256, s.size, s.modified, s.sheet).order_by(s.id)
    ):
        moment = datetime.fromisoformat(modified) if modified else None
        result.setdefault(revision, []).append(SourceFile(name, sha256, size, moment, sheet))
    return {revision: tuple(files) for revision, files in result.items()}


def user_name() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # no account data (containers, services)
        return "?"


def _drop_undone(conn: sa.Connection) -> None:
    query = sa.select(schema.REVISION.c.id).where(schema.REVISION.c.state == UNDONE)
    for revision in list(conn.execute(query).scalars()):
        drop(conn, revision)


def _set_state(conn: sa.Connection, revision: int, state: str) -> None:
    conn.execute(
        schema.REVISION.update().where(schema.REVISION.c.id == revision).values(state=state)
    )


def _added(conn: sa.Connection, revision: int) -> list[tuple[str, int, int]]:
    a = schema.ADDED.c
    query = sa.select(a.tbl, a.first_id, a.last_id).where(a.rev == revision).order_by(a.id)
    return [(name, first, last) for name, first, last in conn.execute(query)]


def _table(name: str) -> sa.Table:
    known = schema.METADATA.tables.get(name)
    return known if known is not None else schema.area_table(name)


def _shadow(table: sa.Table) -> tuple[sa.Table, tuple[sa.ColumnElement[bool], ...]]:
    """The shadow of a table and the condition that picks the table's rows in it."""
    if table.name in schema.SHADOWS:
        return schema.SHADOWS[table.name], ()
    return schema.AREA_SHADOW, (schema.AREA_SHADOW.c.layer == table.name,)


def _touched(conn: sa.Connection, revision: int, side: int) -> list[sa.Table]:
    """Tables with parked rows of a revision."""
    result = []
    for table in schema.VERSIONED:
        shadow = schema.SHADOWS[table.name]
        where = (shadow.c.rev == revision, shadow.c.side == side)
        if conn.execute(sa.select(shadow.c.id).where(*where).limit(1)).first() is not None:
            result.append(table)
    shadow = schema.AREA_SHADOW
    where = (shadow.c.rev == revision, shadow.c.side == side)
    for name in conn.execute(sa.select(shadow.c.layer).where(*where).distinct()).scalars():
        _ensure_layer(conn, name)
        result.append(schema.area_table(name))
    return result


def _park(
    conn: sa.Connection,
    table: sa.Table,
    revision: int,
    side: int,
    condition: sa.ColumnElement[bool],
) -> None:
    """Copy rows into the shadow."""
    shadow, own = _shadow(table)
    names = ["rev", "side"] + ["row_id" if c.name == "id" else c.name for c in table.columns]
    values: list[Any] = [sa.literal(revision), sa.literal(side), *table.columns]
    if own:
        names.append("layer")
        values.append(sa.literal(table.name))
    conn.execute(shadow.insert().from_select(names, sa.select(*values).where(condition)))


def _bring_back(conn: sa.Connection, table: sa.Table, revision: int, side: int) -> None:
    """Copy rows from the shadow."""
    shadow, own = _shadow(table)
    names = [c.name for c in table.columns]
    values = [shadow.c["row_id" if n == "id" else n] for n in names]
    rows = sa.select(*values).where(shadow.c.rev == revision, shadow.c.side == side, *own)
    conn.execute(table.insert().from_select(names, rows))


def _points(conn: sa.Connection, revision: int) -> set[int]:
    """Facility data sets whose rows a revision added or removed."""
    shadow = schema.SHADOWS["monitor_facility"]
    shadow_set = schema.SHADOWS["monitor_dataset"]
    result: set[int] = set()
    for query in (
        sa.select(shadow.c.dataset).where(shadow.c.rev == revision).distinct(),
        sa.select(shadow_set.c.number).where(
            shadow_set.c.rev == revision, shadow_set.c.layer.is_not(None)
        ),
    ):
        result.update(conn.execute(query).scalars())
    for name, first, last in _added(conn, revision):
        table = _table(name)
        if table is schema.FACILITY:
            column = table.c.dataset
        elif table is schema.DATASET:
            column = table.c.number
        else:
            continue
        rows = sa.select(column).where(table.c.id.between(first, last)).distinct()
        result.update(conn.execute(rows).scalars())
    return result


def _ensure_layer(conn: sa.Connection, name: str) -> None:
    schema.area_table(name).create(conn, checkfirst=True)


def skip_used_ids(conn: sa.Connection) -> None:
    """Never hand out ids that other programs gave to rows of theirs (QGIS adds an area)."""
    names = [table.name for table in schema.VERSIONED]
    names.extend(conn.execute(sa.select(schema.LEVEL.c.layer)).scalars())
    highest = max(
        conn.execute(sa.select(sa.func.max(_table(name).c.id))).scalar() or 0 for name in names
    )
    if highest >= _next_id(conn):
        store.set_meta(conn, "next_id", str(highest + 1))
