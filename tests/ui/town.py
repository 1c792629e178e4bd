"""A tiny town as files of an office, and as a project, for the tests of the window."""

from __future__ import annotations

import json
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

KEYS = ("001", "002", "003", "004", "005", "006")
NAMES = ("Altstadt", "Ährenfeld", "Bahnhof", "Ostend", "Süd", "Zell")
DAYS = (date(2020, 12, 31), date(2021, 12, 31), date(2024, 12, 31))
#: Persons under 20, 20 to 64, 65 and older per area and day.
PERSONS = np.array(
    [[[20 + i + d, 100 + 10 * i, 20 + 5 * i + 4 * d] for d in range(3)] for i in range(6)],
    dtype=float,
)
AGES = AgeAxis.from_lows((0, 20, 65))


def squares() -> tuple[shapely.Polygon, ...]:
    return tuple(
        shapely.box(565000 + 1000 * (i % 3), 5930000 + 1000 * (i // 3),
                    566000 + 1000 * (i % 3), 5931000 + 1000 * (i // 3))
        for i in range(6)
    )  # fmt: skip


def old_age_ratio(area: int, day: int) -> float:
    """Persons of 65 and more per 100 from 20 to 64, by hand."""
    return 100 * PERSONS[area, day, 2] / PERSONS[area, day, 1]


def write_boundaries(folder: Path) -> Path:
    """GeoJSON in EPSG:25832 with key and name."""
    features = [
        {
            "type": "Feature",
            "properties": {"schluessel": key, "name": name},
            "geometry": shapely.geometry.mapping(shape),
        }
        for key, name, shape in zip(KEYS, NAMES, squares(), strict=True)
    ]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::25832"}}
    path = folder / "viertel.geojson"
    text = json.dumps({"type": "FeatureCollection", "crs": crs, "features": features})
    path.write_text(text, encoding="utf-8")
    return path


def write_population(folder: Path, wrong_key: str = "") -> Path:
    """``;``-separated cp1252 file, one row per area, day and age group."""
    lines = ["Stadtviertel;Stichtag;Altersgruppe;Einwohner"]
    for i, key in enumerate(KEYS):
        for d, day in enumerate(DAYS):
            for group, label in enumerate(("0-19", "20-64", "65+")):
                number = PERSONS[i, d, group]
                lines.append(f"{key};{day:%d.%m.%Y};{label};{number:.0f}")
    if wrong_key:
        lines.append(f"{wrong_key};31.12.2024;0-19;7")
    path = folder / "einwohner.csv"
    path.write_text("\r\n".join(lines) + "\r\n", encoding="cp1252")
    return path


def batch() -> ImportBatch:
    """Areas and population, checked."""
    level = Level("viertel", "Stadtviertel", 2)
    areas = AreaTable(level, KEYS, NAMES, squares(), "EPSG:25832")
    cube = Cube.of({"area": KEYS, "date": DAYS}, PERSONS, ages=AGES)
    spec = DatasetSpec("population", Kind.POPULATION, "Bevölkerung", "viertel")
    return ImportBatch("Import: Probestadt", (), areas=(areas,), facts=(FactTable(spec, cube),))


def make_project(folder: Path, name: str = "Probestadt") -> Path:
    """A saved project of the town."""
    path = folder / f"{name}.gpkg"
    with Project.create(path, name=name, working_dir=folder / "work") as project:
        project.apply(batch())
        project.save()
    return path
