"""Where the marks of a drawn chart are: held against the picture itself and against counts."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from monitor_app.cartography.chartkinds import AnyChart, chart_size, chart_table, draw_chart
from monitor_app.cartography.chartmarks import Marks, correlation_cell, marks_of
from monitor_app.cartography.chartspec import PyramidSide, PyramidSpec
from monitor_app.cartography.profilespec import ComponentsSpec, FlowSpec, radar_spec
from monitor_app.cartography.relationspec import (
    ScatterSpec,
    box_spec,
    correlation_spec,
    histogram_spec,
)
from tests.cartography.test_charts import spec
from tests.cartography.town import shapes


def drawn(chart: AnyChart, ratio: float = 1.0) -> tuple[np.ndarray, Marks]:
    """The picture (rows, columns, RGB) in pixels of the screen at ``ratio``, and its marks."""
    figure = Figure(figsize=(6, 4), dpi=100 * ratio)
    canvas = FigureCanvasAgg(figure)
    axes = draw_chart(figure, chart)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3], marks_of(axes, chart, ratio)


def colour_at(picture: np.ndarray, box: np.ndarray, ratio: float = 1.0) -> str:
    x, y = (box[:2] + box[2:]) / 2 * ratio
    return "#{:02x}{:02x}{:02x}".format(*picture[round(y), round(x)])


def scatter() -> ScatterSpec:
    colours = ("#cc0000", "#00cc00", "#0000cc")
    x, y = np.array([1.0, 5.0, 9.0]), np.array([2.0, 8.0, 3.0])
    return ScatterSpec(("a", "b", "c"), ("A", "B", "C"), x, y, "x", "y", colours=colours)


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_points_lie_where_their_colour_is(ratio) -> None:
    picture, marks = drawn(scatter(), ratio)
    found = [colour_at(picture, box, ratio) for box in marks.boxes]
    assert found == list(scatter().colours)
    for i, box in enumerate(marks.boxes):
        x, y = (box[:2] + box[2:]) / 2
        assert marks.at(x + 3, y - 3) == i
        assert marks.keys[i] == (scatter().keys[i],)
    assert marks.at(1, 1) is None
    assert marks.tip(1)[0] == "B"
    assert list(marks.of("c")) == [2]


def test_box_takes_the_points_inside() -> None:
    _picture, marks = drawn(scatter())
    first = marks.boxes[0]
    assert marks.within(*np.add(first, (-1, -1, 1, 1))) == ("a",)
    assert set(marks.within(0, 0, 600, 400)) == {"a", "b", "c"}


def test_histogram_bars_hold_the_areas_between_their_edges() -> None:
    made = spec(shapes(40))
    chart = histogram_spec(made, 7)
    _picture, marks = drawn(chart)
    value = dict(zip(made.keys, made.values, strict=True))
    for low, high, keys, total in zip(
        chart.edges[:-1], chart.edges[1:], marks.keys, chart.counts.sum(axis=1), strict=True
    ):
        assert len(keys) == total
        assert all(low <= value[k] <= high for k in keys)
    assert sorted(k for keys in marks.keys for k in keys) == sorted(
        k for k, good in zip(made.keys, made.classification.classes >= 0, strict=True) if good
    )


def test_boxes_and_their_outliers_name_areas() -> None:
    from dataclasses import replace

    made = spec(shapes(40))
    values = made.values.copy()
    values[39] = 500.0
    chart = box_spec(replace(made, values=values), ["Nord" if i % 2 else "Süd" for i in range(40)])
    _picture, marks = drawn(chart)
    assert marks.keys[-1] == (made.keys[39],)
    assert marks.is_point(len(marks) - 1)
    assert marks.tip(len(marks) - 1)[0] == made.names[39]
    north = next(i for i, b in enumerate(chart.boxes) if b.label == "Nord")
    assert set(marks.keys[north]) <= {made.keys[i] for i in range(1, 40, 2)}
    assert len(marks.keys[north]) == chart.boxes[north].n


def test_matrix_cells_are_origin_and_destination() -> None:
    moves = np.array([[5.0, 40, 1], [2, 0, 30], [np.nan, 10, 3]])
    chart = FlowSpec(("X", "Y", "Z"), moves, members=(("x1", "x2"), ("y1",), ("z1",)))
    _picture, marks = drawn(chart)
    assert marks.tip(1) == ("X → Y", "40 Umzüge")
    assert marks.keys[1] == ("x1", "x2", "y1")
    assert marks.tip(0)[1].startswith("5 Umzüge")
    assert "geheim" in marks.tip(6)[1]
    for i, box in enumerate(marks.boxes):
        assert marks.at(*(box[:2] + box[2:]) / 2) == i


def test_arcs_and_ribbons_of_a_ring_are_found() -> None:
    moves = np.array([[0.0, 40, 10], [20, 0, 30], [5, 10, 0]])
    chart = FlowSpec(("X", "Y", "Z"), moves, members=(("x",), ("y",), ("z",)), chord=True)
    picture, marks = drawn(chart)
    arcs = [marks.tip(i)[1] for i in range(3)]
    for i, text in enumerate(arcs):
        out, came = moves[i].sum(), moves[:, i].sum()
        assert text.startswith(f"Fortgezogen {out:.0f}, zugezogen {came:.0f}")
    for i in range(3):
        outline = marks.outlines[i]
        middle = (outline[12] + outline[36]) / 2
        assert marks.at(*middle) == i
        x, y = (round(v) for v in middle)
        assert picture[y, x].min() < 240  # not the paper
    assert set(marks.keys[3:]) == {("y", "x"), ("z", "x"), ("z", "y")}


def test_correlation_cells_are_counted_as_drawn() -> None:
    data = np.random.default_rng(2).normal(size=(4, 30))
    chart = correlation_spec(tuple("abcd"), data, keys=tuple("abcd"))
    _picture, marks = drawn(chart)
    for mark in range(len(marks)):
        row, column = correlation_cell(mark)
        assert marks.tip(mark)[0] == f"{'abcd'[row]} – {'abcd'[column]}"
    assert len(marks) == 6


def test_pyramid_bars_lie_on_their_side() -> None:
    lows, highs = np.array([0, 20, 40]), np.array([20, 40, 100])
    side = PyramidSide("2024", np.array([200.0, 400, 600]), np.array([100.0, 300, 900]))
    bounds = (
        PyramidSide("u", side.men * 0.9, side.women * 0.9),
        PyramidSide("o", side.men * 1.1, side.women * 1.1),
    )
    chart = PyramidSpec(lows, highs, side, side, interval=bounds)
    picture, marks = drawn(chart)
    men, women = marks.boxes[:3], marks.boxes[3:]
    assert (men[:, 2] <= women[:, 0] + 1).all()
    widths = (men[:, 2] - men[:, 0]) / (women[:, 2] - women[:, 0])
    assert widths == pytest.approx(side.men / side.women)
    assert marks.tip(5) == ("Frauen, 40 Jahre und älter", "2024: 900\n2024: 900\n"
                            "wahrscheinlich 810 bis 990")  # fmt: skip
    assert colour_at(picture, men[0]) != "#ffffff"
    assert len(chart_table(chart).columns) == 2 + 2 * 4


def test_components_stack_without_gaps() -> None:
    parts = np.array([[5.0, 6], [-4, np.nan], [3, -2]])
    chart = ComponentsSpec(("a", "b", "c"), ("1", "2"), parts, ahead=(False, True))
    _picture, marks = drawn(chart)
    assert len(marks) == 5  # the missing part is no bar
    heights = marks.boxes[:, 3] - marks.boxes[:, 1]
    known = [5, 6, 4, 3, 2]
    assert heights / heights[0] * 5 == pytest.approx(known)
    first, third = marks.boxes[0], marks.boxes[3]
    assert third[3] == pytest.approx(first[1])  # c stands on a


@pytest.mark.parametrize(
    "chart",
    [
        histogram_spec(spec(shapes(0))),
        box_spec(spec(shapes(0)), []),
        correlation_spec((), np.empty((0, 3))),
        ComponentsSpec((), (), np.empty((0, 0))),
        FlowSpec((), np.empty((0, 0))),
        FlowSpec(("a",), np.zeros((1, 1)), chord=True),
        ScatterSpec((), (), np.empty(0), np.empty(0), "x", "y"),
        radar_spec(tuple("abc"), np.full((3, 2), np.nan), [("x", 0)]),
        radar_spec(tuple("abc"), np.ones((3, 1)), [("x", 0)], city=[1.0, np.nan, 2]),
        histogram_spec(spec(shapes(1))),
    ],
    ids=lambda c: type(c).__name__,
)
def test_little_or_no_data_still_draw(chart) -> None:
    _picture, marks = drawn(chart)
    assert len(marks) == len(marks.boxes)
    assert marks.at(300, 200) in (None, *range(len(marks)))
    assert min(chart_size(chart)) > 0
