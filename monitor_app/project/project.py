"""The project that a user works on."""

from __future__ import annotations

import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import sqlalchemy as sa

import monitor_app
from monitor_app.core.areas import AreaSystem
from monitor_app.core.batch import ImportBatch, PointTable
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import DatasetInfo, SourceFile
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, UserError, errors, fail
from monitor_app.core.progress import Progress
from monitor_app.project import (
    areas,
    datasets,
    digest,
    documents,
    faults,
    history,
    integrity,
    layers,
    opening,
    publish,
    recovery,
    schema,
)  # fmt: skip
from monitor_app.project import (
    store as stores,
)
from monitor_app.project import (
    target as targets,
)
from monitor_app.project.history import Change, Revision
from monitor_app.project.lock import Lock
from monitor_app.project.publish import Publication, Steps
from monitor_app.project.store import Store
from monitor_app.project.target import Fingerprint
from monitor_app.project.workfile import WorkFile, default_working_dir

#: What a file with damaged content makes us and SQLite raise.
_NONSENSE = (
    ValueError, TypeError, AttributeError, LookupError, OverflowError, sqlite3.Error,
    sa.exc.SQLAlchemyError,
)  # fmt: skip
WRITE, READ, TAKE_OVER = "write", "read", "take_over"


class Project:
    """An open project. Every change is one committed transaction and one revision; the user's
    file changes on ``save`` only. Methods may be called from any thread."""

    def __init__(self, target: Path, store: Store, work: WorkFile, lock: Lock | None) -> None:
        """Use ``create``, ``open`` or ``recovery`` instead."""
        self._path = target
        self._store = store
        self._work = work
        self._lock = lock
        self._areas: AreaSystem | None = None
        self._cubes: dict[str, Cube] = {}
        self._datasets: tuple[DatasetInfo, ...] | None = None
        self._saving = threading.Lock()
        self._closed = False

    # --- opening and closing -------------------------------------------------------------------

    @classmethod
    def create(
        cls, path: Path | str, *, name: str | None = None, working_dir: Path | None = None
    ) -> Project:
        """A new, empty project, saved at once. ``UserError`` where the file exists or the folder
        cannot be written."""
        target = targets.absolute(path)
        folder = working_dir or default_working_dir()
        targets.refuse_own_copy(target, folder)
        targets.check_writable(target)
        if target.exists():
            raise publish.exists(target)
        lock = Lock.acquire(target)
        work = store = None
        try:
            work = WorkFile.new(folder, target, name or target.stem, WRITE)
            store = Store(work.path)
            with store.transaction() as conn:
                stores.create_tables(
                    conn, name or target.stem, uuid.uuid4().hex, monitor_app.__version__
                )
            project = cls(target, store, work, lock)
            project.save()
        except BaseException:
            opening.abandon(store, work, lock)
            raise
        return project

    @classmethod
    def open(
        cls,
        path: Path | str,
        mode: str = WRITE,
        *,
        working_dir: Path | None = None,
        progress: Progress | None = None,
    ) -> Project:
        """Open a copy of the file. ``mode``: ``write`` (refused while somebody has it open),
        ``read`` (no lock, no changes) or ``take_over`` (the user says that the lock is dead)."""
        if mode not in (WRITE, READ, TAKE_OVER):
            raise ValueError(f"unknown mode {mode}")
        target = targets.absolute(path)
        folder = working_dir or default_working_dir()
        progress = progress or Progress()
        targets.refuse_own_copy(target, folder)
        if not target.exists():
            raise faults.absent(target)
        targets.check_is_geopackage(target)
        recovery.clean(folder)
        lock = None
        if mode != READ:
            targets.check_writable(target)
            lock = Lock.acquire(target, take_over=mode == TAKE_OVER)
        work = store = None
        try:
            if lock is not None:
                publish.sweep(target)
            work = WorkFile.new(folder, target, target.stem, READ if mode == READ else WRITE)
            if targets.logs(target):
                seen = targets.copy_with_logs(target, work.path, progress)
            else:
                seen = targets.copy_in(target, work.path, progress)
            progress.step(None, _("Checking the project …"))
            store = Store(work.path, read_only=mode == READ)
            opening.check_and_migrate(store, target)
            with store.transaction(housekeeping=True) as conn:
                history.set_saved(conn, history.state(conn))
                history.skip_used_ids(conn)
            project = cls(target, store, work, lock)
            # From here on the copy counts as somebody's work (see ``recovery``).
            work.update(fingerprint=seen, name=project.name)
        except BaseException:
            opening.abandon(store, work, lock)
            raise
        return project

    def close(self, *, discard: bool = False) -> None:
        """Let go of the file. Unsaved changes are offered for recovery at the next start, unless
        ``discard`` says that the user does not want them."""
        if self._closed:
            return
        try:
            keep = not discard and not self.read_only and self.dirty
        except UserError:  # the copy cannot be read: never throw it away
            keep = True
        self._closed = True
        self._store.close()
        try:
            if keep:
                self._work.release()
            else:
                self._work.remove()
        finally:
            if self._lock is not None:
                self._lock.release()

    def __enter__(self) -> Project:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    # --- what it is ----------------------------------------------------------------------------

    @property
    def path(self) -> Path:
        """The user's file."""
        return self._path

    @property
    def name(self) -> str:
        with self._reading() as conn:
            return stores.get_meta(conn, "name") or self._path.stem

    @property
    def read_only(self) -> bool:
        return self._store.read_only

    @property
    def dirty(self) -> bool:
        """Whether there is anything that the user's file does not have."""
        with self._reading() as conn:
            return history.is_dirty(conn)

    def areas(self) -> AreaSystem:
        with self._store.lock:
            if self._areas is None:
                with self._reading() as conn:
                    self._areas = areas.read(conn)
            return self._areas

    def datasets(self) -> tuple[DatasetInfo, ...]:
        with self._store.lock:
            if self._datasets is None:
                with self._reading() as conn:
                    self._datasets = datasets.infos(conn)
            return self._datasets

    def cube(self, key: str) -> Cube:
        """All numbers of a data set (arrays read-only). ``KeyError`` for an unknown key."""
        with self._store.lock:
            if key not in self._cubes:
                with self._reading() as conn:
                    self._cubes[key] = datasets.cube(conn, key)
            return self._cubes[key]

    def points(self, key: str) -> PointTable:
        """Facilities of a data set in project coordinates. ``KeyError`` for an unknown key."""
        with self._reading() as conn:
            return datasets.points(conn, key)

    def document(self, kind: str, key: str) -> str | None:
        """A text that the project keeps, None where there is none."""
        with self._reading() as conn:
            return documents.get(conn, kind, key)

    def documents(self, kind: str) -> dict[str, str]:
        """All texts of a kind, by key."""
        documents.check_kind(kind)
        with self._reading() as conn:
            return documents.all_of(conn, kind)

    def content_hash(self) -> str:
        """SHA-256 of everything that a user put in, whatever the ids and the history are."""
        with self._reading() as conn:
            return digest.content_hash(conn)

    def check(self) -> tuple[Issue, ...]:
        """What does not hold together inside the project; empty for a sound one."""
        with self._reading() as conn:
            return integrity.check(conn)

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        """A view in which texts and numbers that make no sense are a damaged file."""
        try:
            with self._store.read() as conn:
                yield conn
        except datasets.UnknownDataset:
            raise
        except _NONSENSE as error:
            raise faults.damaged(self._path) from error

    # --- changes -------------------------------------------------------------------------------

    def apply(self, batch: ImportBatch, progress: Progress | None = None) -> Revision:
        """Store a confirmed import. ``UserError`` (and no change) for a batch with errors."""
        if batch.blocked:
            raise UserError(errors(batch.issues))
        with self._change(batch.label, batch.sources, progress) as change:
            for table in sorted(batch.areas, key=lambda t: t.level.rank):
                areas.apply(change, table)
            for key in batch.removed:
                datasets.remove(change, key)
            for fact in batch.facts:
                datasets.apply_facts(change, fact)
            for points in batch.points:
                datasets.apply_points(change, points)
            for bridge in batch.bridges:
                documents.put(change, "bridge", bridge.key, bridge.dump())
            recipes = {("recipe", key): text for key, text in batch.recipes.items()}
            for (kind, key), text in (recipes | dict(batch.documents)).items():
                documents.put(change, kind, key, text)
        return change.revision

    def put_document(
        self, kind: str, key: str, text: str, label: str, *, merge: str | None = None
    ) -> Revision | None:
        """Keep a text; None where it is there already. Changes in a row with the same ``merge``
        key (a slider being dragged) make one step of undo."""
        return self.put_documents(kind, {key: text}, label, merge=merge)

    def put_documents(
        self, kind: str, texts: Mapping[str, str], label: str, *, merge: str | None = None
    ) -> Revision | None:
        """Keep several texts in one step of undo."""
        documents.check_kind(kind)
        if all(self.document(kind, key) == text for key, text in texts.items()):
            return None
        with self._change(label, merge=merge) as change:
            for key, text in texts.items():
                documents.put(change, kind, key, text)
        return change.revision

    def remember(self, key: str, text: str) -> None:
        """Keep what is on the screen: no step of undo, and no change of content. It reaches the
        user's file with the next save. Does nothing in read-only mode."""
        if not self.read_only and self.remembered(key) != text:
            with self._store.transaction() as conn:
                history.remember(conn, key, text)

    def remembered(self, key: str) -> str | None:
        """What was remembered under a key."""
        with self._store.read() as conn:
            return history.remembered(conn, key)

    def delete_document(self, kind: str, key: str, label: str) -> Revision | None:
        """Remove a text; None where there is none."""
        if self.document(kind, key) is None:
            return None
        with self._change(label) as change:
            documents.delete(change, kind, key)
        return change.revision

    def remove_dataset(self, key: str, label: str) -> Revision:
        """Take a data set out of the project. ``KeyError`` for an unknown key."""
        with self._change(label) as change:
            datasets.remove(change, key)
        return change.revision

    def put_style(self, level: str, name: str, qml: str, sld: str, label: str) -> Revision:
        """The style with which QGIS shows the areas of a level. ``KeyError`` for a level without
        areas of its own."""
        with self._change(label) as change:
            layer = change.conn.execute(
                sa.select(schema.LEVEL.c.layer).where(schema.LEVEL.c.key == level)
            ).scalar()
            if layer is None:
                raise KeyError(level)
            documents.put_style(change, layer, name, qml, sld)
        return change.revision

    @contextmanager
    def _change(
        self,
        label: str,
        sources: tuple[SourceFile, ...] = (),
        progress: Progress | None = None,
        merge: str | None = None,
    ) -> Iterator[Change]:
        """One revision in one transaction; nothing of it stays if anything fails."""
        with self._store.lock:
            try:
                with self._store.transaction() as conn:
                    before = history.mergeable(conn, merge)
                    if before is not None:
                        touched = history.revert(conn, before)
                        layers.refresh(conn, *touched)
                    change = history.begin(conn, label, sources, progress or Progress(), merge)
                    yield change
                    change.finish()
                    layers.refresh(conn, change.layers, change.points)
            finally:
                self._forget()
        self.keep_lock()

    def _forget(self) -> None:
        self._areas = None
        self._datasets = None
        self._cubes.clear()

    # --- history -------------------------------------------------------------------------------

    def revisions(self, *, dropped: bool = False) -> tuple[Revision, ...]:
        """All changes, oldest first; undone ones are marked, given-up ones shown on request."""
        with self._reading() as conn:
            return history.revisions(conn, dropped=dropped)

    @property
    def undo_label(self) -> str | None:
        """What ``undo`` would take back, None where there is nothing."""
        return next((r.label for r in reversed(self.revisions()) if not r.undone), None)

    @property
    def redo_label(self) -> str | None:
        return next((r.label for r in self.revisions() if r.undone), None)

    def undo(self) -> Revision:
        """Take back the newest change. ``UserError`` where there is none."""
        none = _("There is nothing to undo.")
        return self._move(lambda conn: history.head(conn) or None, history.revert, none)

    def redo(self) -> Revision:
        """Do again what was undone last. ``UserError`` where there is nothing."""
        return self._move(history.next_redo, history.reapply, _("There is nothing to redo."))

    def _move(
        self,
        find: Callable[[sa.Connection], int | None],
        move: Callable[[sa.Connection, int], tuple[set[str], set[int]]],
        none: str,
    ) -> Revision:
        with self._store.lock:
            try:
                with self._store.transaction() as conn:
                    number = find(conn)
                    if number is None:
                        raise fail("nothing_to_do", none)
                    layers.refresh(conn, *move(conn, number))
                    found = history.revisions(conn)
            finally:
                self._forget()
        return next(r for r in found if r.id == number)

    # --- saving --------------------------------------------------------------------------------

    def save(self, progress: Progress | None = None, *, steps: Steps | None = None) -> None:
        """Write the user's file (see ``publish``). ``Cancelled`` until the replace; on any
        failure the file is untouched and the work safe in the working copy. Nothing is written
        where the file has everything already."""
        lock = self._own_lock()
        if self._nothing_to_save():
            return
        job = Publication(
            self._store, self._work, lock, self._path, self._work.note.fingerprint,
            progress or Progress(), steps=steps,
        )  # fmt: skip
        self._publish(job)

    def save_as(
        self,
        path: Path | str,
        progress: Progress | None = None,
        *,
        overwrite: bool = False,
        steps: Steps | None = None,
    ) -> None:
        """Write to another file and go on working on that one. A read-only project becomes
        writable. ``overwrite``: the user agreed to replace an existing file."""
        target = targets.absolute(path)
        targets.refuse_own_copy(target, self._work.path.parent)
        opening.require_current(self._store, self._path)
        targets.check_writable(target)
        same = target == self._path and self._lock is not None
        lock = self._own_lock() if same else Lock.acquire(target)
        job = Publication(
            self._store, self._work, lock, target, None, progress or Progress(),
            overwrite=overwrite, steps=steps,
        )  # fmt: skip
        try:
            self._publish(job)
        except BaseException:
            if not same:
                lock.release()
            raise
        if not same and self._lock is not None:
            self._lock.release()
        self._lock, self._path, self._store.read_only = lock, target, False

    def _own_lock(self) -> Lock:
        if self._lock is None:
            raise faults.read_only_place(self._path)
        return self._lock

    def _nothing_to_save(self) -> bool:
        """Whether the user's file has everything, what can be redone included, and is still what
        we opened or saved last."""
        with self._reading() as conn:
            if not history.is_saved(conn):
                return False
        known = self._work.note.fingerprint
        with faults.told(self._path):
            return known is not None and known.same_content(targets.fingerprint(self._path))

    def keep_lock(self) -> None:
        """Say that the project is still in use; call it every few minutes while it is open."""
        if self._lock is not None:
            self._lock.refresh()
        self._work.touch()

    def _publish(self, job: Publication) -> None:
        with self._saving:
            fingerprint = publish.publish(job)
            self._note_saved(job, fingerprint)

    def _note_saved(self, job: Publication, fingerprint: Fingerprint) -> None:
        """The user's file is in place: from here on nothing may look like a failure. If the notes
        cannot be written, the project stays marked as unsaved, which costs a second save."""
        with suppress(UserError), self._store.transaction(housekeeping=True) as conn:
            history.set_saved(conn, job.state)
        with suppress(UserError):
            self._work.update(
                fingerprint=fingerprint,
                pending=None,
                pending_state="",
                target=str(job.target),
                mode=WRITE,
            )
        job.lock.refresh()
