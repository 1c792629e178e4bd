"""A town that nobody prepared, by the command line alone: import, correct, forecast, backtest."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from monitor_app.app.session import Session
from monitor_app.cli import main
from tests.exchange.test_towns_layouts import NAMES, dump, people

YEARS = tuple(range(2010, 2025))


def figures(folder: Path) -> Path:
    """Figures beside people: a share that no sum has, a count in thousands, a row of the sum."""
    header = ["Stadtteil", "Bevölkerung", "Anteil unter 18 in %", "Wohnungen"]
    rows = [(n, 1000 + i, f"{15 + i},5", f"1.{i}00") for i, n in enumerate(NAMES)]
    rows.append(("Stadt gesamt", 6015, "17,0", "7.500"))
    return dump(folder / "profile_2024.csv", header, rows)


def test_a_proposal_can_be_written_and_given_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = str(tmp_path / "t.gpkg")
    rows = [(i + 1, n, "1.234") for i, n in enumerate(NAMES)]
    file = dump(tmp_path / "kennwerte_2024.csv", ["Bezirk_Nr", "Bezirk", "Kennwert"], rows)
    assert main(["new", project]) == 0
    folder = tmp_path / "rezepte"
    arguments = ["import", project, str(file), "--write-recipes", str(folder)]
    assert main(arguments) == 1  # nothing proves what 1.234 means
    (written,) = folder.glob("*.yaml")
    text = written.read_text(encoding="utf-8")
    written.write_text(text + 'numbers: {decimal: ","}\n', encoding="utf-8")
    assert main(["import", project, str(file), "--recipe", str(written)]) == 0
    capsys.readouterr()
    assert main(["info", project, "--json"]) == 0
    (dataset,) = json.loads(capsys.readouterr().out)["datasets"]
    assert dataset["totals"] == {"2024-12-31": 6 * 1234}


def test_shares_are_not_added_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = str(tmp_path / "t.gpkg")
    assert main(["new", project]) == 0
    assert main(["import", project, str(figures(tmp_path))]) == 0
    capsys.readouterr()
    assert main(["info", project, "--json"]) == 0
    found = {d["name"]: d for d in json.loads(capsys.readouterr().out)["datasets"]}
    assert found["Bevölkerung"]["kind"] == "population"
    assert list(found["Bevölkerung"]["totals"].values()) == [6015]
    assert list(found["Wohnungen"]["totals"].values()) == [6 * 1000 + 1500]
    assert list(found["Anteil unter 18 in %"]["totals"].values()) == [None]


@pytest.mark.slow
def test_from_yearly_files_to_a_forecast_and_its_backtest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ages across, a file per year, no boundaries, the last year delivered later."""
    project = str(tmp_path / "t.gpkg")
    assert main(["new", project]) == 0
    for y in YEARS:
        rows = [
            (f"{a + 1:02d}", NAMES[a], "männlich" if s == "m" else "weiblich",
             *(people([a], 2022 + y % 3, s, low=x, high=x + 1) for x in range(101)))
            for a in range(6) for s in "mf"
        ]  # fmt: skip
        header = ["Stadtteil_Nr", "Stadtteil", "Geschlecht", *range(101)]
        dump(tmp_path / f"{y}_einwohner_alter.csv", header, rows, encoding="cp1252")
    files = sorted(str(f) for f in tmp_path.glob("*_einwohner_alter.csv"))
    assert main(["import", project, *files[:-1]]) == 0
    assert main(["import", project, files[-1]]) == 0
    capsys.readouterr()
    assert main(["info", project, "--json"]) == 0
    (dataset,) = json.loads(capsys.readouterr().out)["datasets"]
    assert dataset["totals"] == {f"{y}-12-31": people(range(6), 2022 + y % 3) for y in YEARS}
    assert dataset["level"] == "stadtteil_nr"
    assert main(["forecast", project, "--level", "stadtteil_nr", "-n", "3"]) == 0
    assert main(["backtest", project, "--level", "stadtteil_nr", "--origins", "2018-2019",
                 "--horizons", "1,3", "-o", str(tmp_path / "b.md")]) == 0  # fmt: skip
    assert (tmp_path / "b.md").stat().st_size > 1000


def test_a_recipe_that_cannot_be_read_keeps_no_other_from_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "p.gpkg"
    assert main(["new", str(target), "--name", "Stadt"]) == 0
    session = Session()
    session.open(target)
    session.project.put_document("recipe", "zukunft", "version: 99", "Rezept")
    session.save()
    session.close()
    path = tmp_path / "einwohner.csv"
    rows = "".join(f"0{i};31.12.2024;{100 + i}\n" for i in range(1, 5))
    path.write_text(f"Stadtteil;Stichtag;Einwohner\n{rows}", encoding="utf-8")
    capsys.readouterr()
    assert main(["import", str(target), str(path)]) == 0
    told = capsys.readouterr()
    assert "Rezept „zukunft“" in told.out + told.err
