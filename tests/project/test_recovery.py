"""Unsaved work is offered again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from monitor_app.core.issues import UserError
from monitor_app.project import recovery
from monitor_app.project.project import Project


@pytest.fixture
def left(town: Path, working: Path) -> recovery.Leftover:
    """Work that was never saved: three changes, one of them undone."""
    project = Project.open(town, working_dir=working)
    for text in ("1", "2", "3"):
        project.put_document("view", "v", text, f"Ansicht {text}")
    project.undo()
    project.close()
    (found,) = recovery.leftovers(working)
    return found


def test_a_leftover_says_what_would_come_back(left: recovery.Leftover, town: Path) -> None:
    assert left.name == "Musterstadt"
    assert left.target == town
    assert [r.label for r in left.revisions] == ["Ansicht 1", "Ansicht 2"]
    assert left.time == left.revisions[-1].time


def test_opening_a_leftover_goes_on_where_it_ended(
    left: recovery.Leftover, town: Path, working: Path
) -> None:
    with left.open() as project:
        assert project.path == town
        assert project.dirty
        assert project.document("view", "v") == "2"
        assert recovery.leftovers(working) == (), "open work is nobody's leftover"
        project.redo()
        project.save()
    assert recovery.leftovers(working) == ()
    with Project.open(town, "read", working_dir=working) as project:
        assert project.document("view", "v") == "3"


def test_discarding_removes_it(left: recovery.Leftover, town: Path, working: Path) -> None:
    before = town.read_bytes()
    left.discard()
    assert recovery.leftovers(working) == ()
    assert list(working.iterdir()) == []
    assert town.read_bytes() == before


def test_opening_the_project_again_keeps_the_leftover(
    left: recovery.Leftover, town: Path, working: Path
) -> None:
    with Project.open(town, working_dir=working) as project:
        assert project.document("view", "v") is None
        with pytest.raises(UserError) as caught:
            left.open()
        assert caught.value.issues[0].code == "locked"
    assert len(recovery.leftovers(working)) == 1


def test_a_leftover_whose_target_moved_on_is_saved_elsewhere(
    left: recovery.Leftover, town: Path, working: Path
) -> None:
    with Project.open(town, working_dir=working) as project:
        project.put_document("view", "other", "x", "Andere Ansicht")
        project.save()
    with left.open() as project:
        with pytest.raises(UserError) as caught:
            project.save()
        assert caught.value.issues[0].code == "target_changed"
        project.save_as(town.with_name("Gerettet.gpkg"))
    assert recovery.leftovers(working) == ()


def test_changes_that_were_only_undone_are_offered(town: Path, working: Path) -> None:
    with Project.open(town, working_dir=working) as project:
        project.undo()
    (found,) = recovery.leftovers(working)
    assert found.revisions == ()
    with found.open() as project:
        assert project.datasets() == ()
        project.close(discard=True)


def test_a_copy_that_cannot_be_read_is_not_thrown_away(
    left: recovery.Leftover, town: Path, working: Path
) -> None:
    left.path.write_bytes(b"SQLite format 3\x00" + b"\xff" * 5000)
    for suffix in ("-wal", "-shm"):
        left.path.with_name(left.path.name + suffix).unlink(missing_ok=True)
    Project.open(town, working_dir=working).close()
    (found,) = recovery.leftovers(working)
    with pytest.raises(UserError) as caught:
        found.open()
    assert caught.value.issues[0].code == "damaged"
    assert found.path.exists()
    Project.open(town, working_dir=working).close()  # the failed attempt left no lock


def test_strange_files_in_the_folder_are_passed_over(
    left: recovery.Leftover, working: Path
) -> None:
    (working / "a.json").write_text("{", encoding="utf-8")
    (working / "b.json").write_text(json.dumps({"target": 1}), encoding="utf-8")
    (working / "c.gpkg").write_bytes(b"")
    assert [f.path for f in recovery.leftovers(working)] == [left.path]


def test_work_of_a_process_that_lives_is_left_alone(town: Path, working: Path) -> None:
    with Project.open(town, working_dir=working) as project:
        project.put_document("view", "v", "1", "Ansicht")
        assert recovery.leftovers(working) == ()
        recovery.clean(working)
        project.save()


def test_discarding_on_close_leaves_nothing(town: Path, working: Path) -> None:
    project = Project.open(town, working_dir=working)
    project.put_document("view", "v", "1", "Ansicht")
    project.close(discard=True)
    assert recovery.leftovers(working) == ()
    assert list(working.iterdir()) == []
    project.close()  # closing twice is no harm


def test_the_folder_follows_the_environment(
    town: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONITOR_APP_HOME", str(tmp_path / "home"))
    project = Project.open(town)
    project.put_document("view", "v", "1", "Ansicht")
    project.close()
    assert [f.path.parent for f in recovery.leftovers()] == [tmp_path / "home" / "working"]


@pytest.mark.parametrize("way", ["drive gone", "locked"])
def test_work_is_saved_elsewhere_where_its_target_is_out_of_reach(
    town: Path, working: Path, tmp_path: Path, way: str
) -> None:
    folder = tmp_path / "Netz"
    folder.mkdir()
    path = town.rename(folder / town.name)
    project = Project.open(path, working_dir=working)
    project.put_document("view", "v", "1", "Ansicht")
    project.close()
    (found,) = recovery.leftovers(working)
    if way == "drive gone":
        folder.rename(tmp_path / "weg")
        opened = found.open()
    else:
        holder = Project.open(path, working_dir=working)
        opened = found.open(detached=True)
    with opened as project:
        project.put_document("view", "v", "2", "Ansicht")
        with pytest.raises(UserError) as caught:
            project.save()
        assert "unter einem anderen Namen" in (caught.value.issues[0].repair or "")
        project.save_as(tmp_path / "Gerettet.gpkg")
        assert not project.dirty
    if way == "locked":
        holder.close()
    with Project.open(tmp_path / "Gerettet.gpkg", "read", working_dir=working) as project:
        assert project.document("view", "v") == "2"
    assert recovery.leftovers(working) == ()
