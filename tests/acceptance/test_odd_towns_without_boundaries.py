"""A town of tables only: levels without any boundary are forecast, listed and drawn as charts."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from commandline import done, monitor

AREAS = """\
id: gebiete
name: Gebiete
match: {files: [gebiete.csv], columns: [NR, NAME]}
contents:
- kind: areas
  level: {key: viertel, name: Viertel, rank: 1}
  key: {column: NR}
  name: {column: NAME}
"""
PEOPLE = """\
id: bestand
name: Bestand
match: {files: [bestand.csv], columns: [Gebiet, Stand, Geschlecht]}
contents:
- kind: population
  dataset: population
  name: Bestand
  level: viertel
  area: {column: Gebiet}
  date: {column: Stand}
  sex: {column: Geschlecht}
  values: [{pattern: "A(.+)", age: "{1}"}]
"""
KEYS = ("01", "1", "007")


@pytest.fixture
def town(tmp_path: Path) -> Path:
    ages = [*(f"A{a}-{a + 4}" for a in range(0, 85, 5)), "A85+"]
    (tmp_path / "gebiete.csv").write_text(
        "NR;NAME\n" + "".join(f"{k};Gebiet {k}\n" for k in KEYS), encoding="utf-8"
    )
    rng = np.random.default_rng(4)
    with (tmp_path / "bestand.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, delimiter=";")
        rows.writerow(["Gebiet", "Stand", "Geschlecht", *ages])
        for year in range(2012, 2024):
            for n, key in enumerate(KEYS):
                for sex in "mw":
                    counts = rng.poisson(60 * (n + 1), len(ages))
                    rows.writerow([key, f"{year}-06-30", sex, *counts])
    (tmp_path / "gebiete.yaml").write_text(AREAS, encoding="utf-8")
    (tmp_path / "bestand.yaml").write_text(PEOPLE, encoding="utf-8")
    project = tmp_path / "stadt.gpkg"
    done("new", project)
    recipes = ("-r", tmp_path / "gebiete.yaml", "-r", tmp_path / "bestand.yaml")
    done("import", project, tmp_path / "gebiete.csv", tmp_path / "bestand.csv", *recipes)
    return project


@pytest.mark.slow
def test_it_is_forecast_to_its_own_day_and_drawn(town: Path, tmp_path: Path) -> None:
    data = done("forecast", town, "-l", "viertel", "-n", "3", "--draws", "20")
    codes = {i["code"] for i in data["issues"]}
    assert {"forecast-kind", "ages-estimated"} <= codes
    shown = done("values", town, "-i", "einwohner", "-l", "viertel", "--origin", "forecast",
                 "-d", "2026-06-30")["values"]  # fmt: skip
    by_area = {v["area"]: v["value"] for v in shown}
    assert set(by_area) == {*KEYS, "city"}
    assert sum(by_area[k] for k in KEYS) == by_area["city"]
    ranked = monitor("chart", town, "-k", "ranking", "-l", "viertel", "-i", "einwohner",
                     "-o", tmp_path / "rang.csv")  # fmt: skip
    assert ranked.code == 1
    assert "keine Gebietsgrenzen" in ranked.text
    line = tmp_path / "reihe.csv"
    done("chart", town, "-k", "timeline", "-l", "viertel", "-i", "einwohner", "-a", "007",
         "--scenario", "main/middle", "-o", line)  # fmt: skip
    text = line.read_text(encoding="utf-8-sig")
    assert f"{by_area['007']:.0f}" in text
    refused = monitor("map", town, "-i", "einwohner", "-l", "viertel", "-o", tmp_path / "k.png")
    assert refused.code == 1
    assert "Gebietsgrenzen" in refused.text
