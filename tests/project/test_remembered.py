"""What is on the screen travels with the file but is no step of undo."""

from __future__ import annotations

from pathlib import Path

from monitor_app.project.project import Project


def test_view_survives_saving_without_being_a_change(tmp_path: Path) -> None:
    path = tmp_path / "town.gpkg"
    with Project.create(path, working_dir=tmp_path / "w") as project:
        project.put_document("setting", "a", "1", "Setting")
        project.save()
        content = project.content_hash()
        project.remember("view", "districts")
        assert not project.dirty
        assert project.undo_label == "Setting"
        assert project.content_hash() == content
        project.undo()
        project.remember("view", "quarters")
        assert project.redo_label == "Setting"
        project.redo()
        project.save()
    with Project.open(path, working_dir=tmp_path / "w") as project:
        assert project.remembered("view") == "quarters"
        assert project.remembered("other") is None
        assert not project.dirty
        before = path.stat().st_mtime_ns
        project.save()
        assert path.stat().st_mtime_ns == before
        project.remember("view", "town")
        project.save()
    with Project.open(path, "read", working_dir=tmp_path / "w") as project:
        project.remember("view", "nothing")
        assert project.remembered("view") == "town"
