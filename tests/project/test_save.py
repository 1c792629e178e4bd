"""The save protocol: old version or new version, never anything else."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import project_towns as towns
import pytest

from monitor_app.core.issues import UserError
from monitor_app.core.progress import Cancelled, CancelToken, Progress
from monitor_app.project import faults, publish
from monitor_app.project import target as targets
from monitor_app.project.project import Project


def _code(caught: pytest.ExceptionInfo[UserError]) -> str:
    issue = caught.value.issues[0]
    assert issue.file, "a finding names its place"
    assert issue.repair, "a finding says what to do"
    return issue.code


def _edit(project: Project, text: str = "1") -> None:
    project.put_document("view", "v", text, "Ansicht")


def test_the_file_changes_on_save_only(town: Path, working: Path) -> None:
    before = town.read_bytes()
    with Project.open(town, working_dir=working) as project:
        _edit(project)
        assert town.read_bytes() == before
        project.save()
        assert town.read_bytes() != before
    assert sorted(p.name for p in town.parent.iterdir()) == [
        "Musterstadt.gpkg", "Musterstadt.gpkg.bak1", "working"
    ]  # fmt: skip
    assert list(working.iterdir()) == []
    with Project.open(town, "read", working_dir=working) as project:
        assert project.document("view", "v") == "1"


def test_three_backups_rotate(town: Path, working: Path) -> None:
    versions = [town.read_bytes()]
    with Project.open(town, working_dir=working) as project:
        for i in range(5):
            _edit(project, str(i))
            project.save()
            versions.append(town.read_bytes())
    backups = [town.with_name(f"{town.name}.bak{n}") for n in (1, 2, 3)]
    assert [b.read_bytes() for b in backups] == [versions[4], versions[3], versions[2]]
    assert not town.with_name(f"{town.name}.bak4").exists()
    with Project.open(backups[0], "read", working_dir=working) as project:
        assert project.document("view", "v") == "3"


def test_saving_without_changes_writes_nothing(town: Path, working: Path) -> None:
    with Project.open(town, working_dir=working) as project:
        before = town.stat().st_mtime_ns
        project.save()
        assert town.stat().st_mtime_ns == before
        assert not town.with_name(f"{town.name}.bak1").exists()


def test_steps_run_in_the_order_of_the_protocol(project: Project) -> None:
    seen: list[str] = []
    _edit(project)
    project.save(steps=seen.append)
    assert tuple(seen) == publish.STEPS


@pytest.mark.parametrize("step", publish.STEPS[:-1])
def test_a_fault_at_any_step_leaves_the_old_file_and_the_work(
    town: Path, working: Path, step: str
) -> None:
    before = town.read_bytes()
    with Project.open(town, working_dir=working) as project:
        _edit(project)
        expected = project.content_hash()

        def fault(name: str) -> None:
            if name == step:
                raise RuntimeError("fault")

        with pytest.raises(RuntimeError):
            project.save(steps=fault)
        assert town.read_bytes() == before
        assert project.dirty
        assert project.content_hash() == expected
        assert not [p for p in town.parent.iterdir() if p.suffix == ".tmp"]
        assert not list(working.glob("*.publish*"))
        project.save()
        assert not project.dirty
    with Project.open(town, "read", working_dir=working) as project:
        assert project.content_hash() == expected


@pytest.mark.parametrize("step", publish.STEPS[:-1])
def test_cancelling_at_any_step_leaves_the_old_file(town: Path, working: Path, step: str) -> None:
    before = town.read_bytes()
    token = CancelToken()
    with Project.open(town, working_dir=working) as project:
        _edit(project)
        later = publish.STEPS.index(step) + 1 < publish.STEPS.index("replace") + 1
        steps = lambda name: token.cancel() if name == step else None  # noqa: E731
        if later:
            with pytest.raises(Cancelled):
                project.save(Progress(token=token), steps=steps)
            assert town.read_bytes() == before
            assert project.dirty
        else:  # too late to cancel
            project.save(Progress(token=token), steps=steps)
            assert not project.dirty
        project.close(discard=True)


@pytest.mark.parametrize("moment", ["check_owner", "recheck_target"])
def test_a_target_that_somebody_else_changed_is_not_overwritten(
    town: Path, working: Path, moment: str
) -> None:
    with Project.open(town, working_dir=working) as project:
        _edit(project)

        def somebody(name: str) -> None:
            if name == moment:
                with closing(sqlite3.connect(town)) as file:
                    file.execute("UPDATE areas_viertel SET name = 'Anders' WHERE key = '001'")
                    file.commit()

        with pytest.raises(UserError) as caught:
            project.save(steps=somebody)
        assert _code(caught) == "target_changed"
        assert project.dirty
        theirs = town.read_bytes()
        project.save_as(town.with_name("Meine.gpkg"))
        assert town.read_bytes() == theirs
        assert project.path == town.with_name("Meine.gpkg")
        assert not project.dirty


@pytest.mark.parametrize("moment", ["check_owner", "recheck_target"])
def test_a_target_that_vanished_is_told(town: Path, working: Path, moment: str) -> None:
    with Project.open(town, working_dir=working) as project:
        _edit(project)
        with pytest.raises(UserError) as caught:
            project.save(steps=lambda name: town.unlink() if name == moment else None)
        assert _code(caught) == "vanished"
        project.save_as(town)
        assert not project.dirty
    assert town.exists()


def test_a_folder_that_vanished_is_told(town: Path, working: Path, tmp_path: Path) -> None:
    folder = tmp_path / "Netz"
    folder.mkdir()
    path = Path(shutil.move(town, folder / town.name))
    with Project.open(path, working_dir=working) as project:
        _edit(project)
        folder.rename(tmp_path / "weg")
        with pytest.raises(UserError) as caught:
            project.save()
        assert _code(caught) == "vanished"
        (tmp_path / "weg").rename(folder)
        project.save()
        assert not project.dirty


def test_a_read_only_target_is_told_before_work_starts(town: Path, working: Path) -> None:
    town.chmod(0o444)
    with pytest.raises(UserError) as caught:
        Project.open(town, working_dir=working)
    assert _code(caught) == "read_only"
    with Project.open(town, "read", working_dir=working) as project:
        assert project.read_only
        with pytest.raises(UserError) as caught:
            _edit(project)
        assert _code(caught) == "read_only"
        with pytest.raises(UserError) as caught:
            project.save()
        assert _code(caught) == "read_only"


def test_a_target_that_became_read_only_is_told(town: Path, working: Path) -> None:
    with Project.open(town, working_dir=working) as project:
        _edit(project)
        town.chmod(0o444)
        with pytest.raises(UserError) as caught:
            project.save()
        assert _code(caught) == "read_only"
        town.chmod(0o644)
        project.save()


def test_a_read_only_project_saved_under_another_name_can_be_edited(
    town: Path, working: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "Kopie.gpkg"
    with Project.open(town, "read", working_dir=working) as project:
        project.save_as(copy)
        assert not project.read_only
        _edit(project)
        project.save()
    with Project.open(copy, "read", working_dir=working) as project:
        assert project.document("view", "v") == "1"


def test_save_as_does_not_overwrite_unasked(town: Path, working: Path, tmp_path: Path) -> None:
    other = tmp_path / "Andere.gpkg"
    other.write_bytes(b"precious")
    with Project.open(town, working_dir=working) as project:
        with pytest.raises(UserError) as caught:
            project.save_as(other)
        assert _code(caught) == "exists"
        assert other.read_bytes() == b"precious"
        assert project.path == town
        project.save_as(other, overwrite=True)
    assert other.with_name("Andere.gpkg.bak1").read_bytes() == b"precious"


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "disk_full"), (errno.EDQUOT, "disk_full"), (errno.EACCES, "no_permission"),
        (errno.EROFS, "read_only"), (errno.EIO, "system_error"), (errno.EBUSY, "in_use"),
    ],
)  # fmt: skip
def test_what_the_system_refuses_is_told_in_words(
    town: Path, working: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: str
) -> None:
    before = town.read_bytes()
    with Project.open(town, working_dir=working) as project:
        _edit(project)
        with monkeypatch.context() as patch:
            patch.setattr(publish, "_RETRIES", (0.0, 0.0))

            def refuse(*_args: object) -> None:
                raise OSError(number, os.strerror(number))

            patch.setattr(os, "replace", refuse)
            patch.setattr(os, "fsync", refuse)
            with pytest.raises(UserError) as caught:
                project.save()
        assert _code(caught) == code
        assert town.read_bytes() == before
        project.save()


def test_a_file_held_for_a_moment_is_waited_for(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Virus scanners and sync tools on Windows hold files for milliseconds."""
    real, tries = os.replace, []

    def busy(source: Path, goal: Path) -> None:
        tries.append(goal)
        if goal == project.path and tries.count(goal) < 4:
            raise PermissionError(errno.EACCES, "sharing violation")
        real(source, goal)

    monkeypatch.setattr(publish, "_RETRIES", (0.0,) * 7)
    monkeypatch.setattr(os, "replace", busy)
    _edit(project)
    project.save()
    assert tries.count(project.path) == 4
    assert not project.dirty


def test_a_copy_that_does_not_arrive_whole_is_noticed(town: Path, working: Path) -> None:
    before = town.read_bytes()

    def bit_rot(name: str) -> None:
        if name == "compare":
            (fresh,) = town.parent.glob("~*.tmp")
            data = bytearray(fresh.read_bytes())
            data[len(data) // 2] ^= 1
            fresh.write_bytes(data)

    with Project.open(town, working_dir=working) as project:
        _edit(project)
        with pytest.raises(UserError) as caught:
            project.save(steps=bit_rot)
        assert _code(caught) == "not_whole"
        assert town.read_bytes() == before
        project.close(discard=True)


def test_backups_without_hard_links_are_copies(
    town: Path, working: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_args: object) -> None:
        raise OSError(errno.EPERM, "no hard links here")

    monkeypatch.setattr(os, "link", no_links)
    before = town.read_bytes()
    with Project.open(town, working_dir=working) as project:
        _edit(project)
        project.save()
    assert town.with_name(f"{town.name}.bak1").read_bytes() == before


@pytest.mark.parametrize(
    "name",
    ["ä" * 122 + ".gpkg", "x" * 245 + ".gpkg", "x" * 250 + ".gpkg", "Größe & Co #1 100%.gpkg"],
)
def test_long_and_unusual_names(tmp_path: Path, working: Path, name: str) -> None:
    path = tmp_path / name
    with Project.create(path, working_dir=working) as project:
        for i in range(5):
            _edit(project, str(i))
            project.save()
        with pytest.raises(UserError) as caught:
            Project.open(path, working_dir=working)
        assert _code(caught) == "locked"
    assert len(list(tmp_path.iterdir())) == 5  # the file, three backups, the working folder
    with Project.open(path, "read", working_dir=working) as project:
        assert project.document("view", "v") == "4"


def test_a_long_folder_path(tmp_path: Path, working: Path) -> None:
    folder = tmp_path.joinpath(*["Ämter und Fachbereiche"] * 12)
    folder.mkdir(parents=True)
    assert len(str(folder)) > 250
    with Project.create(folder / "Stadt.gpkg", working_dir=working) as project:
        _edit(project)
        project.save()


def test_saving_through_a_link_keeps_the_link(town: Path, working: Path, tmp_path: Path) -> None:
    link = tmp_path / "Verweis.gpkg"
    link.symlink_to(town)
    with Project.open(link, working_dir=working) as project:
        _edit(project)
        project.save()
    assert link.is_symlink()
    with Project.open(town, "read", working_dir=working) as project:
        assert project.document("view", "v") == "1"


def test_rows_in_the_log_of_another_program_are_taken_in(town: Path, working: Path) -> None:
    """QGIS crashed, or is still open: its newest rows are beside the file, not in it."""
    qgis = sqlite3.connect(town)
    with closing(qgis):
        qgis.execute("PRAGMA journal_mode = WAL")
        qgis.execute("UPDATE areas_viertel SET name = 'Aus QGIS' WHERE key = '001'")
        qgis.commit()
        assert targets.logs(town)
        with Project.open(town, working_dir=working) as project:
            assert project.areas().at("viertel")[1].name == "Aus QGIS"
            _edit(project)
            with pytest.raises(UserError) as caught:
                project.save()
            assert _code(caught) == "in_use", "QGIS still has it open"
            project.close(discard=True)
    # closing the last connection brings the rows into the file
    with Project.open(town, working_dir=working) as project:
        assert project.areas().at("viertel")[1].name == "Aus QGIS"
        _edit(project)
        project.save()
    assert not list(town.parent.glob("*-wal"))


def test_a_log_left_by_a_crash_is_settled_on_saving(
    town: Path, working: Path, tmp_path: Path
) -> None:
    crashed = tmp_path / "Absturz.gpkg"
    with closing(sqlite3.connect(town)) as qgis:
        qgis.execute("PRAGMA journal_mode = WAL")
        qgis.execute("UPDATE areas_viertel SET name = 'Aus QGIS' WHERE key = '001'")
        qgis.commit()
        shutil.copy(town, crashed)
        shutil.copy(f"{town}-wal", f"{crashed}-wal")
    with Project.open(crashed, working_dir=working) as project:
        _edit(project)
        project.save()
        assert not targets.logs(crashed)
    with Project.open(crashed, "read", working_dir=working) as project:
        assert project.areas().at("viertel")[1].name == "Aus QGIS"
        assert project.document("view", "v") == "1"


def test_a_half_written_change_of_another_program_is_rolled_back(
    town: Path, working: Path, tmp_path: Path
) -> None:
    crashed = tmp_path / "Absturz.gpkg"
    with closing(sqlite3.connect(town, isolation_level=None)) as qgis:
        qgis.execute("PRAGMA cache_size = 1")
        qgis.execute("BEGIN")
        qgis.execute("UPDATE areas_viertel SET name = 'halb'")
        qgis.execute("CREATE TABLE viel AS SELECT zeroblob(100000) AS b")
        qgis.execute("UPDATE monitor_cell SET area = 'halb'")
        shutil.copy(town, crashed)
        shutil.copy(f"{town}-journal", f"{crashed}-journal")
        qgis.execute("ROLLBACK")
    with Project.open(crashed, working_dir=working) as project:
        assert project.areas().at("viertel")[1].name == "Viertel Süd 1"
        assert project.check() == ()
        _edit(project)
        project.save()
    with Project.open(crashed, "read", working_dir=working) as project:
        assert project.document("view", "v") == "1"


def test_unfinished_log_on_a_network_drive_is_refused(
    town: Path, working: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(targets, "is_local", lambda _path: False)
    Path(f"{town}-wal").write_bytes(b"x" * 100)
    with pytest.raises(UserError) as caught:
        Project.open(town, working_dir=working)
    assert _code(caught) == "open_elsewhere"
    assert "Musterstadt.gpkg-wal" in caught.value.issues[0].message


def test_local_folders_are_known(tmp_path: Path) -> None:
    assert targets.is_local(tmp_path / "x.gpkg")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root to mount")
@pytest.mark.parametrize("place", ["target", "working"])
def test_a_full_disk_costs_nothing_confirmed(tmp_path: Path, place: str) -> None:
    import subprocess

    small = tmp_path / "klein"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(small)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting is not allowed here")
    try:
        path = (small if place == "target" else tmp_path) / "Stadt.gpkg"
        working = small / "w" if place == "working" else tmp_path / "w"
        with Project.create(path, working_dir=working) as project:
            project.apply(towns.whole_town())
            project.save()
            good, saved = project.content_hash(), path.read_bytes()

            def fill() -> None:
                nonlocal good, saved
                for _round in range(40):
                    _edit(project, os.urandom(200_000).hex())
                    good = project.content_hash()
                    project.save()
                    saved = path.read_bytes()

            with pytest.raises(UserError) as caught:
                fill()
            assert _code(caught) == "disk_full"
            assert str(small) in caught.value.issues[0].message
            assert path.read_bytes() == saved
            assert project.content_hash() == good
            assert project.check() == ()
            assert not list(small.glob("*.tmp"))
            project.close(discard=True)
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_every_system_error_has_words() -> None:
    for number in errno.errorcode:
        issue = faults.from_os(OSError(number, os.strerror(number)), Path("/a/b.gpkg")).issues[0]
        assert issue.message
        assert issue.repair
