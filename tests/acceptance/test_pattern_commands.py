"""Segregation and clusters from the command line, held against sums over the raw files."""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from commandline import Imported, done, monitor
from pypdf import PdfReader

GROUPS = ("AUT", "EEA", "REU", "TCN")


@pytest.fixture(scope="module")
def heads(realdata: Path) -> dict[str, dict[str, dict[str, int]]]:
    """Date, district, group: persons, from the file as published."""
    path = realdata / "wien/raw/vie-bez-pop-sex-age5-stk-nat-geo4-2002f.csv"
    found: dict[str, dict[str, dict[str, int]]] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        next(file)
        for row in csv.DictReader(file, delimiter=";"):
            d = row["REF_DATE"]
            cell = found.setdefault(f"{d[:4]}-{d[4:6]}-{d[6:]}", {}).setdefault(
                row["DISTRICT_CODE"], defaultdict(int)
            )
            for group in GROUPS:
                cell[group] += int(row[group])
    return found


def half_of_differences(x: list[int], y: list[int]) -> float:
    return 0.5 * sum(abs(a / sum(x) - b / sum(y)) for a, b in zip(x, y, strict=True))


@pytest.mark.realdata
def test_segregation_index_of_vienna_by_hand(
    vienna: Imported, heads: dict[str, dict[str, dict[str, int]]]
) -> None:
    found = done("segregation", vienna.project, "-l", "bezirk", "--by", "group", "--draws", 20)
    by_key = {g["key"]: {v["date"]: v for v in g["values"]} for g in found["groups"]}
    assert set(by_key) == set(GROUPS)
    assert {len(v) for v in by_key.values()} == {24}
    for day, districts in heads.items():
        for group in GROUPS:
            x = [d[group] for d in districts.values()]
            t = [sum(d.values()) for d in districts.values()]
            rest = [b - a for a, b in zip(x, t, strict=True)]
            value = by_key[group][day]
            assert value["areas"] == 23
            assert value["is"]["value"] == pytest.approx(half_of_differences(x, rest), rel=1e-12)
            isolation = sum(a / sum(x) * a / b for a, b in zip(x, t, strict=True))
            assert value["isolation"]["value"] == pytest.approx(isolation, rel=1e-12)
            assert value["interaction"]["value"] == pytest.approx(1 - isolation, rel=1e-12)
            # Chance alone separates groups of this size by well under a per cent.
            assert 0 < value["is"]["random"] < 0.02


@pytest.mark.realdata
def test_entropy_of_all_groups_by_hand(
    vienna: Imported, heads: dict[str, dict[str, dict[str, int]]]
) -> None:
    def mixed(counts: list[int]) -> float:
        total = sum(counts)
        return -sum(c / total * math.log(c / total) for c in counts if c)

    found = done("segregation", vienna.project, "-l", "bezirk", "--draws", 5)
    for row in found["entropy"]:
        districts = heads[row["date"]]
        city = [sum(d[g] for d in districts.values()) for g in GROUPS]
        total, whole = sum(city), mixed(city)
        expected = sum(
            sum(d.values()) * (whole - mixed(list(d.values()))) for d in districts.values()
        ) / (total * whole)
        assert row["value"] == pytest.approx(expected, rel=1e-9)
        assert row["random"] < row["value"] / 20


@pytest.mark.realdata
def test_dissimilarity_of_two_groups_by_hand(
    vienna: Imported, heads: dict[str, dict[str, dict[str, int]]]
) -> None:
    found = done("segregation", vienna.project, "-l", "bezirk", "--of", "group == TCN",
                 "--against", "group == AUT", "--draws", 20)  # fmt: skip
    values = {v["date"]: v["dissimilarity"]["value"] for v in found["groups"][0]["values"]}
    for day, districts in heads.items():
        x, y = ([d[g] for d in districts.values()] for g in ("TCN", "AUT"))
        assert values[day] == pytest.approx(half_of_differences(x, y), rel=1e-12)
    assert round(values["2025-01-01"], 3) == 0.131
    answer = monitor("segregation", vienna.project, "-l", "bezirk", "--of", "group == TCN",
                     "--against", "group == AUT", "--draws", 20)  # fmt: skip
    assert "13,1 Prozent der Gruppe müssten umziehen, um sich wie „group == AUT“" in answer.out
    quotients = found["groups"][0]["location_quotients"]
    last = heads["2025-01-01"]
    share = sum(d["TCN"] for d in last.values()) / sum(sum(d.values()) for d in last.values())
    for key, d in last.items():
        expected = d["TCN"] / sum(d.values()) / share
        assert quotients[key] == pytest.approx(expected, rel=1e-12)


def test_segregation_says_chance_reform_and_seed(sample: Imported, tmp_path: Path) -> None:
    arguments = ("segregation", sample.project, "-l", "stadtviertel", "--draws", 30, "--seed", 4)
    first, again = done(*arguments), done(*arguments)
    assert first == again
    other = done(*arguments[:-1], 5)
    assert (
        other["groups"][0]["values"][0]["is"]["value"]
        == (first["groups"][0]["values"][0]["is"]["value"])
    )
    assert (
        other["groups"][0]["values"][0]["is"]["random"]
        != (first["groups"][0]["values"][0]["is"]["random"])
    )
    assert first["breaks"] == ["2018-01-01"]
    # 60 quarters before and after the reform; the three that are not in force are no gap
    assert {(v["areas"], v["left_out"]) for v in first["groups"][0]["values"]} == {(60, 0)}
    answer = monitor(*arguments)
    assert "Prozent der Gruppe müssten umziehen" in answer.out
    assert "Gebietsänderung am 01.01.2018" in answer.out
    path = tmp_path / "segregation.csv"
    done(*arguments, "-o", path)
    lines = path.read_text("utf-8-sig").splitlines()
    assert lines[0].startswith("Gruppe;Stand;Segregationsindex IS;")
    assert len([r for r in lines if r.startswith(("deutsch;", "nichtdeutsch;"))]) == 32


def test_carried_numbers_stand_on_the_present_areas(sample: Imported) -> None:
    answer = monitor("segregation", sample.project, "-l", "stadtviertel", "--carried",
                     "--draws", 5)  # fmt: skip
    assert "auf die heutigen Gebiete umgerechnet" in answer.out
    assert "nicht vergleichbar" not in answer.out


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--by", "shoe"), "dimension"),
        (("--of", "grp == 3"), "formula"),
        (("--by", "sex", "--of", "age < 18"), "groups"),
        (("--of", "age < 18", "--against", "group == martian"), "missing_inputs"),
        (("--of", "age >= 0"), "no-group"),
    ],
)
def test_what_cannot_be_a_group_is_told(
    sample: Imported, options: tuple[str, ...], code: str
) -> None:
    answer = monitor("segregation", sample.project, "-l", "stadtteil", "--draws", 5, *options,
                     "--json")  # fmt: skip
    assert answer.code == 1
    assert code in answer.codes() or code in answer.codes("warning")


# -- clusters -------------------------------------------------------------------------------------


def borders(realdata: Path) -> dict[str, set[str]]:
    """Who is nearer than half a metre, by shapely straight from the shapefile."""
    import pyogrio
    import shapely

    frame = pyogrio.read_dataframe(realdata / "wien/raw/shp/BEZIRKSGRENZEOGDPolygon.shp")
    keys = [f"9{int(b):02d}00" for b in frame["BEZ"]]
    found: dict[str, set[str]] = {k: set() for k in keys}
    shapes = list(frame.geometry)
    for i, a in enumerate(shapes):
        for j, b in enumerate(shapes):
            if i != j and shapely.dwithin(a, b, 0.3):
                found[keys[i]].add(keys[j])
    return found


@pytest.mark.realdata
def test_moran_and_lisa_of_vienna_by_hand(
    vienna: Imported, realdata: Path, heads: dict[str, dict[str, dict[str, int]]]
) -> None:
    """Share of foreigners 2025: I and I_i from their definitions."""
    found = done("clusters", vienna.project, "-i", "auslaenderanteil", "-l", "bezirk",
                 "--permutations", 199)  # fmt: skip
    near = borders(realdata)
    day = heads["2025-01-01"]
    share = {k: 100 * (1 - d["AUT"] / sum(d.values())) for k, d in day.items()}
    assert {a["area"]: a["value"] for a in found["areas"]} == pytest.approx(share, rel=1e-12)
    mean = sum(share.values()) / 23
    z = {k: v - mean for k, v in share.items()}
    square = sum(v * v for v in z.values())
    lag = {k: sum(z[j] for j in near[k]) / len(near[k]) for k in z}
    moran = 23 / 23 * sum(z[k] * lag[k] for k in z) / square
    assert found["moran"]["value"] == pytest.approx(moran, rel=1e-9)
    assert found["moran"]["expected"] == pytest.approx(-1 / 22)
    local = {a["area"]: a["lisa"]["value"] for a in found["areas"]}
    for key, value in local.items():
        assert value == pytest.approx(22 * z[key] * lag[key] / square, rel=1e-9)
    # a class only where significant, and of the quadrant that z and its neighbours stand in
    for area in found["areas"]:
        key, kind = area["area"], area["lisa"]["class"]
        quadrant = f"{'high' if z[key] > 0 else 'low'}_{'high' if lag[key] > 0 else 'low'}"
        assert kind == (quadrant if area["lisa"]["significant"] else "none")
    assert len(found["series"]) == 24


def test_clusters_control_the_rate_of_false_finds(sample: Imported) -> None:
    """Benjamini and Hochberg by hand on the p-values as printed."""
    found = done("clusters", sample.project, "-i", "auslaenderanteil", "-l", "stadtviertel",
                 "--permutations", 999, "--alpha", 0.1)  # fmt: skip
    for kind in ("lisa", "gi"):
        rows = [a[kind] for a in found["areas"] if a[kind]["p"] is not None]
        assert len(rows) == 60
        p = np.sort([r["p"] for r in rows])
        below = np.flatnonzero(p <= 0.1 * np.arange(1, 61) / 60)
        limit = p[below[-1]] if below.size else -1.0
        assert {r["significant"] for r in rows if r["p"] <= limit} <= {True}
        assert {r["significant"] for r in rows if r["p"] > limit} == {False}
    assert done("clusters", sample.project, "-i", "auslaenderanteil", "-l", "stadtviertel",
                "--permutations", 999, "--alpha", 0.1) == found  # fmt: skip


def test_cluster_map_and_table(sample: Imported, tmp_path: Path) -> None:
    arguments = ("clusters", sample.project, "-i", "auslaenderanteil", "-l", "stadtviertel",
                 "--permutations", 99)  # fmt: skip
    page, table = tmp_path / "cluster.pdf", tmp_path / "cluster.csv"
    assert monitor(*arguments, "-o", page, "--gi").code == 0
    text = PdfReader(page).pages[0].extract_text()
    assert "Hot und Cold Spots" in text
    assert "nicht auffällig" in text
    done(*arguments, "-o", table)
    rows = list(csv.reader(table.read_text("utf-8-sig").splitlines(), delimiter=";"))
    assert rows[0][:3] == ["Schlüssel", "Stadtviertel", "Wert"]
    assert {"nicht auffällig"} < {r[8] for r in rows[1:] if len(r) > 8}


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("-i", "gibt_es_nicht", "-l", "stadtteil"), "unknown-indicator"),
        (("-i", "einwohner", "-l", "stadtbezirk"), "few-areas"),
        (("-i", "auslaenderanteil", "-l", "stadtteil", "-d", "1900"), "no_date"),
        (("-i", "auslaenderanteil", "-l", "stadtteil", "--alpha", 2), "options"),
        (("-i", "leerstandsquote", "-l", "stadtteil"), "missing_inputs"),
    ],
)
def test_patterns_that_cannot_be_are_told(
    sample: Imported, options: tuple[object, ...], code: str
) -> None:
    answer = monitor("clusters", sample.project, *options, "--json")
    assert answer.code == 1
    assert answer.codes() == [code]
