"""A project of three quarters in two districts with ten years of population, for a window."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from monitor_app.core.ages import AgeAxis
from monitor_app.core.areas import Level
from monitor_app.core.batch import AreaTable, FactTable, ImportBatch
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import DatasetSpec, Kind
from monitor_app.project.project import Project
from monitor_app.ui.window import MainWindow
from tests.ui.conftest import settle

QUARTERS = ("a1", "a2", "b1")
NAMES = ("Altstadt", "Auenviertel", "Bahnhof")
DAYS = tuple(date(y, 12, 31) for y in range(2014, 2024))
AGES = AgeAxis.single_years(90)


def counts() -> np.ndarray:
    """Persons (area, date, sex, age) that grow evenly with a little noise."""
    rng = np.random.default_rng(11)
    ages = np.arange(91)
    shape = 14.0 * np.exp(-(((ages - 38) / 32.0) ** 2)) + 3
    size = np.array([1.0, 2.0, 0.6])[:, None, None, None]
    trend = np.exp(0.01 * np.arange(len(DAYS)))[None, :, None, None]
    return rng.poisson(size * trend * shape * np.ones((1, 1, 2, 1))).astype(float)


def make_forecast_town(folder: Path) -> Path:
    """A saved project."""
    squares = [shapely.box(565000 + 1000 * i, 5930000, 566000 + 1000 * i, 5931000)
               for i in range(3)]  # fmt: skip
    districts = (shapely.union_all(squares[:2]), squares[2])
    crs = "EPSG:25832"
    tables = (
        AreaTable(Level("bezirk", "Bezirk", 1), ("a", "b"), ("Ost", "West"), districts, crs),
        AreaTable(
            Level("viertel", "Viertel", 2, parents=("bezirk",)), QUARTERS, NAMES, tuple(squares),
            crs, tuple({"bezirk": k[0]} for k in QUARTERS),
        ),
    )  # fmt: skip
    cube = Cube.of({"area": QUARTERS, "date": DAYS, "sex": ("m", "f")}, counts(), ages=AGES)
    spec = DatasetSpec("population", Kind.POPULATION, "Bevölkerung", "viertel")
    path = folder / "Prognosestadt.gpkg"
    with Project.create(path, name="Prognosestadt", working_dir=folder / "work") as project:
        project.apply(ImportBatch("Import", (), areas=tables, facts=(FactTable(spec, cube),)))
        project.save()
    return path


def ready(qtbot: QtBot, window: MainWindow) -> None:
    """Jobs that start other jobs have ended, too."""
    for _round in range(4):
        settle(qtbot, window)
        qtbot.wait(1)


def open_assumptions(qtbot: QtBot, window: MainWindow, folder: Path) -> Any:
    """The forecast room of the town with its assumptions in view."""
    window.open_path(make_forecast_town(folder))
    settle(qtbot, window)
    qtbot.mouseClick(window.rail.buttons["forecast"], Qt.MouseButton.LeftButton)
    ready(qtbot, window)
    assert window.workbench is not None
    found = window.workbench.rooms["forecast"]
    qtbot.mouseClick(found.inner.buttons["assume"], Qt.MouseButton.LeftButton)
    ready(qtbot, window)
    return found
