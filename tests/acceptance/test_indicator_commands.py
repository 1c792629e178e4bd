"""Own definitions and traces by the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from commandline import Imported, done, monitor

OWN = """\
- id: zahl_alte
  name: {de: Personen ab 65 Jahren, en: Persons of 65 and over}
  unit: persons
  aggregation: sum
  formula: pop(age >= 65)
- id: anteil_alte
  name: Anteil der Personen ab 65 Jahren
  unit: percent
  formula: 100 * zahl_alte / pop()
"""


def written(folder: Path, text: str, name: str = "eigene.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_own_definitions_travel_with_the_project(small: Path, tmp_path: Path) -> None:
    answer = done("indicators", small, "add", written(tmp_path, OWN))
    assert answer["added"] == ["zahl_alte", "anteil_alte"]
    listed = done("indicators", small, "list")["indicators"]
    assert [(row["id"], row["replaces"]) for row in listed] == [
        ("anteil_alte", False), ("zahl_alte", False),
    ]  # fmt: skip
    computed = done("compute", small, "-i", "anteil_alte")["indicators"][0]
    assert computed["missing"]  # the project has no inhabitants yet, and says so
    done("indicators", small, "remove", "anteil_alte")
    done("indicators", small, "remove", "zahl_alte")
    assert done("indicators", small)["indicators"] == []
    assert "anteil_alte" in monitor("compute", small, "-i", "anteil_alte").text


def test_what_others_rest_on_is_not_removed(small: Path, tmp_path: Path) -> None:
    done("indicators", small, "add", written(tmp_path, OWN))
    answer = monitor("indicators", small, "remove", "zahl_alte", "--json")
    assert answer.code == 1
    assert "in-use" in answer.codes()
    assert len(done("indicators", small)["indicators"]) == 2


@pytest.mark.parametrize(
    ("old", "new", "code", "row"),
    [
        ("pop(age >= 65)", "anteil_alte * pop()", "circular", 5),
        ("100 * zahl_alte", "100 * zahl_altte", "unknown-name", 9),
        ("unit: percent", "unit: years", "unit-mismatch", 9),
        ("name: Anteil der Personen ab 65 Jahren", "name: {en: Share}", "missing-name", 7),
        ("pop(age >= 65)", "pop(age >= )", "formula", 5),
        ("- id: anteil_alte", "- id: zahl_alte", "duplicate-id", 6),
    ],
)
def test_faulty_files_change_nothing(
    small: Path, tmp_path: Path, old: str, new: str, code: str, row: int
) -> None:
    before = small.read_bytes()
    path = written(tmp_path, OWN.replace(old, new))
    answer = monitor("indicators", small, "add", path, "--json")
    assert answer.code == 1
    hit = next(i for i in answer.issues if i["code"] == code)
    assert (hit["row"], hit["file"]) == (row, "eigene.yaml")
    assert small.read_bytes() == before


def test_the_argument_that_is_lacking_is_named(small: Path) -> None:
    assert "YAML-Datei" in monitor("indicators", small, "add").text
    assert monitor("indicators", small, "remove").code == 1
    assert monitor("indicators", small, "remove", "nichts").code == 1
    assert "nicht gelesen" in monitor("indicators", small, "add", "fehlt.yaml").text


def test_a_dated_definition_changes_on_its_day(sample: Imported, tmp_path: Path) -> None:
    project = tmp_path / "Stadt.gpkg"
    project.write_bytes(sample.project.read_bytes())
    text = (
        "id: rentenalter\nname: Personen im Rentenalter\nunit: persons\naggregation: sum\n"
        "formula:\n  - formula: pop(age >= 65)\n"
        "  - {from: 2020-12-31, formula: pop(age >= 67)}\n"
    )
    done("indicators", project, "add", written(tmp_path, text))

    def city(indicator: str) -> dict[str, float]:
        rows = done("values", project, "-i", indicator, "-l", "city")["values"]
        return {row["date"]: row["value"] for row in rows}

    own = (
        "- {id: ab65, name: a, unit: persons, formula: pop(age >= 65)}\n"
        "- {id: ab67, name: a, unit: persons, formula: pop(age >= 67)}\n"
    )
    done("indicators", project, "add", written(tmp_path, own, "zwei.yaml"))
    dated, old, new = city("rentenalter"), city("ab65"), city("ab67")
    assert dated["2019-12-31"] == old["2019-12-31"] != new["2019-12-31"]
    assert dated["2020-12-31"] == new["2020-12-31"] != old["2020-12-31"]


def test_a_trace_names_formula_inputs_and_files(sample: Imported) -> None:
    options = ("-i", "altenquotient", "-l", "stadtteil", "-a", "011", "-d", "2024-12-31")
    data = done("trace", sample.project, *options)
    top, bottom = data["inputs"]
    assert data["value"] == pytest.approx(100 * top["value"] / bottom["value"])
    assert top["files"] == ["bevoelkerung_2018_2024.csv"]
    assert top["dataset_level"] == "stadtviertel"
    text = monitor("trace", sample.project, *options).out
    assert "Wie wurde das berechnet?" in text
    assert "Altstadt (011), 31.12.2024" in text
    assert "Formel: 100 * pop(age >= 65) / pop(age 20..64)" in text
    assert "bevoelkerung_2018_2024.csv" in text


def test_a_trace_of_the_town_and_of_a_carried_value(sample: Imported) -> None:
    town = done("trace", sample.project, "-i", "einwohner", "-l", "stadtviertel")
    assert (town["area"], town["date"]) == ("city", "2024-12-31")
    new = ("trace", sample.project, "-i", "einwohner", "-l", "stadtviertel", "-a", "0436", "-d")
    assert done(*new, "2017")["value"] is None
    carried = done(*new, "2017", "--carried")
    assert carried["value"] == pytest.approx(352, abs=0.01)
    assert carried["status"] == "estimated"
    assert "Umsteigeschlüssel" in monitor(*new, "2017", "--carried").out
    assert monitor(*new[:-3], "-a", "9999").code == 1
