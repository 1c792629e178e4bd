"""Whatever a user does in whatever order: nothing is lost, nothing is left over."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import project_towns as towns
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from monitor_app.core.issues import UserError
from monitor_app.project import recovery
from monitor_app.project.project import Project


class ProjectMachine(RuleBasedStateMachine):
    """The model: the content hash after each change still in force, and those undone."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.path = self.folder / "Stadt.gpkg"
        self.working = self.folder / "working"
        self.project = Project.create(self.path, working_dir=self.working)
        self.done = [self.project.content_hash()]
        self.undone: list[str] = []
        self.saved = self.done[0]
        self.saved_undone: list[str] = []

    @initialize()
    def fill(self) -> None:
        self.project.apply(towns.whole_town())
        self._grew()

    @rule(seed=st.integers(0, 99), first=st.integers(2020, 2026), count=st.integers(1, 3))
    def import_population(self, seed: int, first: int, count: int) -> None:
        table = towns.population(range(first, first + count), seed=seed)
        self.project.apply(towns.batch(table))
        self._grew()

    @rule(count=st.integers(1, 9), suffix=st.sampled_from(["", " neu"]))
    def import_areas(self, count: int, suffix: str) -> None:
        self.project.apply(towns.batch(towns.quarters(count, suffix=suffix)))
        self._grew()

    @rule(places=st.lists(st.integers(0, 99), min_size=1, max_size=4))
    def import_facilities(self, places: list[int]) -> None:
        self.project.apply(towns.batch(towns.kitas(places)))
        self._grew()

    @rule(kind=st.sampled_from(["indicator", "weighting"]), text=st.text(max_size=20))
    def edit_document(self, kind: str, text: str) -> None:
        if self.project.put_document(kind, "a", text, "Bearbeitet") is not None:
            self._grew()

    @rule()
    def remove_facilities(self) -> None:
        try:
            self.project.remove_dataset("kitas", "Löschen")
        except KeyError:
            return
        self._grew()

    def _grew(self) -> None:
        self.done.append(self.project.content_hash())
        self.undone.clear()

    @rule()
    @precondition(lambda self: len(self.done) > 1)
    def undo(self) -> None:
        self.project.undo()
        self.undone.append(self.done.pop())

    @rule()
    @precondition(lambda self: self.undone)
    def redo(self) -> None:
        self.project.redo()
        self.done.append(self.undone.pop())

    @rule()
    @precondition(lambda self: not self.undone)
    def redo_without_anything(self) -> None:
        with pytest.raises(UserError):
            self.project.redo()

    @rule()
    def save(self) -> None:
        self.project.save()
        self.saved, self.saved_undone = self.done[-1], list(self.undone)
        assert not self.project.dirty

    @rule()
    def save_and_reopen(self) -> None:
        self.save()
        self.project.close()
        self.project = Project.open(self.path, working_dir=self.working)

    @rule()
    def close_unsaved_and_recover(self) -> None:
        dirty = self.project.dirty
        self.project.close()
        left = recovery.leftovers(self.working)
        assert len(left) == int(dirty)
        with Project.open(self.path, "read", working_dir=self.working) as file:
            assert file.content_hash() == self.saved
        if not left:  # what could be redone went with the copy
            self.undone = list(self.saved_undone)
        self.project = left[0].open() if left else Project.open(self.path, working_dir=self.working)

    @invariant()
    def content_is_that_of_the_model(self) -> None:
        assert self.project.content_hash() == self.done[-1]

    @invariant()
    def everything_holds_together(self) -> None:
        assert self.project.check() == ()

    @invariant()
    def labels_say_what_can_be_done(self) -> None:
        assert (self.project.undo_label is not None) == (len(self.done) > 1)
        assert (self.project.redo_label is not None) == bool(self.undone)

    def teardown(self) -> None:
        self.project.close(discard=True)
        assert list(self.working.iterdir()) == []
        shutil.rmtree(self.folder)


TestProjectMachine = pytest.mark.slow(ProjectMachine.TestCase)
TestProjectMachine.settings = settings(max_examples=12, stateful_step_count=20, deadline=None)
