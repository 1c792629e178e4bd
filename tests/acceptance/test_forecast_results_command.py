"""The command ``forecast-results`` on the sample town, held against what ``forecast`` reported."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from commandline import done, monitor
from conftest import Imported

from monitor_app.app.forecastexport import ScenarioRow
from monitor_app.commands_forecast_results import _as_dict


@pytest.fixture(scope="module")
def forecast(sample: Imported, tmp_path_factory: pytest.TempPathFactory):
    """A copy of the sample town with a forecast of districts, and what the command said."""
    from commandline import private_home

    folder = tmp_path_factory.mktemp("prognose")
    path = Path(shutil.copy(sample.project, folder / "Beispielstadt.gpkg"))
    with private_home(folder / "home"):
        said = done("forecast", path, "--level", "stadtbezirk", "--years", "2", "--draws", "20",
                    "--scenarios")  # fmt: skip
    return path, said


@pytest.mark.slow
def test_scenarios_are_shown_with_ranges_and_differences(forecast) -> None:
    path, said = forecast
    shown = done("forecast-results", path, "--level", "stadtbezirk")
    year = said["years"][-1]
    assert shown["year"] == year
    rows = {(r["scenario"], r["area"]): r for r in shown["rows"]}
    for scenario in said["scenarios"]:
        for area, values in scenario["areas"].items():
            row = rows[scenario["key"], area]
            assert abs(row["population"] - values[-1]) < 1
            assert row["lower_80"] <= row["population"] + 1
            assert row["against_main"] == row["population"] - rows["middle", area]["population"]
    town = {r["scenario"]: r for r in done("forecast-results", path)["rows"]}
    for key, row in town.items():
        parts = sum(r["population"] for (k, _area), r in rows.items() if k == key)
        assert row["population"] == parts
        total = next(t for t in said["town"] if (t["scenario"], t["year"]) == (key, year))
        assert row["lower_80"] == pytest.approx(total["lower_80"], abs=1)
        assert row["upper_80"] == pytest.approx(total["upper_80"], abs=1)
    small, wide = (
        done("forecast-results", path, "-l", level, "--ages", "0-2", "-s", "middle")["rows"]
        for level in ("stadtbezirk", "city")
    )
    middle = [r["population"] for r in small if r["scenario"] == "middle"]
    assert sum(middle) == next(r["population"] for r in wide if r["scenario"] == "middle")
    assert 0 < sum(middle) < 0.06 * town["middle"]["population"]


def test_an_area_that_was_empty_has_no_change_in_per_cent() -> None:
    row = ScenarioRow("middle", "Mittlere", "011", "Aue", 0.0, 40.0, 40.0, float("nan"), 0.0, 0.0)
    assert _as_dict(row)["change_percent"] is None
    assert _as_dict(replace(row, before=80.0, change_percent=-50.0))["change_percent"] == -50.0


@pytest.mark.slow
def test_charts_and_tables_are_written(forecast, tmp_path: Path) -> None:
    path, _said = forecast
    files = [tmp_path / n for n in ("fan.svg", "pyramide.png", "teile.pdf", "tabellen.xlsx")]
    shown = done("forecast-results", path, "--level", "stadtbezirk", "--fan", files[0],
                 "--pyramid", files[1], "--components", files[2], "--tables", files[3])  # fmt: skip
    assert [Path(p) for p in shown["files"]] == files
    text = files[0].read_text(encoding="utf-8")
    assert "Mittlere Variante" in text
    assert all(f.stat().st_size > 2000 for f in files)


@pytest.mark.slow
@pytest.mark.parametrize(
    "option", [("--level", "nichts"), ("--ages", "4-7"), ("--year", "1999"), ("--scenario", "x"),
               ("--area", "999"), ("--forecast", "x")],
)  # fmt: skip
def test_what_does_not_exist_is_refused_with_what_does(forecast, option: tuple[str, str]) -> None:
    result = monitor("forecast-results", forecast[0], *option)
    assert result.code == 1
    assert option[1] in result.text
