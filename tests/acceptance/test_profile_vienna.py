"""Profiles and map series of Vienna's districts against the raw files, pandas and shapely."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from pathlib import Path

import pandas as pd
import pyogrio
import pytest
from commandline import Imported, done, monitor
from PIL import Image
from pypdf import PdfReader

pytestmark = pytest.mark.realdata


@pytest.fixture(scope="module")
def profiles(vienna: Imported) -> dict[str, dict]:
    found = done("profile", vienna.project, "-l", "bezirk")["profiles"]
    return {p["area"]: p for p in found}


def figure(profile: dict, indicator: str) -> dict:
    return next(f for f in profile["figures"] if f["indicator"] == indicator)


def test_every_figure_equals_the_printed_values(vienna: Imported, profiles) -> None:
    assert len(profiles) == 23
    for indicator in ("einwohner", "altenquotient", "wanderungssaldo", "auslaenderanteil"):
        table = done("values", vienna.project, "-i", indicator, "-l", "bezirk")["values"]
        values = pd.DataFrame(table)
        newest = values["date"].max()
        day = values[values["date"] == newest].set_index("area")["value"]
        areas = day.drop("city")
        ranks = areas.rank(ascending=False, method="min")
        for key, profile in profiles.items():
            found = figure(profile, indicator)
            assert found["date"] == newest
            assert found["value"] == day[key]
            assert found["city"] == day["city"]
            assert (found["rank"], found["of"]) == (ranks[key], 23)


def test_residents_and_growth_from_the_raw_file(realdata: Path, profiles) -> None:
    path = realdata / "wien/raw/vie-bez-pop-sex-age5-stk-nat-geo4-2002f.csv"
    counted: Counter[tuple[str, str]] = Counter()
    with path.open(encoding="utf-8-sig", newline="") as file:
        next(file)
        for row in csv.DictReader(file, delimiter=";"):
            persons = sum(int(row[g]) for g in ("AUT", "EEA", "REU", "TCN"))
            counted[row["DISTRICT_CODE"], row["REF_DATE"]] += persons
    for key, profile in profiles.items():
        found = figure(profile, "einwohner")
        now, before, early = (counted[key, f"{y}0101"] for y in (2025, 2024, 2020))
        assert found["value"] == now
        assert found["previous"]["value"] == pytest.approx(100 * (now - before) / before)
        assert found["five_years"]["value"] == pytest.approx(100 * (now - early) / early)
        assert found["five_years"]["from"] == "2020-01-01"


def test_neighbours_are_those_of_shapely(realdata: Path, profiles) -> None:
    frame = pyogrio.read_dataframe(realdata / "wien/raw/shp/BEZIRKSGRENZEOGDPolygon.shp")
    shapes = {f"9{int(n):02d}00": g for n, g in zip(frame["BEZNR"], frame.geometry, strict=True)}
    corners = 0
    for key, shape in list(shapes.items())[::3]:
        near = {k for k, other in shapes.items() if k != key and shape.dwithin(other, 0.5)}
        grown = shape.boundary.buffer(1, quad_segs=2)
        border = {k for k in near if grown.intersection(shapes[k].boundary).length > 10}
        touching = {k for k in near if shape.touches(shapes[k])}
        found = {n["area"] for n in profiles[key]["neighbours"]}
        assert found == border
        corners += len(touching - found)  # what touches and is no neighbour is a corner
    assert corners <= 6
    assert {n["area"] for n in profiles["90100"]["neighbours"]} == {
        "90200", "90300", "90400", "90600", "90700", "90800", "90900"
    }  # fmt: skip


@pytest.mark.slow
def test_the_sheet_prints_what_was_computed(vienna: Imported, profiles, tmp_path: Path) -> None:
    path = tmp_path / "blatt.pdf"
    done("profile", vienna.project, "-l", "bezirk", "-a", "91000", "-o", path)
    text = PdfReader(path).pages[0].extract_text()
    assert "Favoriten" in text
    residents = figure(profiles["91000"], "einwohner")
    assert f"{residents['value']:,.0f}".replace(",", ".") in text
    ratio = figure(profiles["91000"], "altenquotient")
    assert f"{ratio['value']:.1f}".replace(".", ",") in text
    assert f"{ratio['rank']} von 23" in text
    assert "Stadt Wien" in text


@pytest.mark.slow
def test_a_series_as_a_page(vienna: Imported, tmp_path: Path) -> None:
    page = tmp_path / "reihe.pdf"
    told = done("series", vienna.project, "-l", "bezirk", "-i", "altenquotient", "-d", "2002",
                "-d", "2025", "-o", page)  # fmt: skip
    assert told["maps"] == ["01.01.2002", "01.01.2025"]
    text = PdfReader(page).pages[0].extract_text()
    assert all(day in text for day in told["maps"])


@pytest.mark.slow
def test_a_series_as_a_moving_picture(vienna: Imported, tmp_path: Path) -> None:
    moving = tmp_path / "reihe.gif"
    done("series", vienna.project, "-l", "bezirk", "-i", "einwohner", "-d", "1971", "-d", "2001",
         "-d", "2002", "-o", moving, "--seconds", "0.5")  # fmt: skip
    with Image.open(moving) as picture:
        assert picture.n_frames == 3
        times = []
        for n in range(3):
            picture.seek(n)
            times.append(picture.info["duration"])
    # thirty years, less than one, and the last stands three times as long
    assert times == [500, 250, 1500]


def test_what_cannot_be_made_is_told(vienna: Imported, tmp_path: Path) -> None:
    wrong = (
        ("profile", vienna.project, "-l", "bezirk", "-a", "1", "-o", tmp_path / "a.pdf"),
        ("profile", vienna.project, "-l", "gibtesnicht", "-o", tmp_path / "a.pdf"),
        ("profile", vienna.project, "-l", "bezirk", "-i", "einwohne", "-o", tmp_path / "a.pdf"),
        ("profile", vienna.project, "-l", "bezirk", "-d", "morgen", "-o", tmp_path / "a.pdf"),
        ("series", vienna.project, "-l", "bezirk", "-i", "einwohner", "-o", tmp_path / "a.doc"),
        ("series", vienna.project, "-l", "bezirk", "-i", "einwohner", "-d", "1700", "-o",
         tmp_path / "a.pdf"),
    )  # fmt: skip
    for arguments in wrong:
        assert monitor(*arguments).code == 1, arguments
    assert not list(tmp_path.iterdir())


def test_selected_are_the_areas_that_the_values_say(vienna: Imported) -> None:
    def newest(indicator: str) -> dict[str, float]:
        table = done("values", vienna.project, "-i", indicator, "-l", "bezirk")["values"]
        day = max(v["date"] for v in table)
        return {v["area"]: v["value"] for v in table if v["date"] == day and v["area"] != "city"}

    people, ratio = newest("einwohner"), newest("altenquotient")
    found = done("select", vienna.project, "-l", "bezirk",
                 "einwohner >= 100.000 und nicht altenquotient > 25,0")["areas"]  # fmt: skip
    expected = {k for k in people if people[k] >= 100_000 and not round(ratio[k], 1) > 25.0}
    assert {a["area"] for a in found} == expected
    assert 0 < len(expected) < 23
    answer = monitor("select", vienna.project, "-l", "bezirk", "einwoner > 3")
    assert answer.code == 1
    assert "einwohner" in answer.text


@pytest.mark.slow
def test_the_list_of_figures_is_kept_by_command(vienna: Imported, tmp_path: Path) -> None:
    project = Path(shutil.copy(vienna.project, tmp_path / "wien.gpkg"))
    usual = done("profile-figures", project, "-l", "bezirk")["indicators"]
    assert usual[0] == "einwohner"
    chosen = ["auslaenderanteil", "einwohner"]
    done("profile-figures", project, "-l", "bezirk", "-i", chosen[0], "-i", chosen[1])
    told = done("profile", project, "-l", "bezirk", "-a", "90100")["profiles"][0]
    assert [f["indicator"] for f in told["figures"]] == chosen
    done("profile-figures", project, "-l", "bezirk", "--reset")
    assert done("profile-figures", project, "-l", "bezirk")["indicators"] == usual
