"""Projects that many acceptance tests read. Tests that change one copy it first."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from commandline import Imported, done, private_home
from deliveries import boundaries, recipe


def _imported(folder: Path, name: str, files: list[Path], *options: object) -> Imported:
    with private_home(folder / "home"):
        project = folder / f"{name}.gpkg"
        done("new", project, "--name", name)
        return Imported(project, done("import", project, *files, *options))


@pytest.fixture(scope="session")
def vienna(realdata: Path, tmp_path_factory: pytest.TempPathFactory) -> Imported:
    """All raw files of Vienna, as published, in one go and without naming a recipe."""
    raw = realdata / "wien" / "raw"
    files = [*sorted(raw.glob("*.csv")), *sorted(raw.glob("shp/*.shp"))]
    return _imported(tmp_path_factory.mktemp("wien"), "Wien", files)


@pytest.fixture(scope="session")
def constance(realdata: Path, tmp_path_factory: pytest.TempPathFactory) -> Imported:
    """The 43 yearly files of Constance in one call without naming a recipe."""
    files = sorted((realdata / "konstanz/raw/bevoelkerung/pyramiden").glob("*.csv"))
    return _imported(tmp_path_factory.mktemp("konstanz"), "Konstanz", files)


@pytest.fixture(scope="session")
def sample(sample_town: Path, tmp_path_factory: pytest.TempPathFactory) -> Imported:
    """Every delivery of the sample town in one go, by the shipped recipes."""
    kinds = (".csv", ".xlsx", ".gpkg", ".zip")
    left_out = (
        "kontrollsummen.csv", "stadtviertel_2018.zip",
        "gebietsverzeichnis.csv", "bauprojekte.csv",
    )  # fmt: skip
    files = [
        p for p in sorted(sample_town.rglob("*")) if p.suffix in kinds and p.name not in left_out
    ]
    return _imported(tmp_path_factory.mktemp("beispielstadt"), "Beispielstadt", files)


@pytest.fixture(scope="session")
def _small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with three quarters 01, 02, 03 and no numbers."""
    folder = tmp_path_factory.mktemp("kleinstadt")
    made = _imported(folder, "Kleinstadt", [boundaries(folder)], "-r", recipe(folder, "boundaries"))
    return made.project


@pytest.fixture
def small(_small: Path, tmp_path: Path) -> Iterator[Path]:
    """A fresh copy of the three-quarter project, alone in its folder."""
    folder = tmp_path / "projekt"
    folder.mkdir()
    return Path(shutil.copy(_small, folder / "Kleinstadt.gpkg"))
