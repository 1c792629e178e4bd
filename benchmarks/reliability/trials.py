"""What every trial of a fault needs: a town, a change of it, and what must hold afterwards."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from monitor_app.core.issues import UserError
from monitor_app.project.project import Project
from tests.project import project_towns as towns


def make(path: Path, working: Path) -> None:
    with Project.create(path, working_dir=working) as project:
        project.apply(towns.whole_town())
        project.save()


def edit(project: Project, rng: random.Random) -> str:
    """A confirmed change; returns the hash of the content that must not be lost."""
    if rng.random() < 0.5:
        project.apply(towns.batch(towns.population((2024, 2025), seed=rng.randrange(10**6))))
    project.put_document("view", "v", str(rng.random()), "Ansicht")
    return project.content_hash()


def refused(code: tuple[str, ...], save: Callable[[], object]) -> str:
    """The code of the finding; a save that goes through breaks the promise."""
    try:
        save()
    except UserError as error:
        issue = error.issues[0]
        assert issue.code in code, f"told {issue.code} instead of {code}"
        assert issue.repair, "no word about what to do"
        return issue.code
    raise AssertionError("the save went through")


def held(project: Project, state: str) -> None:
    assert project.content_hash() == state, "confirmed work changed"
    assert project.check() == (), "the work does not hold together"


def file_holds(path: Path, working: Path, state: str) -> None:
    with Project.open(path, "read", working_dir=working) as file:
        held(file, state)


def no_litter(path: Path) -> None:
    rest = [p.name for p in path.parent.glob("~*")]
    assert not rest, f"left beside the file: {rest}"


@contextmanager
def opened(folder: Path) -> Iterator[tuple[Project, Path, Path]]:
    path, working = folder / "Stadt.gpkg", folder / "w"
    make(path, working)
    project = Project.open(path, working_dir=working)
    try:
        yield project, path, working
    finally:
        project.close(discard=True)
