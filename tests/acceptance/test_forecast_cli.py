"""Forecast and backtest on the command line, on the sample town and on real towns."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from commandline import done, fingerprint, monitor
from conftest import Imported


@pytest.fixture
def copy(sample: Imported, tmp_path: Path) -> Path:
    folder = tmp_path / "projekt"
    folder.mkdir()
    return Path(shutil.copy(sample.project, folder / "Beispielstadt.gpkg"))


SPEC = """
level: stadtteil
years: 5
types: auto
housing:
- {name: Neue Aue, area: '043', dwellings: {2026: 60, 2027: 40}, probability: 0.9, delay: 1}
bounds:
  '011': {upper: 30000}
scenarios:
- key: middle
- key: without
  note: Ohne Neubau, weniger Zuzug
  housing: false
  factors: {arrivals: {2026: 0.97}}
"""


@pytest.mark.slow
def test_the_sample_town_is_forecast_stored_and_shown(copy: Path, tmp_path: Path) -> None:
    spec = tmp_path / "prognose.yaml"
    spec.write_text(SPEC, encoding="utf-8")
    data = done("forecast", copy, "--spec", spec)
    assert data["imbalance"] < 1e-8
    assert set(data["methods"].values()) <= {"register", "allotted"}
    town = {(r["scenario"], r["year"]): r for r in data["town"]}
    last = data["years"][-1]
    assert town["without", last]["population"] < town["middle", last]["population"]
    row = town["middle", last]["components"]
    assert row["moves_in"] == pytest.approx(row["moves_out"])
    change = town["middle", last]["population"] - town["middle", last - 1]["population"]
    assert change == pytest.approx(
        row["births"] - row["deaths"] + row["arrivals"] - row["departures"], abs=0.01
    )
    shown = done("values", copy, "-i", "einwohner", "-l", "stadtbezirk", "--origin", "forecast",
                 "-d", str(last))["values"]  # fmt: skip
    areas = [v["value"] for v in shown if v["area"] != "city"]
    assert {v["status"] for v in shown} == {"forecast"}
    middle = next(s for s in data["scenarios"] if s["key"] == "middle")
    # Whole persons: no area is further from the exact result than one.
    assert sum(areas) == pytest.approx(sum(v[-1] for v in middle["areas"].values()), abs=1.0)
    other = done("values", copy, "-i", "einwohner", "-l", "stadtbezirk", "--origin", "forecast",
                 "--scenario", "without", "-d", str(last))["values"]  # fmt: skip
    assert sum(v["value"] for v in other) < sum(v["value"] for v in shown)
    again = done("forecast", copy, "--spec", "main")
    assert again["town"] == data["town"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("-l", "nirgends"), "unknown-level"),
        (("-l", "stadtteil", "--seed", "-1"), "spec-seed"),
        (("-l", "stadtteil", "--variant", "magic"), "spec-entry"),
        (("-l", "stadtteil", "--control", "2"), "spec-entry"),
        ((), "spec-level"),
        (("--spec", "missing"), "spec-file"),
    ],
)
def test_bad_input_changes_nothing(copy: Path, arguments: tuple[str, ...], code: str) -> None:
    before = fingerprint(copy)
    answer = monitor("forecast", copy, *arguments, "--json")
    assert answer.code == 1
    assert code in answer.codes()
    assert fingerprint(copy) == before


@pytest.mark.slow
def test_the_data_check_names_a_method_for_each_component(sample: Imported) -> None:
    issues = done("forecast", sample.project, "-l", "stadtteil", "--check")["issues"]
    found = {i["code"] for i in issues}
    assert {f"method-{c}" for c in ("births", "deaths", "arrivals", "departures", "moves_in",
                                    "moves_out", "naturalised")} <= found  # fmt: skip


@pytest.mark.slow
def test_a_backtest_writes_a_report(sample: Imported, tmp_path: Path) -> None:
    out = tmp_path / "bericht.md"
    data = done("backtest", sample.project, "-l", "stadtteil", "--origins", "2016-2018",
                "--horizons", "1,3", "-o", out)  # fmt: skip
    assert data["origins"] == [2016, 2017, 2018]
    text = out.read_text(encoding="utf-8")
    assert "dieses Programm" in text
    assert "keine Veränderung" in text
    assert data["verdict"][0] in text
    answer = monitor("backtest", sample.project, "-l", "stadtteil", "--origins", "x", "--json")
    assert answer.codes() == ["number-list"]


@pytest.mark.slow
def test_settings_are_chosen_kept_and_tested(copy: Path, tmp_path: Path) -> None:
    data = done("forecast", copy, "-l", "stadtbezirk", "-n", "4", "--choose")
    rows = [r for r in data["choice"]["candidates"] if r["group"] == "total"]
    for part in ("town", "areas"):
        for horizon in (1, 3):
            weights = [r["weight"] for r in rows if (r["part"], r["horizon"]) == (part, horizon)]
            assert sum(weights) == pytest.approx(1.0, abs=1e-6)
    assert "Startjahre" in data["choice"]["reasons"][0]
    # Stored with the project: the same forecast again without another choice.
    assert done("forecast", copy, "--spec", "main")["town"] == data["town"]
    plain = done("forecast", copy, "-l", "stadtbezirk", "-n", "4")
    assert plain["town"] != data["town"]
    assert "choice" not in plain
    out = tmp_path / "bericht.md"
    scored = done("backtest", copy, "-l", "stadtbezirk", "--origins", "2019-2021",
                  "--horizons", "1,3", "--choose", "-o", out)  # fmt: skip
    assert scored["chosen"]
    assert {"engine", "fixed"} <= {r["method"] for r in scored["scores"]}
    text = out.read_text(encoding="utf-8")
    assert "dieses Programm, feste Einstellungen" in text
    assert scored["choice"]["reasons"][0] in text


@pytest.mark.slow
@pytest.mark.realdata
def test_districts_of_a_real_town_beat_simple_methods(vienna: Imported) -> None:
    """The goal of the forecast: better than every simple method at 3, 5 and 10 years, and better
    than the published projection of the same year."""
    data = done("backtest", vienna.project, "-l", "bezirk", "--choose")
    assert data["chosen"]
    assert data["beats_best_naive"]["3"]
    assert data["beats_best_naive"]["5"]
    assert data["beats_best_naive"]["10"]
    # Ranges of 80 per cent: the goal is 75 to 85; what is measured stands in docs/accuracy.md.
    held = {c["horizon"]: c["areas"] for c in data["coverage_80"] if c["variable"] == "Insgesamt"}
    assert all(0.70 <= held[h] <= 0.92 for h in (1, 3, 5, 10))
    ten = [r for r in data["published"] if r["horizon"] == 10]
    assert ten
    assert all(r["mape"]["engine"] < r["mape"]["published"] for r in ten)


@pytest.mark.slow
@pytest.mark.realdata
def test_a_real_town_with_breaks_is_forecast_from_the_last_one(constance: Imported) -> None:
    data = done("backtest", constance.project, "-l", "city", "--horizons", "1,3")
    assert "series-break" in {i["code"] for i in data["issues"]}
    assert min(data["origins"]) >= 2009
