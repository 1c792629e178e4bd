"""One project, two users."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor_app.core.issues import UserError
from monitor_app.project import lock as locks
from monitor_app.project.project import Project

HOLD = (
    "import sys; from pathlib import Path; from monitor_app.project.project import Project;"
    "p = Project.open(Path(sys.argv[1]), working_dir=Path(sys.argv[2]));"
    "print('open', flush=True); sys.stdin.readline(); p.close()"
)


def _write(town: Path, *, host: str, pid: int, age: timedelta = timedelta(0)) -> None:
    stored = {
        "user": "schmidt", "host": host, "pid": pid, "token": "theirs",
        "time": (datetime.now(UTC) - age).isoformat(),
    }  # fmt: skip
    locks.lock_path(town).write_text(json.dumps(stored), encoding="utf-8")


def _dead_pid() -> int:
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return done.pid


def test_two_processes(town: Path, working: Path, tmp_path: Path) -> None:
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(town), str(tmp_path / "other")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        with pytest.raises(UserError) as caught:
            Project.open(town, working_dir=working)
        issue = caught.value.issues[0]
        assert issue.code == "locked"
        assert locks.host_name() in issue.message
        assert issue.repair
        with Project.open(town, "read", working_dir=working) as project:
            assert project.read_only
        held = locks.owner(town)
        assert held is not None
        assert held.pid == other.pid
        other.communicate("\n")
    assert locks.owner(town) is None
    with Project.open(town, working_dir=working):
        held = locks.owner(town)
        assert held is not None
        assert held.pid == os.getpid()
    assert list(working.iterdir()) == []


def test_the_lock_names_its_owner(town: Path, working: Path) -> None:
    _write(town, host="rathaus-17", pid=1)
    with pytest.raises(UserError) as caught:
        Project.open(town, working_dir=working)
    assert "schmidt" in caught.value.issues[0].message
    assert "rathaus-17" in caught.value.issues[0].message
    assert list(working.iterdir()) == []


@pytest.mark.parametrize(
    ("host", "alive", "age", "free"),
    [
        ("here", False, timedelta(0), True),
        ("here", True, timedelta(0), False),
        ("rathaus-17", False, timedelta(hours=23), False),
        ("rathaus-17", False, timedelta(hours=25), True),
        ("rathaus-17", False, timedelta(hours=-5), False),  # a clock that runs ahead
    ],
)
def test_stale_locks(
    town: Path, working: Path, host: str, alive: bool, age: timedelta, free: bool
) -> None:
    name = locks.host_name() if host == "here" else host
    _write(town, host=name, pid=os.getppid() if alive else _dead_pid(), age=age)
    if free:
        Project.open(town, working_dir=working).close()
        assert locks.owner(town) is None
    else:
        with pytest.raises(UserError):
            Project.open(town, working_dir=working)


def test_taking_over_stops_the_other_from_saving(town: Path, working: Path, tmp_path: Path) -> None:
    first = Project.open(town, working_dir=working)
    first.put_document("view", "v", "first", "Ansicht")
    with Project.open(town, "take_over", working_dir=tmp_path / "other") as second:
        with pytest.raises(UserError) as caught:
            first.save()
        assert caught.value.issues[0].code == "locked"
        second.put_document("view", "v", "second", "Ansicht")
        second.save()
    with pytest.raises(UserError) as caught:
        first.save()
    assert caught.value.issues[0].code == "target_changed"
    first.save_as(tmp_path / "gerettet.gpkg")
    first.close()
    for path, text in ((town, "second"), (tmp_path / "gerettet.gpkg", "first")):
        with Project.open(path, "read", working_dir=working) as project:
            assert project.document("view", "v") == text


@pytest.mark.parametrize("text", ["", "{", "[]", '{"user": 1}', "\x00" * 10])
def test_a_broken_lock_holds_until_it_is_old(town: Path, working: Path, text: str) -> None:
    path = locks.lock_path(town)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        Project.open(town, working_dir=working)
    assert caught.value.issues[0].code == "locked"
    old = datetime.now(UTC).timestamp() - 25 * 3600
    os.utime(path, (old, old))
    Project.open(town, working_dir=working).close()


def test_saving_under_a_locked_name_is_refused(town: Path, working: Path, tmp_path: Path) -> None:
    with (
        Project.create(tmp_path / "Andere.gpkg", working_dir=working) as other,
        Project.open(town, working_dir=working),
    ):
        with pytest.raises(UserError) as caught:
            other.save_as(town, overwrite=True)
        assert caught.value.issues[0].code == "locked"


def test_a_long_session_keeps_its_lock_fresh(
    town: Path, working: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Project.open(town, working_dir=working) as project:
        _age_own_lock(town)
        before = locks.owner(town)
        monkeypatch.setattr(locks, "_REFRESH_AFTER", timedelta(0))
        project.keep_lock()
        after = locks.owner(town)
        assert before is not None
        assert after is not None
        assert before.stale
        assert not after.stale
        assert after.token == before.token


def _age_own_lock(town: Path) -> None:
    path = locks.lock_path(town)
    stored = json.loads(path.read_text(encoding="utf-8"))
    stored["time"] = (datetime.now(UTC) - timedelta(hours=30)).isoformat()
    path.write_text(json.dumps(stored), encoding="utf-8")
