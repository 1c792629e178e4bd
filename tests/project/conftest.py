from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import project_towns as towns
import pytest

from monitor_app.project.project import Project


@pytest.fixture
def working(tmp_path: Path) -> Path:
    return tmp_path / "working"


@pytest.fixture
def project(tmp_path: Path, working: Path) -> Iterator[Project]:
    """A new project without content."""
    opened = Project.create(tmp_path / "Müllstadt.gpkg", name="Müllstadt", working_dir=working)
    yield opened
    opened.close(discard=True)


@pytest.fixture
def town(tmp_path: Path, working: Path) -> Path:
    """A saved project with content."""
    path = tmp_path / "Musterstadt.gpkg"
    with Project.create(path, name="Musterstadt", working_dir=working) as made:
        made.apply(towns.whole_town())
        made.save()
    for backup in tmp_path.glob("*.bak*"):
        backup.unlink()
    return path
