"""What can go wrong around a project, done on purpose: the file must stay the old version or become
the new one, confirmed work must be kept, and the user must be told in words.

Each fault is a function ``(folder, rng) -> str`` that raises ``AssertionError`` where a promise
was broken and returns the code of the finding that the user was shown ("" where the save went
through, which some faults allow).
"""

from __future__ import annotations

import errno
import os
import random
import shutil
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

from places import (
    longest_name,
    opened_on_two_computers,
    opened_twice,
    path_of_250_characters,
    unusual_path,
)
from trials import edit, file_holds, held, make, no_litter, opened, refused

from monitor_app.core.issues import UserError
from monitor_app.core.progress import Cancelled, CancelToken, Progress
from monitor_app.project import lock as locks
from monitor_app.project import publish, recovery, workfile
from monitor_app.project.project import Project

Fault = Callable[[Path, random.Random], str]


@dataclass
class Trial:
    """All tries of one fault."""

    name: str
    tried: int = 0
    told: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    skipped: str = ""


@contextmanager
def small_disk(place: Path, size: str) -> Iterator[None]:
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(place)], check=True)


def _disk_full(folder: Path, rng: random.Random, where: str) -> str:
    small = folder / "klein"
    with small_disk(small, f"{rng.choice((1500, 2000, 3000))}k"):
        path = (small if where == "target" else folder) / "Stadt.gpkg"
        working = (small if where == "working" else folder) / "w"
        make(path, working)
        with Project.open(path, working_dir=working) as project:
            state = saved = project.content_hash()
            before = path.read_bytes()
            code = ""
            for _round in range(80):
                try:
                    text = rng.randbytes(rng.randrange(10_000, 120_000)).hex()
                    project.put_document("view", "v", text, "Ansicht")
                    state = project.content_hash()
                    project.save()
                    saved, before = state, path.read_bytes()
                except UserError as error:
                    code = error.issues[0].code
                    break
            assert code == "disk_full", f"told {code!r}"
            held(project, state)
            assert path.read_bytes() == before, "the file changed"
            assert not list(small.glob("*.tmp")), "half a file was left"
            project.close()
        if state != saved:
            (left,) = recovery.leftovers(working)
            assert left.revisions
        file_holds(path, folder / "other", saved)
    return code


def disk_full_beside_the_file(folder: Path, rng: random.Random) -> str:
    return _disk_full(folder, rng, "target")


def disk_full_in_the_working_folder(folder: Path, rng: random.Random) -> str:
    return _disk_full(folder, rng, "working")


def permission_denied(folder: Path, rng: random.Random) -> str:
    """The folder (or the file) may not be written any more; done as an ordinary user."""
    place = folder / "Netz"
    place.mkdir()
    path, working = place / "Stadt.gpkg", folder / "w"
    make(path, working)
    if os.geteuid() == 0:
        for item in (folder, place, working, path, *place.iterdir()):
            os.chown(item, 65534, 65534)

    def work() -> str:
        with mock.patch.object(publish, "_RETRIES", (0.0, 0.0)):
            with Project.open(path, working_dir=working) as project:
                state = edit(project, rng)
                before = path.read_bytes()
                if rng.random() < 0.5:
                    place.chmod(0o555)
                else:
                    path.chmod(0o444)
                code = refused(("no_permission", "read_only"), project.save)
                held(project, state)
                assert path.read_bytes() == before
                place.chmod(0o755)
                path.chmod(0o644)
                project.save()
            file_holds(path, working, state)
            no_litter(path)
        return code

    return as_somebody(work)


def as_somebody(work: Callable[[], str]) -> str:
    """Run in a child that is not root, because root may do everything."""
    if os.geteuid() != 0:
        return work()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgid(65534)
            os.setuid(65534)
            answer = "ok " + work()
        except BaseException as error:
            answer = f"bad {type(error).__name__}: {error}"
        os.write(writer, answer.encode()[:4000])
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as source:
        answer = source.read()
    os.waitpid(child, 0)
    assert answer.startswith("ok "), answer
    return answer[3:]


def target_vanished(folder: Path, rng: random.Random) -> str:
    with opened(folder) as (project, path, working):
        state = edit(project, rng)
        moment = rng.choice(("check_owner", "vacuum", "copy_beside", "recheck_target"))
        code = refused(
            ("vanished",),
            lambda: project.save(steps=lambda n: path.unlink() if n == moment else None),
        )
        held(project, state)
        project.save_as(path)
        file_holds(path, working, state)
    no_litter(path)
    return code


def folder_vanished(folder: Path, rng: random.Random) -> str:
    place = folder / "Netz"
    place.mkdir()
    with opened(place) as (project, _path, _working):
        elsewhere = folder / "gerettet.gpkg"
        state = edit(project, rng)
        (place / "w").rename(folder / "w")  # the working folder is on another drive
        (folder / "w").rename(place / "w")
        shutil.move(place / "Stadt.gpkg", folder / "weg.gpkg")
        code = refused(("vanished",), project.save)
        held(project, state)
        project.save_as(elsewhere)
        file_holds(elsewhere, folder / "w2", state)
    return code


def target_replaced(folder: Path, rng: random.Random) -> str:
    with opened(folder) as (project, path, working):
        state = edit(project, rng)
        theirs = folder / "theirs.gpkg"
        make(theirs, folder / "w2")
        with Project.open(theirs, working_dir=folder / "w2") as other:
            their_state = edit(other, rng)
            other.save()
        moment = rng.choice(publish.STEPS[: publish.STEPS.index("recheck_target") + 1])
        how = rng.choice(("replace", "rewrite"))

        def somebody(name: str) -> None:
            if name == moment:
                if how == "replace":
                    shutil.copy(theirs, folder / "x")
                    (folder / "x").replace(path)
                else:
                    path.write_bytes(theirs.read_bytes())

        code = refused(("target_changed",), lambda: project.save(steps=somebody))
        held(project, state)
        file_holds(path, working, their_state)
        project.save_as(folder / "meine.gpkg")
        file_holds(folder / "meine.gpkg", working, state)
        file_holds(path, working, their_state)
    no_litter(path)
    return code


def target_cut_short(folder: Path, rng: random.Random) -> str:
    """A network drive lost the end of the file: it is not used as a backup in silence."""
    with opened(folder) as (project, path, working):
        state = edit(project, rng)
        data = path.read_bytes()
        path.write_bytes(data[: rng.randrange(len(data))])
        code = refused(("target_changed",), project.save)
        held(project, state)
        project.save_as(path, overwrite=True)
        file_holds(path, working, state)
    return code


def name_held_for_a_moment(folder: Path, rng: random.Random) -> str:
    """A virus scanner holds the name: Windows refuses to replace the file for a while."""
    times = rng.randrange(1, len(publish._RETRIES) + 1)
    real, seen = os.replace, [0]
    with opened(folder) as (project, path, working):
        state = edit(project, rng)

        def busy(source: Any, goal: Any) -> None:
            if Path(goal) == path and seen[0] < times:
                seen[0] += 1
                raise PermissionError(errno.EACCES, "sharing violation")
            real(source, goal)

        with (
            mock.patch.object(publish, "_RETRIES", (0.0,) * len(publish._RETRIES)),
            mock.patch.object(os, "replace", busy),
        ):
            project.save()
        held(project, state)
        file_holds(path, working, state)
    return ""


def name_in_use(folder: Path, rng: random.Random) -> str:
    with opened(folder) as (project, path, working):
        state, before = edit(project, rng), path.read_bytes()
        real = os.replace

        def busy(source: Any, goal: Any) -> None:
            if Path(goal) == path:
                error = PermissionError(errno.EACCES, "sharing violation")
                error.winerror = 32  # type: ignore[attr-defined]
                raise error
            real(source, goal)

        with (
            mock.patch.object(publish, "_RETRIES", (0.0,) * 3),
            mock.patch.object(os, "replace", busy),
        ):
            code = refused(("in_use",), project.save)
        assert path.read_bytes() == before
        held(project, state)
        project.save()
        file_holds(path, working, state)
    no_litter(path)
    return code


def log_of_a_crashed_program(folder: Path, rng: random.Random) -> str:
    """QGIS crashed: its newest rows stand in a ``-wal`` beside the file."""
    source, path, working = folder / "q.gpkg", folder / "Stadt.gpkg", folder / "w"
    make(source, working)
    name = f"Aus QGIS {rng.random()}"
    with closing(sqlite3.connect(source)) as qgis:
        qgis.execute("PRAGMA journal_mode = WAL")
        qgis.execute("UPDATE areas_viertel SET name = ? WHERE key = '001'", (name,))
        qgis.commit()
        shutil.copy(source, path)
        shutil.copy(f"{source}-wal", f"{path}-wal")
    with Project.open(path, working_dir=working) as project:
        assert project.areas().at("viertel")[1].name == name, "rows of the log are missing"
        state = edit(project, rng)
        project.save()
    file_holds(path, working, state)
    assert not list(folder.glob("Stadt*-wal")), "a log was left beside the new file"
    return ""


def clock_jump(folder: Path, rng: random.Random) -> str:
    """The clock of the computer jumps by up to two days, forwards and backwards, again and again;
    the time stamp of the file jumps, too."""

    class Clock(datetime):
        offset = timedelta(0)

        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(tz or UTC) + cls.offset

    patches = [mock.patch.object(m, "datetime", Clock) for m in (locks, recovery, workfile)]
    from monitor_app.project import history

    patches.append(mock.patch.object(history, "datetime", Clock))
    with opened(folder) as (project, path, working):
        for patch in patches:
            patch.start()
        try:
            for _round in range(4):
                Clock.offset = timedelta(hours=rng.uniform(-48, 48))
                state = edit(project, rng)
                project.keep_lock()
                stamp = rng.uniform(0, 4e9)
                os.utime(path, (stamp, stamp))
                project.save()
                project.undo()
                project.redo()
                held(project, state)
            assert [r.id for r in project.revisions()] == sorted(r.id for r in project.revisions())
            Clock.offset = timedelta(hours=rng.uniform(-20, 20))
            owner = locks.owner(path)
            assert owner is not None
        finally:
            for patch in patches:
                patch.stop()
        file_holds(path, working, state)
    return ""


def cancelled(folder: Path, rng: random.Random) -> str:
    with opened(folder) as (project, path, working):
        state, before, token = edit(project, rng), path.read_bytes(), CancelToken()
        moment = rng.choice(publish.STEPS[: publish.STEPS.index("replace")])
        try:
            project.save(
                Progress(token=token), steps=lambda n: token.cancel() if n == moment else None
            )
            raise AssertionError("cancelling did not help")
        except Cancelled:
            pass
        assert path.read_bytes() == before
        held(project, state)
        no_temporary = [p.name for p in folder.glob("*.tmp")]
        assert not no_temporary, no_temporary
        project.save()
        file_holds(path, working, state)
    return "cancelled"


def bits_flipped_on_the_way(folder: Path, rng: random.Random) -> str:
    with opened(folder) as (project, path, _working):
        state, before = edit(project, rng), path.read_bytes()

        def rot(name: str) -> None:
            if name == "compare":
                (fresh,) = folder.glob("~*.tmp")
                data = bytearray(fresh.read_bytes())
                data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
                fresh.write_bytes(data)

        code = refused(("not_whole",), lambda: project.save(steps=rot))
        assert path.read_bytes() == before
        held(project, state)
    no_litter(path)
    return code


FAULTS: tuple[tuple[str, Fault], ...] = (
    ("disk full beside the file (small tmpfs)", disk_full_beside_the_file),
    ("disk full in the working folder (small tmpfs)", disk_full_in_the_working_folder),
    ("permission denied (folder or file)", permission_denied),
    ("target vanished", target_vanished),
    ("drive of the target gone", folder_vanished),
    ("target replaced or rewritten by somebody else", target_replaced),
    ("target cut short", target_cut_short),
    ("name held for a moment (virus scanner)", name_held_for_a_moment),
    ("name in use", name_in_use),
    ("leftover -wal of QGIS", log_of_a_crashed_program),
    ("clock jumps by up to two days", clock_jump),
    ("path with umlauts and special signs", unusual_path),
    ("path of 250 characters", path_of_250_characters),
    ("longest file name", longest_name),
    ("opened twice on one computer", opened_twice),
    ("opened on two computers", opened_on_two_computers),
    ("cancelled at a step of saving", cancelled),
    ("bits flipped on the way to the drive", bits_flipped_on_the_way),
)


def run(folder: Path, tries: int, seed: int) -> list[Trial]:
    trials = []
    for name, fault in FAULTS:
        trial = Trial(name)
        trials.append(trial)
        for i in range(tries):
            place = folder / f"{fault.__name__[:12]}{i}"
            place.mkdir()
            try:
                trial.told[fault(place, random.Random(seed * 1000 + i))] += 1
            except subprocess.CalledProcessError:
                trial.skipped = "mounting is not allowed here"
                break
            except Exception as error:
                trial.broken.append(f"try {i}: {type(error).__name__}: {error}"[:500])
            trial.tried += 1
            shutil.rmtree(place, ignore_errors=True)
    return trials
