"""Usual building on the command line: the sample town and its own completed dwellings."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from commandline import done, monitor
from conftest import Imported


@pytest.mark.slow
def test_planned_dwellings_count_as_far_as_they_go_beyond_the_usual(
    sample: Imported, sample_town: Path, tmp_path: Path
) -> None:
    project = Path(shutil.copy(sample.project, tmp_path / "Beispielstadt.gpkg"))
    level = ("--level", "stadtbezirk", "--years", "2")
    without = done("forecast", project, *level)["town"]
    done("import", project, sample_town / "wohnen" / "bauprojekte.csv")
    every, beyond, nothing = (
        done("forecast", project, *level, "--usual-housing", usual)
        for usual in ("none", "completions", "1000000")
    )
    people = [data["town"][-1]["population"] for data in (every, beyond, nothing)]
    assert people[0] > people[1] >= people[2] == without[-1]["population"]
    told = [i["message"] for i in beyond["issues"]]
    assert any("über die übliche Bautätigkeit hinaus" in text for text in told)


@pytest.mark.slow
def test_a_misspelt_option_is_refused(sample: Imported, tmp_path: Path) -> None:
    project = Path(shutil.copy(sample.project, tmp_path / "Beispielstadt.gpkg"))
    said = monitor("forecast", project, "--level", "stadtbezirk", "--usual-housing", "manchmal")
    assert said.code != 0
    assert "usual_housing" in said.text
