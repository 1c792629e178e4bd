"""Messages and listings name things as people do: variables, areas, data sets, dates."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
import shapely
from commandline import done, monitor
from deliveries import recipe

from monitor_app.core.areas import Level
from monitor_app.core.batch import AreaTable, FactTable, ImportBatch
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import DatasetSpec, Kind
from monitor_app.core.i18n import LANGUAGE
from monitor_app.indicators.formula import parse
from monitor_app.indicators.run import input_words
from monitor_app.project.project import Project


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two quarters with ten inhabitants each, by no age and no household."""
    folder = tmp_path_factory.mktemp("namen")
    boxes = tuple(shapely.box(1000 * i, 0, 1000 * (i + 1), 1000) for i in range(2))
    level = Level("viertel", "Stadtviertel", 1)
    areas = AreaTable(level, ("01", "02"), ("Altstadt", "Süd"), boxes, "EPSG:25832")
    cube = Cube.of({"area": ("01", "02"), "date": (date(2024, 12, 31),)}, np.full((2, 1), 10.0))
    spec = DatasetSpec("population", Kind.POPULATION, "Einwohner", "viertel")
    path = folder / "stadt.gpkg"
    with Project.create(path, name="Probestadt", working_dir=folder / "work") as made:
        made.apply(ImportBatch("Import", (), areas=(areas,), facts=(FactTable(spec, cube),)))
        made.save()
    return path


def test_an_unknown_area_of_a_trace_is_told_with_known_ones(town: Path) -> None:
    for wrong in ("999", "3"):
        answer = monitor("trace", town, "-i", "einwohner", "-l", "viertel", "-a", wrong, "--json")
        assert answer.code == 1
        assert answer.codes() == ["unknown-area"]
        (issue,) = answer.issues
        assert issue["value"] == wrong
        assert "01 (Altstadt), 02 (Süd)" in issue["repair"]
    assert "10" in monitor("trace", town, "-i", "einwohner", "-l", "viertel", "-a", "02").out
    assert "20" in monitor("trace", town, "-i", "einwohner", "-l", "viertel").out


def test_a_profile_says_which_key_figures_it_lacks_and_why(town: Path) -> None:
    asked = ("profile", town, "-l", "viertel", "-a", "01", "-i", "einwohner", "-i")
    found = done(*asked, "haushaltsgroesse")
    assert [f["indicator"] for f in found["profiles"][0]["figures"]] == ["einwohner"]
    (issue,) = found["issues"]
    assert (issue["code"], issue["severity"]) == ("missing_inputs", "warning")
    assert "Personen in Privathaushalten (persons_in_households): " in issue["repair"]
    assert "variable(" not in issue["repair"]
    told = monitor(*asked, "haushaltsgroesse")
    assert told.code == 0
    assert "Personen in Privathaushalten" in told.err
    early = done(*asked[:-1], "--date", "2020")
    assert [i["message"] for i in early["issues"]] == [
        "„Einwohnerinnen und Einwohner“ hat bis 31.12.2020 keinen Wert."
    ]
    assert done("profile", town, "-l", "viertel", "-a", "01")["issues"] == []


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        ('variable("unemployed")', "Arbeitslose (unemployed)"),
        ('variable("sgb2", age < 15)', "Personen mit SGB-II-Leistungen (sgb2, age < 15)"),
        ('variable("eigene")', "eigene"),
        ("pop()", "Bevölkerung"),
        ("pop(age < 15)", "Bevölkerung (pop(age < 15))"),
        ("mean_pop()", "Bevölkerung (mean_pop())"),
    ],
)  # fmt: skip
def test_inputs_are_named_for_readers(formula: str, words: str) -> None:
    LANGUAGE.use("de")
    assert [input_words(i) for i in parse(formula).inputs] == [words]


def test_dates_are_written_as_people_read_them(town: Path) -> None:
    text = monitor("info", town).out
    assert "31.12.2024" in text
    assert "2024-12-31" not in text
    assert done("info", town)["datasets"][0]["totals"] == {"2024-12-31": 20}


def test_an_import_lists_data_sets_by_name(small: Path, tmp_path: Path) -> None:
    rents = tmp_path / "mieten.csv"
    rents.write_text("Stichtag;Viertel;Miete\n31.12.2023;01;8,5\n", encoding="utf-8")
    listed = monitor("import", small, rents, "-r", recipe(tmp_path, "rent"))
    assert listed.code == 0
    assert "Mittlere Miete" in listed.out
    assert "variable_rent" not in listed.out
