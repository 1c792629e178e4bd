"""Composite indices from the command line and the session, on the sample town."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from commandline import Imported, done, fingerprint, monitor

from monitor_app.app.jobs import JobRunner
from monitor_app.app.ranking import compare_ranks, rank_rows
from monitor_app.app.session import Session
from monitor_app.app.settings import Settings
from monitor_app.app.weighting import (
    ComputedIndex,
    check_robustness,
    compute_index,
    delete_weighting,
    faulty_weightings,
    find_weighting,
    keep_weighting,
    typed_weighting,
    weightings,
)
from monitor_app.core.issues import UserError
from monitor_app.indicators.robustness import Robustness
from monitor_app.indicators.weightings import load_weighting

LEVEL = "stadtviertel"
INDICATORS = ("kinderarmut", "arbeitslosenanteil", "beschaeftigtenquote")

#: The Berlin method with the indicators that the sample town has.
STATUS_AND_DYNAMICS = """
id: berlin_klein
name: Status und Dynamik
components:
  - {indicator: arbeitslosenanteil}
  - {indicator: langzeitarbeitslosenanteil}
  - {indicator: kinderarmut}
minimum_inhabitants: 300
restandardise: true
base_date: 2020-12-31
classes: {limits: [-1.0, 1.0, 1.5], names: [hoch, mittel, niedrig, sehr niedrig]}
dynamics: {years: 2, classes: {limits: [-1.0, 1.0], names: [positiv, stabil, negativ]}}
"""


@pytest.fixture
def session(sample: Imported, tmp_path: Path) -> Iterator[Session]:
    """The sample town, open for changes in a copy."""
    copy = tmp_path / "Beispielstadt.gpkg"
    shutil.copy(sample.project, copy)
    opened = Session(Settings(), working_dir=tmp_path / "working")
    opened.open(copy)
    yield opened
    opened.close(discard=True)


def options(*items: str) -> list[str]:
    return [part for item in items for part in ("-i", item)]


def by_hand(
    project: Path, weights: dict[str, float], day: str, level: str = LEVEL
) -> dict[str, float]:
    """Index per area from the printed values, with lists and numpy only."""
    columns = {}
    for name in weights:
        data = done("values", project, "-i", name, "-l", level)
        columns[name] = {
            r["area"]: r["value"]
            for r in data["values"]
            if r["date"] == day and r["area"] != "city"
        }
    total: dict[str, float] = dict.fromkeys(columns[next(iter(columns))], 0.0)
    for name, weight in weights.items():
        known = [v for v in columns[name].values() if v is not None]
        mean, sd = np.mean(known), np.std(known)
        sign = -1 if name == "beschaeftigtenquote" else 1  # a high rate of employment is good
        for area in list(total):
            value = columns[name].get(area)
            if value is None:
                total.pop(area)
            else:
                total[area] += sign * weight / sum(weights.values()) * (value - mean) / sd
    return total


def test_the_index_agrees_with_a_hand_calculation(sample: Imported) -> None:
    weights = dict(zip(INDICATORS, (3.0, 2.0, 1.0), strict=True))
    found = done(
        "index", sample.project, "-l", LEVEL, *options(*(f"{k}:{v}" for k, v in weights.items()))
    )
    expected = by_hand(sample.project, weights, found["date"])
    values = {r["area"]: r["value"] for r in found["areas"] if r["rank"]}
    assert values.keys() == expected.keys()
    assert [values[k] for k in expected] == pytest.approx(list(expected.values()))
    ranked = sorted(expected, key=lambda k: -expected[k])
    assert [r["area"] for r in found["areas"] if r["rank"]] == ranked
    assert sum(found["shares"].values()) == pytest.approx(1)
    gaps = [r for r in found["areas"] if not r["rank"]]
    assert gaps
    assert all(r["value"] is None and r["missing"] for r in gaps if r["status"] == "secret")


def test_larger_areas_have_an_index_of_their_own_values(sample: Imported) -> None:
    """KomMonitor adds up the index of the parts (defect 17 of its headline indicator)."""
    weights = {"kinderarmut": 1.0, "arbeitslosenanteil": 1.0}
    found = done("index", sample.project, "-l", "stadtteil", *options(*weights))
    expected = by_hand(sample.project, weights, found["date"], "stadtteil")
    values = {r["area"]: r["value"] for r in found["areas"] if r["rank"]}
    assert values == pytest.approx(expected)


def test_robustness_is_reproducible_and_told_in_words(sample: Imported) -> None:
    arguments = ("index", sample.project, "-l", LEVEL, *options(*INDICATORS), "--robustness", 300)
    first, again = done(*arguments, "--seed", 7), done(*arguments, "--seed", 7)
    assert first == again
    assert first != done(*arguments, "--seed", 8)
    assert first["robustness"]["seed"] == 7
    assert -1 <= first["robustness"]["cronbach_alpha"] <= 1
    for row in first["areas"]:
        if row["rank"]:
            assert row["rank_low"] <= row["rank_median"] <= row["rank_high"]
            assert row["text"].startswith(f"Rang {row['rank']};")


def test_csv_and_excel_are_written(sample: Imported, tmp_path: Path) -> None:
    answer = monitor(
        "index", sample.project, "-l", LEVEL, *options("kinderarmut"), "--format", "csv"
    )
    assert answer.code == 0
    rows = list(csv.reader(io.StringIO(answer.out), delimiter=";"))
    head = next(n for n, row in enumerate(rows) if "Rang" in row)
    assert rows[head + 1][rows[head].index("Rang")] == "1"
    out = tmp_path / "index.xlsx"
    assert (
        monitor("index", sample.project, "-l", LEVEL, *options("kinderarmut"), "-o", out).code == 0
    )
    assert out.stat().st_size > 1000


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["-i", "kinderarmut:0"], "null"),
        (["-i", "kinderarmut:-1"], "Gewichte"),
        (["-i", "kinderarmut:viel"], "viel"),
        (["-i", "kinderarmu:1"], "kinderarmut"),
        (["-i", "kinderarmut", "-i", "kinderarmut"], "Gewichtung"),
        (["-i", "kinderarmut", "-d", "1999-12-31"], "1999"),
        (["-i", "kinderarmut", "--robustness", "-3"], "Ziehungen"),
        (["-i", "kinderarmut", "--format", "pdf"], "pdf"),
        (["-i", "kinderarmut", "-w", "muenster"], "Gewichtung"),
        (["-w", "gibtsnicht"], "muenster"),
        (["-i", "leerstandsquote"], "Leer"),
        ([], "Gewichtung"),
    ],
)
def test_bad_input_is_refused_in_plain_german(
    sample: Imported, arguments: list[str], word: str
) -> None:
    before = fingerprint(sample.project)
    answer = monitor("index", sample.project, "-l", LEVEL, *arguments)
    assert answer.code == 1
    assert word in answer.err
    assert fingerprint(sample.project) == before


def test_a_weighting_from_a_file_with_classes(sample: Imported, tmp_path: Path) -> None:
    path = tmp_path / "klein.yaml"
    path.write_text(STATUS_AND_DYNAMICS, encoding="utf-8")
    found = done("index", sample.project, "-l", LEVEL, "-w", path)
    groups = {r.get("group") for r in found["areas"] if r["rank"]}
    assert groups <= {"hoch", "mittel", "niedrig", "sehr niedrig"}
    for row in found["areas"]:
        if row["rank"]:
            limits = (-1.0, 1.0, 1.5)
            names = ("hoch", "mittel", "niedrig", "sehr niedrig")
            assert row["group"] == names[sum(row["value"] >= limit for limit in limits)]
    assert {r.get("dynamics") for r in found["areas"] if r["rank"]} & {"positiv", "stabil"}
    path.write_text(STATUS_AND_DYNAMICS + "surprise: 1\n", encoding="utf-8")
    assert monitor("index", sample.project, "-l", LEVEL, "-w", path).code == 1


def test_small_areas_are_left_out_and_the_base_year_is_standard(session: Session) -> None:
    index = compute_index(session, load_weighting(STATUS_AND_DYNAMICS), LEVEL)
    day = date(2020, 12, 31)
    values = index.table.values[:, index.dates.index(day)]
    there = values[np.isfinite(values)]
    assert there.mean() == pytest.approx(0, abs=1e-9)
    assert there.std() == pytest.approx(1)
    people = session.compute("einwohner", LEVEL)
    counts = people.values[:, people.dates.index(day)]
    small = [
        i for i, key in enumerate(index.table.areas) if not counts[people.areas.index(key)] >= 300
    ]
    assert small
    assert np.isnan(values[small]).all()
    assert index.changes is not None
    assert index.changes.dates[0] == date(2017, 12, 31)


def test_weightings_are_kept_in_the_project_and_undone(session: Session) -> None:
    weighting = load_weighting(STATUS_AND_DYNAMICS)
    presets = {w.id for w in weightings(session)}
    keep_weighting(session, weighting)
    assert {w.id for w in weightings(session)} == presets | {"berlin_klein"}
    # Dragging a slider is one step of undo.
    for weight in (0.5, 0.7, 0.9):
        keep_weighting(session, weighting.with_weights([weight, 1, 1]))
    assert find_weighting(session, "berlin_klein").weights == (0.9, 1.0, 1.0)
    session.undo()
    assert "berlin_klein" not in {w.id for w in weightings(session)}
    session.redo()
    delete_weighting(session, weighting)
    assert {w.id for w in weightings(session)} == presets
    session.project.put_document("weighting", "broken", "{", "x")
    assert [i.file for i in faulty_weightings(session)] == ["broken"]
    assert {w.id for w in weightings(session)} == presets


def test_two_weightings_compared(session: Session) -> None:
    first = compute_index(session, typed_weighting(["kinderarmut:1", "altenquotient:0"]), LEVEL)
    second = compute_index(session, typed_weighting(["kinderarmut:0", "altenquotient:1"]), LEVEL)
    day = first.dates[-1]
    change = compare_ranks(first, second, day)
    ranks = [{r.area: r.rank for r in rank_rows(session, index, day)} for index in (first, second)]
    for area, moved in zip(first.table.areas, change, strict=True):
        if ranks[0][area] and ranks[1][area]:
            assert moved == ranks[0][area] - ranks[1][area]
        else:
            assert np.isnan(moved)
    with pytest.raises(UserError):
        rank_rows(session, first, date(1999, 1, 1))


def test_robustness_runs_as_a_job_without_the_session(session: Session) -> None:
    index: ComputedIndex = compute_index(session, typed_weighting(list(INDICATORS)), LEVEL)
    done_with: list[Robustness] = []
    runner = JobRunner()
    runner.start(
        "robust",
        lambda progress: check_robustness(
            index, index.dates[-1], draws=200, seed=3, progress=progress
        ),
        done=done_with.append,
    )
    runner._pool.shutdown(wait=True)  # let the job end before it is looked at
    assert len(done_with) == 1
    again = check_robustness(index, index.dates[-1], draws=200, seed=3)
    assert np.array_equal(done_with[0].around.median, again.around.median)
