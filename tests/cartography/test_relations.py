"""Charts of relations and moves: numbers against independent computations, files that open."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure
from scipy import stats

from monitor_app.cartography.chartdata import pyramid_table, ranking_table, time_line_table
from monitor_app.cartography.chartexport import chart_bytes, write_chart
from monitor_app.cartography.chartframe import DARK
from monitor_app.cartography.chartspec import (
    PyramidSide,
    PyramidSpec,
    ranking_spec,
    time_line_spec,
)
from monitor_app.cartography.profilecharts import (
    draw_chord,
    draw_components,
    draw_flow_matrix,
    draw_radar,
)
from monitor_app.cartography.profilespec import ComponentsSpec, FlowSpec, radar_spec
from monitor_app.cartography.relationcharts import (
    draw_boxes,
    draw_correlations,
    draw_histogram,
    draw_scatter,
    scatter_note,
)
from monitor_app.cartography.relationspec import (
    box_spec,
    correlation_spec,
    histogram_spec,
    regress,
    scatter_spec,
)
from monitor_app.core.issues import UserError
from tests.cartography.town import shapes, spec, table


def test_regression_is_that_of_scipy() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=40)
    y = 2 * x + rng.normal(size=40)
    x[3], y[7] = np.nan, np.nan
    good = np.isfinite(x) & np.isfinite(y)
    theirs, ours = stats.linregress(x[good], y[good]), regress(x, y)
    assert ours is not None
    assert ours.n == 38
    assert (ours.slope, ours.intercept, ours.r, ours.p) == pytest.approx(
        (theirs.slope, theirs.intercept, theirs.rvalue, theirs.pvalue)
    )


@pytest.mark.parametrize("x", [[], [1.0], [2.0, 2.0, 2.0]])
def test_no_line_without_spread(x) -> None:
    assert regress(np.array(x), np.arange(len(x), dtype=float)) is None


def test_residuals_add_up_to_nothing() -> None:
    made = spec(shapes(40))
    found = scatter_spec(made, made)
    assert np.allclose(found.residuals, 0)
    assert found.without == 4
    assert "r² = 1,00" in scatter_note(found)
    assert found.table().column("Schlüssel") == found.keys


def test_every_area_is_in_one_bin_and_in_its_class() -> None:
    made = spec(shapes(40))
    found = histogram_spec(made, 7)
    assert found.counts.sum() == 36
    assert found.counts.sum(axis=0).tolist() == list(made.classification.counts)
    assert found.breaks == made.classification.breaks
    assert sum(found.table().column("Gebiete")) == 36


def test_boxes_are_those_of_tukey() -> None:
    made = spec(shapes(40))
    values = made.values.copy()
    values[39] = 500.0
    from dataclasses import replace

    made = replace(made, values=values)
    found = box_spec(made, ["Nord" if i % 2 else "Süd" for i in range(40)])
    north = next(b for b in found.boxes if b.label == "Nord")
    own = values[5::2]
    assert (north.q1, north.median, north.q3) == pytest.approx(np.percentile(own, (25, 50, 75)))
    assert north.beyond == (("Viertel 039", 500.0),)
    assert north.high == 37.0
    assert sum(b.n for b in found.boxes) == 36


def test_correlations_use_complete_pairs() -> None:
    rng = np.random.default_rng(4)
    data = rng.normal(size=(3, 20))
    data[1, :5] = np.nan
    found = correlation_spec(("a", "b", "c"), data)
    assert found.n[0, 1] == 15
    assert found.r[0, 1] == pytest.approx(np.corrcoef(data[0, 5:], data[1, 5:])[0, 1])
    assert len(found.table().rows) == 3


def test_radar_turns_axes_where_low_is_good_and_needs_three() -> None:
    data = np.array([[0.0, 10.0], [0.0, 10.0], [5.0, 5.0]])
    found = radar_spec(("a", "b", "c"), data, [("x", 1)], reverse=(False, True))
    assert found.lines[0].shares.tolist() == [1.0, 0.0, 0.5]
    with pytest.raises(UserError):
        radar_spec(("a", "b"), data[:2], [])
    with pytest.raises(UserError):
        radar_spec(tuple("abcdefghi"), np.zeros((9, 2)), [])


def test_components_balance_and_unknown_parts() -> None:
    made = ComponentsSpec(("births", "deaths"), ("2023", "2024"), np.array([[5, np.nan], [-7, -6]]))
    assert made.balance[0] == -2
    assert np.isnan(made.balance[1])


def test_flows_keep_their_sum_when_put_together() -> None:
    rng = np.random.default_rng(5)
    moves = rng.integers(0, 90, (15, 15)).astype(float)
    made = FlowSpec(tuple(f"A{i}" for i in range(15)), moves)
    few = made.largest(6)
    assert len(few.names) == 6
    assert few.moves.sum() == moves.sum()
    assert made.net.sum() == 0
    moves[1, 2] = np.nan
    hidden = FlowSpec(made.names, moves)
    assert np.isnan(hidden.net[1])
    assert np.isnan(hidden.largest(6).moves).sum() == 1


def drawings():
    made = spec(shapes(40))
    names = tuple("abcd")
    data = np.random.default_rng(1).normal(size=(4, 12))
    data[2, 0] = np.nan
    moves = np.array([[1.0, 5, np.nan], [2, 0, 4], [7, 1, 3]])
    parts = np.array([[5.0, 6], [-4, np.nan]])
    return {
        "scatter": lambda f: draw_scatter(f, scatter_spec(made, made, selected=["020"])),
        "histogram": lambda f: draw_histogram(f, histogram_spec(made), DARK),
        "boxes": lambda f: draw_boxes(f, box_spec(made, ["Nord", "Süd"] * 20)),
        "correlations": lambda f: draw_correlations(f, correlation_spec(names, data)),
        "radar": lambda f: draw_radar(f, radar_spec(names, data, [("x", 0)], city=data[:, 1])),
        "components": lambda f: draw_components(f, ComponentsSpec(("a", "b"), ("1", "2"), parts)),
        "matrix": lambda f: draw_flow_matrix(f, FlowSpec(("x", "y", "z"), moves)),
        "chord": lambda f: draw_chord(f, FlowSpec(("x", "y", "z"), moves)),
    }


@pytest.mark.parametrize("name", list(drawings()))
def test_every_chart_is_a_picture_and_a_vector(name) -> None:
    draw = drawings()[name]
    assert chart_bytes(draw, ".svg").lstrip().startswith(b"<?xml")
    assert chart_bytes(draw, "pdf").startswith(b"%PDF")


def test_charts_without_data_say_so_quietly(tmp_path) -> None:
    made = spec(shapes(0))
    for draw in (
        lambda f: draw_scatter(f, scatter_spec(made, made)),
        lambda f: draw_histogram(f, histogram_spec(made)),
        lambda f: draw_boxes(f, box_spec(made, [])),
        lambda f: draw_correlations(f, correlation_spec((), np.empty((0, 3)))),
        lambda f: draw_components(f, ComponentsSpec((), (), np.empty((0, 0)))),
        lambda f: draw_flow_matrix(f, FlowSpec((), np.empty((0, 0)))),
        lambda f: draw_chord(f, FlowSpec(("a",), np.zeros((1, 1)))),
    ):
        draw(Figure((4, 3)))
    path = write_chart(lambda f: draw_histogram(f, histogram_spec(made)), tmp_path / "a.png")
    assert path.read_bytes().startswith(b"\x89PNG")
    with pytest.raises(UserError):
        write_chart(lambda f: None, tmp_path / "a.doc")
    for place in (tmp_path / "none" / "a.png", path / "a.png"):
        with pytest.raises(UserError, match="der Ordner oder die Datei ist nicht vorhanden"):
            write_chart(lambda f: draw_histogram(f, histogram_spec(made)), place)


def test_known_charts_have_tables_too() -> None:
    lines = time_line_table(time_line_spec(table(), {}, selected=["003"]))
    assert len(lines.rows) == 3
    assert lines.rows[1][2] == 13.0
    ranks = ranking_table(ranking_spec(spec(shapes(40))))
    assert ranks.rows[0][3] == 39.0
    side = PyramidSide("2024", np.array([1.0, 2]), np.array([3.0, 4]))
    ages = pyramid_table(PyramidSpec(np.array([0, 5]), np.array([5, 10]), side))
    assert ages.rows == ((0, 5, 1.0, 3.0), (5, 10, 2.0, 4.0))
