"""The printed backtest report says what the scores say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from forecasting_towns import source, stocks, system

from monitor_app.app import forecasting_run as runs
from monitor_app.app.backtest_sheet import report_of
from monitor_app.app.backtest_view import Board, levels_of
from monitor_app.app.forecasting_backtest import ENGINE, backtest
from monitor_app.app.forecasting_rates import Method
from monitor_app.app.forecasting_report import verdict
from monitor_app.core.formats import format_number
from monitor_app.forecast.spec import make_spec
from monitor_app.reports.backtestsheet_spec import Charts, Look, Numbers, Words


@pytest.fixture(scope="module")
def board() -> Board:
    spec = make_spec({"level": "quarter", "base_years": {"arrivals": [2015, 2018]}})
    town = runs.read(source(stocks(16)), system(), spec)
    test = backtest(town, Method(), horizons=(1, 3), origins=[2015, 2018])
    return Board(spec, test, (), levels_of(test, system()), "Kleinstadt – Viertel", "Amt", "Büro")


def median_error(board: Board, variable: int, horizon: int, method: str = ENGINE) -> float:
    areas = board.test.areas
    h = areas.horizons.index(horizon)
    said, came = areas.forecasts[method][:, h, variable], areas.observed[:, h, variable]
    known = np.isfinite(came) & (came >= 15)
    return float(np.median(np.abs(said[known] / came[known] - 1.0)) * 100)


def test_the_answer_comes_first_and_means_people(board: Board) -> None:
    report = report_of(board)
    assert report.verdict == verdict(board.test)[0]
    lead = report.blocks[0]
    assert isinstance(lead, Words)
    assert lead.lines[0].startswith("Nach 3 Jahren lag die Hälfte")
    assert f"{format_number(median_error(board, 0, 3), 1)} %" in lead.lines[0]
    assert report.source == "Amt"


def test_every_method_stands_beside_the_program(board: Board) -> None:
    tables = [b for b in report_of(board).blocks if isinstance(b, Numbers)]
    total = tables[0]
    assert len(total.rows) == len(board.test.areas.forecasts) + 1
    assert total.own == {0}
    cells = [row[1].split(" / ")[0] for row in total.rows[:-1]]
    for row, method in enumerate(board.test.areas.forecasts):
        assert cells[row] == format_number(median_error(board, 0, 1, method), 2)
    best = min(median_error(board, 0, 1, m) for m in board.test.areas.forecasts)
    bold = [cells[row] for row, column in total.strong if column == 0]
    assert bold == [format_number(best, 2)]
    ages = tables[1]
    naive = min(median_error(board, 1, 3, m) for m in board.test.naive)
    assert ages.rows[1][2] == (
        f"{format_number(median_error(board, 1, 3), 2)} ({format_number(naive, 2)})"
    )


def test_charts_show_the_program_the_best_rival_and_what_held(board: Board) -> None:
    (charts,) = (b for b in report_of(board).blocks if isinstance(b, Charts))
    errors, held = charts.charts
    looks = {c.look: c for c in errors.courses}
    assert looks[Look.OWN].values == pytest.approx([median_error(board, 0, h) for h in (1, 3)])
    rival = min(
        board.test.naive,
        key=lambda m: np.mean([median_error(board, 0, h, m) for h in (1, 3)]),
    )
    assert looks[Look.RIVAL].values == pytest.approx(
        [median_error(board, 0, h, rival) for h in (1, 3)]
    )
    areas = board.test.areas
    lower, upper = areas.intervals[ENGINE]
    came = areas.observed[:, 0, 0]
    inside = (lower[:, 0, 0] <= came) & (came <= upper[:, 0, 0])
    own = next(c for c in held.courses if c.look is Look.OWN)
    assert own.values[0] == pytest.approx(100 * inside.mean())
    assert (held.promise, held.band) == (80.0, (75.0, 85.0))


def test_settings_that_are_not_usual_are_told(board: Board) -> None:
    told = [b for b in report_of(board).blocks if isinstance(b, Words)]
    (settings,) = (b for b in told if b.heading == "Einstellungen des Programms")
    assert settings.lines == ("Stützjahre: Wanderungssaldo: 2015–2018 ohne 2016–2017",)


def test_a_test_of_another_step_than_the_forecast_says_so(board: Board) -> None:
    five = replace(board, spec=board.spec.model_copy(update={"age_step": "five"}))
    for made, there in ((board, False), (five, True)):
        (reading,) = (b for b in report_of(made).blocks
                      if isinstance(b, Words) and b.heading == "So ist das zu lesen")  # fmt: skip
        assert any("in Fünfjahresschritten" in line for line in reading.lines) is there
