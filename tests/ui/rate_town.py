"""A project of three quarters with nine years of single ages, enough for rates and looking back."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import shapely

from monitor_app.core.ages import AgeAxis
from monitor_app.core.areas import Level
from monitor_app.core.batch import AreaTable, FactTable, ImportBatch
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import DatasetSpec, Kind
from monitor_app.project.project import Project

KEYS, NAMES = ("01", "02", "03"), ("Altstadt", "Neustadt", "Zell")
YEARS = tuple(range(2014, 2023))
AGES = AgeAxis.single_years(90)


def make_rate_project(folder: Path) -> Path:
    """Counts that grow evenly with a little noise, saved."""
    rng = np.random.default_rng(3)
    ages = np.arange(91)
    shape = 60.0 * np.exp(-(((ages - 38) / 32.0) ** 2)) + 10
    shape = np.where(ages > 80, shape * 0.3, shape)
    size = np.array([1.0, 2.0, 0.6])[:, None, None, None]
    trend = np.exp(0.01 * np.arange(len(YEARS)))[None, :, None, None]
    counts = rng.poisson(size * trend * shape[None, None, None] * np.ones((1, 1, 2, 1)))
    days = tuple(date(y, 12, 31) for y in YEARS)
    cube = Cube.of({"area": KEYS, "date": days, "sex": ("m", "f")}, counts.astype(float), ages=AGES)
    spec = DatasetSpec("population", Kind.POPULATION, "Bevölkerung", "viertel")
    squares = tuple(shapely.box(565000 + 1000 * i, 5930000, 566000 + 1000 * i, 5931000)
                    for i in range(3))  # fmt: skip
    areas = AreaTable(Level("viertel", "Stadtviertel", 2), KEYS, NAMES, squares, "EPSG:25832")
    path = folder / "Ratenstadt.gpkg"
    with Project.create(path, name="Ratenstadt", working_dir=folder / "work") as project:
        project.apply(ImportBatch("Import", (), areas=(areas,), facts=(FactTable(spec, cube),)))
        project.save()
    return path
