"""The command ``values`` with its options, and reference values, on the sample town."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

import pytest
from commandline import Imported, done, monitor
from deliveries import RECIPES, rows, text, total

RATE = ("-i", "altenquotient", "-l", "stadtteil")
TABLE = """\
Indikator;Gebiet;Stichtag;Wert;Quelle
altenquotient;Niedersachsen;31.12.2023;38,2;Landesamt für Statistik
altenquotient;Niedersachsen;31.12.2024;38,9;Landesamt für Statistik
"""
Z = 1.959963984540054


@pytest.fixture
def project(sample: Imported, tmp_path: Path) -> Path:
    copy = tmp_path / "Stadt.gpkg"
    copy.write_bytes(sample.project.read_bytes())
    return copy


def table(folder: Path, text: str = TABLE) -> Path:
    path = folder / "land.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_intervals_stand_beside_the_values(sample: Imported) -> None:
    data = done("values", sample.project, *RATE, "-d", "2024", "--intervals")
    assert data["interval"]["level"] == 0.95
    for row in data["values"]:
        assert row["low"] < row["value"] < row["high"]
    row = next(r for r in data["values"] if r["area"] == "011")
    x, n = row["cases"], row["cases"] + row["people"]
    middle = (x / n + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * math.sqrt(x / n * (1 - x / n) / n + Z * Z / (4 * n * n))
    share = middle - half
    assert row["low"] == pytest.approx(100 * share / (1 - share))
    text = monitor("values", sample.project, *RATE, "-d", "2024", "--intervals").out
    assert "Wilson-Intervall, 95 Prozent" in text


def test_no_interval_for_a_count(sample: Imported) -> None:
    answer = monitor("values", sample.project, "-i", "einwohner", "-l", "city", "--intervals",
                     "--json")  # fmt: skip
    assert answer.code == 1
    assert answer.codes() == ["no-fraction"]


def test_smoothed_values_are_labelled(sample: Imported, tmp_path: Path) -> None:
    plain = done("values", sample.project, *RATE, "-d", "2024")
    data = done("values", sample.project, *RATE, "-d", "2024", "--smooth", "eb")
    assert data["smoothing"] == "empirical-bayes"
    assert "smoothing" not in plain
    areas = [r for r in data["values"] if r["area"] != "city"]
    assert {r["status"] for r in areas} == {"estimated"}
    city = next(r["value"] for r in plain["values"] if r["area"] == "city")
    own = {r["area"]: r["value"] for r in plain["values"]}
    spread = max(own.values()) - min(own.values())
    smooth = [r["value"] for r in areas]
    assert 0 < max(smooth) - min(smooth) < spread
    assert city == next(r["value"] for r in data["values"] if r["area"] == "city")
    assert "geglättet" in monitor("values", sample.project, *RATE, "--smooth", "eb").out
    mixed = ("values", sample.project, *RATE, "--smooth", "eb", "--intervals", "--json")
    assert monitor(*mixed).code == 1


def test_changes_are_tested(sample: Imported) -> None:
    data = done("values", sample.project, *RATE, "--compare", "2014")
    assert (data["from"], data["to"]) == ("2014-12-31", "2024-12-31")
    for row in data["changes"]:
        assert row["change"] == pytest.approx(row["after"] - row["before"])
        assert row["significant"] == (abs(row["z"]) > Z)
    assert {row["significant"] for row in data["changes"]} == {True, False}
    wrong = monitor("values", sample.project, *RATE, "-d", "2014", "--compare", "2024", "--json")
    assert wrong.codes() == ["dates"]


def test_breaks_and_carried_values(sample: Imported) -> None:
    quarter = ("-i", "einwohner", "-l", "stadtviertel")
    plain = done("values", sample.project, *quarter)
    assert plain["breaks"] == ["2018-01-01"]
    carried = done("values", sample.project, *quarter, "-d", "2017", "--carried")
    assert carried["carried"]
    row = next(r for r in carried["values"] if r["area"] == "0435")
    assert (row["value"], row["status"]) == (pytest.approx(2194, abs=0.01), "estimated")
    assert "0431" not in {r["area"] for r in carried["values"]}


def test_reference_values_stand_beside_and_never_in_the_rows(project: Path, tmp_path: Path) -> None:
    before = done("values", project, *RATE, "-d", "2024")
    added = done("references", project, "add", table(tmp_path))["references"]
    assert [r["id"] for r in added] == ["altenquotient.niedersachsen"]
    data = done("values", project, *RATE, "-d", "2024")
    assert data["values"] == before["values"]  # nothing computed has changed
    assert data["references"][0]["values"] == {"2023-12-31": 38.2, "2024-12-31": 38.9}
    out = monitor("values", project, *RATE, "--format", "csv").out
    rows = list(csv.reader(io.StringIO(out), delimiter=";"))
    (own,) = (r for r in rows if r[1] == "Zum Vergleich: Niedersachsen")
    assert own[-2:] == ["38,2", "38,9"]
    assert rows[-1] == own  # below the city

    done("references", project, "add", table(tmp_path, TABLE.replace("38,9", "39,0")))
    (series,) = done("references", project)["references"]
    assert series["values"]["2024-12-31"] == 39.0
    done("references", project, "remove", "altenquotient.niedersachsen")
    assert done("references", project)["references"] == []


@pytest.mark.parametrize(
    ("old", "new", "row"),
    [
        ("altenquotient;Niedersachsen;31.12.2024", "altenquotien;Niedersachsen;31.12.2024", 3),
        ("38,9", "viel", 3),
        ("38,9", "", 3),
        ("31.12.2024", "31.13.2024", 3),
        ("31.12.2024", "31.12.2023", 3),
        ("Niedersachsen;31.12.2024", ";31.12.2024", 3),
        (";Wert;", ";Zahl;", None),
    ],
)
def test_faulty_reference_tables_change_nothing(
    project: Path, tmp_path: Path, old: str, new: str, row: int | None
) -> None:
    before = project.read_bytes()
    answer = monitor("references", project, "add", table(tmp_path, TABLE.replace(old, new)),
                     "--json")  # fmt: skip
    assert answer.code == 1
    assert row in [i["row"] for i in answer.issues]
    assert project.read_bytes() == before


def test_an_unknown_reference_is_told(project: Path) -> None:
    answer = monitor("references", project, "remove", "x", "--json")
    assert answer.codes() == ["unknown-reference"]


def test_cases_without_a_place_are_in_the_total_and_below_the_areas(
    small: Path, tmp_path: Path
) -> None:
    own = RECIPES["stock"].replace("    sex:", "    unknown_areas: keep\n    sex:")
    way = tmp_path / "rezept.yaml"
    way.write_text(own, encoding="utf-8")
    delivery = tmp_path / "bestand.csv"
    lines = [*rows(), "31.12.2023;99;m;4", "31.12.2023;99;w;3"]
    delivery.write_text(text(lines), encoding="utf-8")
    done("import", small, delivery, "-r", way)
    data = done("values", small, "-i", "einwohner", "-l", "viertel")
    assert {r["area"] for r in data["values"]} == {"01", "02", "03", "city"}
    assert data["unlocated"] == [{"date": "2023-12-31", "value": 7, "status": "ok"}]
    (city,) = (r for r in data["values"] if (r["area"], r["date"]) == ("city", "2023-12-31"))
    assert city["value"] == total(2023) + 7
    out = monitor("values", small, "-i", "einwohner", "-l", "viertel", "--format", "csv").out
    found = list(csv.reader(io.StringIO(out), delimiter=";"))
    (line,) = (r for r in found if r[1] == "räumlich nicht zuordenbar")
    assert line[-1] == "7"
    assert found.index(line) == len(found) - 1
