"""Every change can be taken back and done again, exactly, also after reopening."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import project_towns as towns
import pytest
import sqlalchemy as sa

from monitor_app.core.issues import UserError
from monitor_app.core.progress import Cancelled, Progress
from monitor_app.project.project import Project

CHANGES: dict[str, Callable[[Project], object]] = {
    "whole town": lambda p: p.apply(towns.whole_town()),
    "replaced dates": lambda p: p.apply(towns.batch(towns.population((2024, 2025), seed=5))),
    "same data set twice": lambda p: p.apply(
        towns.batch(towns.population((2024,), seed=6), towns.population((2024, 2026), seed=7))
    ),
    "fewer areas": lambda p: p.apply(towns.batch(towns.quarters(5, suffix=" neu"))),
    "other facilities": lambda p: p.apply(towns.batch(towns.kitas((9, 9)))),
    "document": lambda p: p.put_document("view", "v", "{}", "Ansicht"),
    "recipe deleted": lambda p: p.delete_document("recipe", "recipe_1", "Rezept löschen"),
    "data set removed": lambda p: p.remove_dataset("population", "Löschen"),
    "facilities removed": lambda p: p.remove_dataset("kitas", "Löschen"),
    "style": lambda p: p.put_style("viertel", "Karte", "<qgis/>", "", "Stil"),
}


@pytest.mark.parametrize("name", [n for n in CHANGES if n != "whole town"])
def test_undo_and_redo_are_exact(project: Project, name: str) -> None:
    project.apply(towns.whole_town())
    before = project.content_hash()
    layers = _layers(project)
    CHANGES[name](project)
    after = project.content_hash()
    assert after != before
    changed_layers = _layers(project)
    for _round in range(2):
        project.undo()
        assert project.content_hash() == before
        assert _layers(project) == layers
        assert project.check() == ()
        project.redo()
        assert project.content_hash() == after
        assert _layers(project) == changed_layers
        assert project.check() == ()


def test_undo_of_the_first_import_leaves_an_empty_project(project: Project) -> None:
    empty, layers = project.content_hash(), _layers(project)
    project.apply(towns.whole_town())
    full = project.content_hash()
    project.undo()
    assert project.content_hash() == empty
    assert _layers(project) == layers
    assert project.datasets() == ()
    assert project.areas().areas == ()
    project.redo()
    assert project.content_hash() == full


@pytest.mark.slow
def test_all_changes_back_and_forth_across_reopening(tmp_path: Path, working: Path) -> None:
    path = tmp_path / "Stadt.gpkg"
    project = Project.create(path, working_dir=working)
    hashes = [project.content_hash()]
    for change in CHANGES.values():
        change(project)
        hashes.append(project.content_hash())
    for expected in reversed(hashes[:-1]):
        project.undo()
        assert project.content_hash() == expected
        project.save()
        project.close()
        project = Project.open(path, working_dir=working)
        assert project.content_hash() == expected
    with pytest.raises(UserError):
        project.undo()
    for expected in hashes[1:]:
        project.redo()
        assert project.content_hash() == expected
    with pytest.raises(UserError):
        project.redo()
    project.close(discard=True)


def test_a_new_change_ends_the_redo_history(project: Project) -> None:
    project.apply(towns.whole_town())
    project.put_document("view", "a", "1", "Erste Ansicht")
    project.undo()
    assert project.redo_label == "Erste Ansicht"
    project.put_document("view", "b", "2", "Zweite Ansicht")
    assert project.redo_label is None
    assert project.undo_label == "Zweite Ansicht"
    assert [r.label for r in project.revisions()] == ["Import", "Zweite Ansicht"]
    everything = project.revisions(dropped=True)
    assert [(r.label, r.state) for r in everything] == [
        ("Import", "applied"), ("Erste Ansicht", "dropped"), ("Zweite Ansicht", "applied")
    ]  # fmt: skip
    with project._store.read() as conn:
        rest = conn.exec_driver_sql(
            "SELECT count(*) FROM monitor_undo_document WHERE rev = 2"
        ).scalar()
    assert rest == 0


def test_revisions_tell_who_what_when_and_from_which_file(project: Project) -> None:
    revision = project.apply(towns.whole_town())
    assert project.revisions() == (revision,)
    assert revision.sources == (towns.SOURCE,)
    assert revision.label == "Import"
    assert revision.user
    assert revision.time.tzinfo is not None


def test_dragging_a_slider_is_one_step(project: Project) -> None:
    project.put_document("weighting", "w", "0", "Gewichte")
    for value in ("1", "2", "3"):
        project.put_document("weighting", "w", value, "Gewichte", merge="w/slider")
    assert project.document("weighting", "w") == "3"
    project.undo()
    assert project.document("weighting", "w") == "0"
    project.redo()
    assert project.document("weighting", "w") == "3"


def test_a_saved_step_is_not_merged_away(project: Project) -> None:
    project.put_document("weighting", "w", "1", "Gewichte", merge="w")
    project.save()
    project.put_document("weighting", "w", "2", "Gewichte", merge="w")
    assert project.dirty
    project.undo()
    assert project.document("weighting", "w") == "1"
    assert not project.dirty


def test_a_change_outside_of_a_command_raises(project: Project) -> None:
    project.apply(towns.whole_town())
    before = project.content_hash()
    with (
        project._store.read() as conn,
        pytest.raises(sa.exc.OperationalError, match="readonly"),
    ):
        conn.exec_driver_sql("DELETE FROM monitor_cell")
    assert project.content_hash() == before


def test_a_change_that_fails_half_way_leaves_nothing(project: Project) -> None:
    project.apply(towns.whole_town())
    before, revisions = project.content_hash(), project.revisions()

    def half_way() -> None:
        with project._change("kaputt") as change:
            change.conn.exec_driver_sql("DELETE FROM monitor_cell")
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        half_way()
    assert project.content_hash() == before
    assert project.revisions() == revisions


def test_cancelling_an_import_leaves_the_project_as_before(project: Project) -> None:
    project.apply(towns.whole_town())
    before = project.content_hash()
    calls = 0

    class Stop(Progress):
        def step(self, fraction: float | None = None, text: str = "") -> None:
            nonlocal calls
            calls += 1
            if calls == 3:
                self.token.cancel()
            super().step(fraction, text)

    with pytest.raises(Cancelled):
        project.apply(towns.batch(towns.population((2030, 2031)), towns.kitas((1,))), Stop())
    assert calls == 3
    assert project.content_hash() == before
    assert project.undo_label == "Import"


def test_dirty_follows_undo_to_the_saved_state(project: Project) -> None:
    assert not project.dirty
    project.put_document("view", "a", "1", "Ansicht")
    assert project.dirty
    project.undo()
    assert not project.dirty
    project.redo()
    project.save()
    assert not project.dirty
    project.undo()
    assert project.dirty


def test_changes_and_reads_from_several_threads(project: Project) -> None:
    project.apply(towns.whole_town())
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for i in range(8):
                project.put_document("setting", f"{number}/{i}", "x", "Einstellung")
                assert project.cube("population").values.shape == (8, 2, 2, 5)
                project.datasets()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    project.save()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(project.documents("setting")) == 32
    assert len(project.revisions()) == 33
    project.save()
    assert not project.dirty


def _layers(project: Project) -> list[tuple[str, ...]]:
    with project._store.read() as conn:
        return [
            tuple(row)
            for row in conn.exec_driver_sql(
                "SELECT table_name, data_type, identifier, min_x, max_y, srs_id "
                "FROM gpkg_contents ORDER BY table_name"
            )
        ]
