"""Each data set names the files that its own numbers came from, date by date."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np

from monitor_app.core.batch import FactTable, ImportBatch
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import DatasetSpec, Kind, SourceFile
from monitor_app.project.project import Project

FILES = [SourceFile(f"{name}.csv", name * 64, 10) for name in "abc"]


def table(key: str, years: dict[int, SourceFile], value: float = 1.0) -> FactTable:
    days = [date(year, 12, 31) for year in years]
    cube = Cube.of({"area": ["city"], "date": days}, np.full((1, len(days)), value))
    files = {day: (file,) for day, file in zip(days, years.values(), strict=True)}
    return FactTable(DatasetSpec(key, Kind.POPULATION, key, "city"), cube, files)


def test_files_are_kept_per_data_set_and_date(tmp_path: Path) -> None:
    a, b, c = FILES
    path = tmp_path / "town.gpkg"
    with Project.create(path, working_dir=tmp_path / "w") as project:
        first = ImportBatch(
            "first", (a, b), facts=(table("one", {2020: a, 2021: a}), table("two", {2021: b}))
        )
        project.apply(first)
        project.apply(ImportBatch("second", (c,), facts=(table("one", {2021: c, 2022: c}, 2.0),)))
        project.save()
    with Project.open(path, working_dir=tmp_path / "w") as project:
        one, two = project.datasets()
        assert {d.year: [f.name for f in fs] for d, fs in one.files.items()} == {
            2020: ["a.csv"], 2021: ["c.csv"], 2022: ["c.csv"],
        }  # fmt: skip
        assert one.sources == (a, c)
        assert two.sources == (b,)
        project.undo()
        one, two = project.datasets()
        assert one.sources == (a,)
        assert sorted(d.year for d in one.files) == [2020, 2021]
