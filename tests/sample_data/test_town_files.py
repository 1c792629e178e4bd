"""The delivery looks like one: encoding, keys, signs, header lines, person rows."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from python_calamine import CalamineWorkbook

ROOT = Path(__file__).resolve().parents[2] / "sample_data"
CSV = sorted(p.relative_to(ROOT).as_posix() for p in ROOT.rglob("*.csv"))
HEADER_AT = {"bevoelkerung_": 4, "kontrollsummen": 1, "fertigstellungen": 2, "bauprojekte": 3,
             "soziales": 2, "sozialbericht": 2, "migrations": 3, "angebotsmieten": 3,
             "kitas": 3}  # fmt: skip


def table(name: str) -> pd.DataFrame:
    """A table with title lines and footnotes taken off, all cells as text."""
    skip = next((n for key, n in HEADER_AT.items() if Path(name).name.startswith(key)), 0)
    lines = (ROOT / name).read_bytes().decode("cp1252").split("\r\n")
    header = lines[skip].split(";")
    rows = [line.split(";") for line in lines[skip + 1 :]]
    return pd.DataFrame([r for r in rows if len(r) == len(header)], columns=header, dtype=str)


def test_all_files_are_there_and_small() -> None:
    assert len(CSV) == 23
    total = sum(p.stat().st_size for p in ROOT.rglob("*") if p.suffix != ".pyc" and p.is_file())
    assert total < 12_500_000


@pytest.mark.parametrize("name", CSV)
def test_csv_is_cp1252_with_crlf_and_semicolons(name: str) -> None:
    raw = (ROOT / name).read_bytes()
    text = raw.decode("cp1252")
    assert raw.count(b"\n") == raw.count(b"\r\n") > 10
    assert not raw.startswith(b"\xef\xbb\xbf")
    if not text.isascii():
        with pytest.raises(UnicodeDecodeError):
            raw.decode("utf-8")
    frame = table(name)
    assert len(frame) > 10
    for column in frame.columns[frame.columns.str.startswith(("Viertel", "Von_", "Nach_"))]:
        assert frame[column].str.fullmatch(r"0\d{3}").all()
    numbers = frame.to_numpy().ravel()
    assert not any("." in cell and "," in cell for cell in numbers if cell[:1].isdigit())


def test_most_tables_prove_their_encoding() -> None:
    umlauts = [n for n in CSV if not (ROOT / n).read_bytes().isascii()]
    assert len(umlauts) >= 18


def test_official_signs_occur() -> None:
    social = table("soziales/soziales.csv").iloc[:, 3:].to_numpy()
    assert 20 < (social == ".").sum() < 400
    assert (social == "…").sum() == 60
    rents = table("wohnen/angebotsmieten.csv").iloc[:, 2:].to_numpy().ravel()
    assert {"/", "x"} <= set(rents)
    assert 5 < sum(c.startswith("(") for c in rents) < 120
    assert np.mean(["," in c and "(" not in c for c in rents]) > 0.7
    assert (table("wohnen/fertigstellungen.csv")["Wohnungen"] == "-").any()


def test_social_report_stays_within_its_wholes() -> None:
    """Parts of the social report against register and social table, counted anew."""
    report = table("soziales/sozialbericht.csv").iloc[:, 3:]
    numbers = report.replace({"-": "0", ".": None}).astype(float)
    social = table("soziales/soziales.csv").iloc[:, 3:].replace({"-": "0", ".": None, "…": None})
    social = social.astype(float)
    homes = numbers["Haushalte Alleinerziehender"]
    assert not (homes > social["Haushalte mit Kindern"]).any()
    assert not (numbers["Bedarfsgemeinschaften Alleinerziehender"] > homes).any()
    assert not (numbers["Alleinlebende ab 80 Jahren"] > numbers["Alleinlebende ab 65 Jahren"]).any()
    leavers = numbers["Schulabgänge (drei Schuljahre)"]
    assert not (numbers["darunter ohne Hauptschulabschluss"] > leavers).any()
    assert 30 < (report == ".").to_numpy().sum() < 900


def test_migration_background_holds_all_foreigners_and_no_more_than_all(delivery: Any) -> None:
    frame = table("bevoelkerung/migrationshintergrund.csv")
    limits = (0, 6, 18, 65, 101)
    for year in range(2015, 2025):
        rows = frame[frame["Stichtag"] == f"31.12.{year}"]
        assert tuple(rows["Viertel_Nr"]) == tuple(delivery.keys[year])
        counts = rows.iloc[:, 4:].astype(int).to_numpy()
        assert (counts.sum(axis=1) == rows["Insgesamt"].astype(int)).all()
        stock = delivery.stock[year]  # quarters, age, sex, group
        for n, (start, end) in enumerate(pairwise(limits)):
            own = stock[:, start:end].sum(axis=1)
            everybody, foreign = own.sum(axis=(1, 2)), own[:, :, 1].sum(axis=1)
            assert (foreign <= counts[:, n]).all()
            assert (counts[:, n] <= everybody).all()


def test_control_table_counts_what_is_kept_secret() -> None:
    control = table("kontrollsummen.csv").set_index("Jahr")
    report = table("soziales/sozialbericht.csv")
    pairs = {
        "Nicht arbeitslose Transferbeziehende":
            ("Nicht arbeitslose Transferbeziehende (SGB II und XII)", 9),
        "Grundsicherung ab 65 Jahren": ("Grundsicherung ab 65 Jahren (SGB XII)", 2),
        "Haushalte Alleinerziehender": ("Haushalte Alleinerziehender", 2),
        "Schulabgänge (drei Schuljahre)": ("Schulabgänge (drei Schuljahre)", 0),
    }  # fmt: skip
    for total, (column, most) in pairs.items():
        for year in range(2015, 2025):
            cells = report.loc[report["Stichtag"] == f"31.12.{year}", column]
            hidden = int((cells == ".").sum())
            shown = sum(int(c) for c in cells if c.isdigit())
            assert hidden <= int(control.loc[str(year), total]) - shown <= most * hidden
    background = table("bevoelkerung/migrationshintergrund.csv")
    for year in range(2015, 2025):
        rows = background[background["Stichtag"] == f"31.12.{year}"]
        stated = control.loc[str(year), "Personen mit Migrationshintergrund"]
        assert rows["Insgesamt"].astype(int).sum() == int(stated)


def test_dwellings_follow_the_completions() -> None:
    done = table("wohnen/fertigstellungen.csv").replace("-", "0")
    per_year = done["Wohnungen"].astype(int).groupby(done["Jahr"].astype(int)).sum()
    stock = table("wohnen/wohnungsbestand.csv")
    held = stock["Wohnungen"].astype(int).groupby(stock["Stichtag"].str[-4:].astype(int)).sum()
    for year, n in per_year.items():
        lost = held[year - 1] + n - held[year]
        assert 0 <= lost < 60
    assert 150 < per_year.mean() < 900
    new = done[(done["Viertel_Nr"] == "0436") & (done["Jahr"].astype(int) >= 2018)]
    assert new["Wohnungen"].astype(int).sum() > 200


def test_projects_add_up() -> None:
    frame = table("wohnen/bauprojekte.csv")
    assert 20 <= len(frame) <= 30
    steps = frame[[c for c in frame if c.startswith("Bezug")]].astype(int)
    assert (steps.sum(axis=1) == 100).all()
    chance = frame["Wahrscheinlichkeit"].str.replace(",", ".").astype(float)
    assert chance.between(0.05, 1).all()
    assert frame["Wahrscheinlichkeit"].str.fullmatch(r"0,\d\d").all()


def test_kitas_lie_in_their_quarter() -> None:
    frame = table("kitas/kitas.csv")
    shapes = gpd.read_file(ROOT / "grenzen" / "stadtviertel_2018.zip").set_index("VIERTEL_NR")
    assert 50 < len(frame) < 120
    assert frame["Name"].is_unique
    for row in frame.to_dict("records"):
        x, y = (float(row[c].replace(",", ".")) for c in ("Ostwert", "Nordwert"))
        assert shapes.geometry[row["Viertel_Nr"]].contains(shapely.Point(x, y))
        for form in ("U3", "Ü3"):
            hours = sum(int(row[f"{form} {h} Std."]) for h in (25, 35, 45))
            assert hours == int(row[f"Plätze {form}"])


def test_workbook_has_two_header_lines_totals_and_footnotes(delivery: Any) -> None:
    path = ROOT / "bevoelkerung" / "altersgruppen_20241231.xlsx"
    book = CalamineWorkbook.from_path(str(path))
    assert book.sheet_names == ["Stadtviertel", "Stadtteile"]
    sheet = book.get_sheet_by_name("Stadtviertel")
    assert len(sheet.merged_cell_ranges or ()) == 6
    rows = sheet.to_python()
    assert rows[2][3] == "männlich"
    assert rows[2][4] == ""
    assert rows[3][3:5] == ["unter 6", "6 bis unter 18"]
    stock = delivery.stock[2024]
    for row, key, counts in zip(rows[4:64], delivery.keys[2024], stock, strict=True):
        assert row[0] == key
        assert row[2] == counts.sum() == sum(row[3:17]) == sum(row[17:19])
        assert row[10] == counts[:6, 1].sum()
    assert rows[64][1:3] == ["Stadt insgesamt", stock.sum()]
    assert rows[66][0].startswith("¹")


def test_person_rows_are_the_population_of_one_district(delivery: Any) -> None:
    frame = table("einzeldaten/personen_stadtteil_033_20241231.csv")
    assert 3000 < len(frame) < 9000
    assert frame["Lfd_Nr"].is_unique
    second = frame["Wohnungsstatus"] == "2"
    assert 50 < second.sum() < 400
    main = frame[~second]
    counts = np.zeros((60, 101, 2, 2), dtype=np.int64)
    where = (
        main["Viertel_Nr"].map({k: i for i, k in enumerate(delivery.keys[2024])}),
        (2024 - main["Geburtsdatum"].str[:4].astype(int)).clip(upper=100),
        main["Geschlecht"].map({"m": 0, "w": 1}),
        (main["Staatsangehörigkeit"] != "000").astype(int),
    )
    np.add.at(counts, where, 1)
    district = [k.startswith("033") for k in delivery.keys[2024]]
    np.testing.assert_array_equal(counts[district], delivery.stock[2024][district])
    assert (frame["Geburtsdatum"].str[4:] == "0000").any()  # day unknown
    assert (frame["Einzugsdatum"] >= frame["Geburtsdatum"]).all()
    assert (frame["Einzugsdatum"] <= "20241231").all()


def contents(path: Path) -> Any:
    """What a file says, free of what the writing library adds."""
    if path.suffix == ".gpkg":
        return {
            str(name): _features(path, str(name))
            for name in sorted(pyogrio.list_layers(path)[:, 0])
        }
    if path.suffix in {".zip", ".xlsx"}:
        with zipfile.ZipFile(path) as z:
            return {n: z.read(n) for n in z.namelist() if not n.endswith(".prj")}
    return path.read_bytes()


def _features(path: Path, layer: str) -> list[tuple[Any, ...]]:
    frame = pyogrio.read_dataframe(path, layer=layer)
    shapes = frame.geometry.map(lambda s: shapely.to_wkb(s, byte_order=1))
    rest = frame.drop(columns="geometry").astype(str)
    return [(*row, shape) for row, shape in zip(rest.to_numpy().tolist(), shapes, strict=True)]


@pytest.mark.slow
def test_script_makes_exactly_the_committed_files(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(ROOT / "make_town.py"), str(tmp_path)], check=True)
    made = sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*") if p.is_file())
    kept = sorted(p.relative_to(ROOT) for s in ("csv", "gpkg", "zip", "xlsx")
                  for p in ROOT.rglob(f"*.{s}"))  # fmt: skip
    assert made == kept
    different = [str(p) for p in made if contents(tmp_path / p) != contents(ROOT / p)]
    assert different == []


def test_readme_names_every_file() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    kept = [p.relative_to(ROOT).as_posix() for s in ("csv", "gpkg", "zip", "xlsx")
            for p in ROOT.rglob(f"*.{s}")]  # fmt: skip
    assert len(kept) == 27
    assert [name for name in kept if f"`{name}`" not in text] == []
