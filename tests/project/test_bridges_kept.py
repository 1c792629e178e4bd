"""Bridges of territorial reforms in the project: stored with an import, undone, kept by a save."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from monitor_app.core.batch import ImportBatch
from monitor_app.core.bridges import Bridge, BridgeRow
from monitor_app.core.issues import UserError
from monitor_app.project import datasets
from monitor_app.project.project import Project

ROWS = (BridgeRow("1", "2", {"pop": 0.25, "area": 0.5}), BridgeRow("1", "3", {"pop": 0.75}))
BRIDGE = Bridge("viertel", date(2018, 1, 1), ROWS, "Amt für Statistik")


def batch(*bridges: Bridge) -> ImportBatch:
    return ImportBatch("Umsteigeschlüssel", (), bridges=bridges)


def test_a_bridge_comes_with_an_import_and_goes_with_undo(tmp_path: Path) -> None:
    with Project.create(tmp_path / "a.gpkg", working_dir=tmp_path / "w") as project:
        empty = project.content_hash()
        project.apply(batch(BRIDGE))
        assert project.areas().bridges == (BRIDGE,)
        with_bridge = project.content_hash()
        project.undo()
        assert project.areas().bridges == ()
        assert project.content_hash() == empty != with_bridge
        project.redo()
        assert project.content_hash() == with_bridge
        project.save()
    with Project.open(tmp_path / "a.gpkg", working_dir=tmp_path / "w") as again:
        assert again.areas().bridges == (BRIDGE,)


def test_a_new_table_for_the_same_reform_replaces_the_old_one(tmp_path: Path) -> None:
    other = Bridge("viertel", BRIDGE.day, (BridgeRow("1", "2", {"pop": 1.0}),))
    earlier = Bridge("viertel", date(2009, 1, 1), (BridgeRow("0", "1", {"pop": 1.0}),))
    with Project.create(tmp_path / "a.gpkg", working_dir=tmp_path / "w") as project:
        project.apply(batch(BRIDGE))
        project.apply(batch(other, earlier))
        assert project.areas().bridges == (earlier, other)  # oldest first


def test_a_damaged_bridge_is_told_as_a_damaged_file(tmp_path: Path) -> None:
    with Project.create(tmp_path / "a.gpkg", working_dir=tmp_path / "w") as project:
        wrong = BRIDGE.dump().replace("0.25", "-7")
        project.put_document("bridge", BRIDGE.key, wrong, "x")
        with pytest.raises(UserError):
            project.areas()


def test_the_list_of_data_sets_is_read_once_until_a_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[int] = []
    infos = datasets.infos
    monkeypatch.setattr(datasets, "infos", lambda conn: reads.append(1) or infos(conn))
    with Project.create(tmp_path / "a.gpkg", working_dir=tmp_path / "w") as project:
        project.datasets()
        project.datasets()
        assert len(reads) == 1
        project.put_document("setting", "x", "1", "x")
        project.datasets()
        assert len(reads) == 2
        project.undo()
        project.datasets()
        assert len(reads) == 3
