"""What a crash, a power cut or a restart leaves behind is understood for what it is."""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from monitor_app.core.issues import UserError
from monitor_app.project import lock as locks
from monitor_app.project import processes, recovery
from monitor_app.project.project import Project
from monitor_app.project.workfile import WorkFile

needs_births = pytest.mark.skipif(
    not processes.birth(os.getpid()), reason="the system does not say when a process began"
)


def _abandon(town: Path, working: Path) -> Path:
    """A working copy with unsaved work, as a killed process leaves it; returns its note."""
    project = Project.open(town, working_dir=working)
    project.put_document("view", "v", "1", "Ansicht")
    project._store.close()
    locks.lock_path(town).unlink()
    (note,) = working.glob("*.json")
    return note


def _change(note: Path, **values: object) -> None:
    note.write_text(json.dumps({**json.loads(note.read_text()), **values}), encoding="utf-8")


@needs_births
def test_a_number_that_another_process_has_now_hides_no_work(town: Path, working: Path) -> None:
    """After a restart the number of the dead process belongs to some service."""
    note = _abandon(town, working)
    _change(note, pid=os.getppid(), born="before the restart")
    (found,) = recovery.leftovers(working)
    assert [r.label for r in found.revisions] == ["Ansicht"]
    _change(note, born=processes.birth(os.getppid()))
    assert recovery.leftovers(working) == (), "its process lives"


@needs_births
def test_a_lock_whose_number_another_process_has_now_is_dead(town: Path, working: Path) -> None:
    with Project.open(town, working_dir=working):
        mine = locks.owner(town)
    assert mine is not None
    assert mine.born == processes.birth(os.getpid())
    for born, free in (("before the restart", True), (processes.birth(os.getppid()), False)):
        theirs = replace(mine, pid=os.getppid(), token="theirs", born=born)
        locks.lock_path(town).write_text(theirs.to_text(), encoding="utf-8")
        if free:
            Project.open(town, working_dir=working).close()
        else:
            with pytest.raises(UserError) as caught:
                Project.open(town, working_dir=working)
            assert caught.value.issues[0].code == "locked"


def test_locks_and_notes_of_older_versions_are_understood(town: Path, working: Path) -> None:
    note = _abandon(town, working)
    stored = json.loads(note.read_text())
    for name in ("born", "pending_state"):
        del stored[name]
    note.write_text(json.dumps({**stored, "pid": os.getppid()}), encoding="utf-8")
    assert recovery.leftovers(working) == ()
    note.write_text(json.dumps({**stored, "pid": 2**22 + 1}), encoding="utf-8")
    assert len(recovery.leftovers(working)) == 1


def test_a_save_that_arrived_is_not_offered_again(town: Path, working: Path) -> None:
    """The process died after the file was replaced and before it could write that down."""

    def die(name: str) -> None:
        if name == "sync_folder":
            raise KeyboardInterrupt

    project = Project.open(town, working_dir=working)
    project.put_document("view", "v", "1", "Ansicht")
    with pytest.raises(KeyboardInterrupt):
        project.save(steps=die)
    project.close()
    assert recovery.leftovers(working) == ()
    with Project.open(town, working_dir=working) as project:
        assert project.document("view", "v") == "1"
    assert list(working.iterdir()) == []


def test_only_what_came_after_the_last_save_is_offered(town: Path, working: Path) -> None:
    def die(name: str) -> None:
        if name == "sync_folder":
            raise KeyboardInterrupt

    project = Project.open(town, working_dir=working)
    project.put_document("view", "v", "1", "Gespeichert")
    with pytest.raises(KeyboardInterrupt):
        project.save(steps=die)
    project.put_document("view", "v", "2", "Danach")
    project.close()
    (left,) = recovery.leftovers(working)
    assert [r.label for r in left.revisions] == ["Danach"]
    with left.open() as project:
        project.save()
    with Project.open(town, "read", working_dir=working) as project:
        assert project.document("view", "v") == "2"


@pytest.mark.skipif(sys.platform != "linux", reason="looks names of open files up in /proc")
def test_the_copy_is_on_the_disk_before_work_counts_as_confirmed(
    town: Path, working: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite syncs its log on each commit; a power cut must not take the pages below it."""
    synced: list[str] = []
    real = os.fsync

    def fsync(handle: int) -> None:
        synced.append(Path(f"/proc/self/fd/{handle}").resolve().name)
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    with Project.open(town, working_dir=working):
        (copy,) = working.glob("*.gpkg")
        assert copy.name in synced
        assert synced.index(copy.name) < len(synced) - 1, "the note that counts comes later"


def test_a_long_session_keeps_its_copy_fresh(town: Path, working: Path) -> None:
    """Computers may share the folder of working copies: old notes of others are cleared away."""
    with Project.open(town, working_dir=working) as project:
        (note,) = working.glob("*.json")
        os.utime(note, (0, 0))
        project.keep_lock()
        assert note.stat().st_mtime > 1_000_000_000


def test_closing_on_a_full_disk_lets_go_of_the_file_and_keeps_the_work(
    town: Path, working: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found by filling a small disk: closing failed, and the file stayed locked."""

    def full(_work: WorkFile) -> None:
        raise OSError(errno.ENOSPC, "no space")

    project = Project.open(town, working_dir=working)
    project.put_document("view", "v", "1", "Ansicht")
    with monkeypatch.context() as patch:
        patch.setattr(WorkFile, "write_note", full)
        project.close()
    assert locks.owner(town) is None
    (left,) = recovery.leftovers(working)
    assert [r.label for r in left.revisions] == ["Ansicht"]
    left.discard()


def test_what_a_killed_opening_leaves_in_the_working_folder_goes(town: Path, working: Path) -> None:
    """Found by killing at random: a note without its name, a journal of the change to WAL."""
    note = _abandon(town, working)
    _change(note, pid=2**22 + 1, fingerprint=None)
    note.with_suffix(".gpkg-journal").write_bytes(b"x")
    fresh = working / "0123.json.tmp"
    fresh.write_text(note.read_text(), encoding="utf-8")
    half = working / "4567.json.tmp"
    half.write_text("{", encoding="utf-8")
    Project.open(town, working_dir=working).close()
    assert list(working.iterdir()) == [half], "may be in the making"
    os.utime(half, (0, 0))
    Project.open(town, working_dir=working).close()
    assert list(working.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_process_killed_while_it_takes_the_lock_locks_nobody_out(
    town: Path, working: Path
) -> None:
    """Found by killing at random: an empty lock kept everybody out for a day."""
    for count in range(1, 12):
        child = os.fork()
        if child == 0:
            _die_at(count)
            locks.Lock.acquire(town)
            os._exit(0)
        os.waitpid(child, 0)
        Project.open(town, working_dir=working).close()
        assert locks.owner(town) is None
    assert not list(town.parent.glob("~*"))


def _die_at(count: int) -> None:
    """End this process before its file operation of that number."""
    left = count

    def die(event: str, _args: object) -> None:
        nonlocal left
        if event in ("open", "os.rename", "os.link", "os.remove"):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(die)
