"""Fan and pyramid of a forecast: joined at the base, bands nested, drawn as told."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from monitor_app.cartography.chartframe import DARK, LIGHT, ChartTheme
from monitor_app.cartography.chartspec import PyramidSide, PyramidSpec
from monitor_app.cartography.fancharts import draw_ahead_pyramid, draw_fan, readable
from monitor_app.cartography.fanspec import (
    COURSE_COLOURS,
    AgeRange,
    AheadPyramidSpec,
    FanSpec,
    course,
    indexed,
    reading,
)

YEARS = range(2018, 2030)
BASE = date(2023, 12, 31)
DATES = tuple(date(y, 12, 31) for y in YEARS)


def spec(**more: object) -> FanSpec:
    seen = {d: 1000.0 + 10 * i for i, d in enumerate(DATES) if d <= BASE}
    ahead = {d: 1100.0 + 5 * i for i, d in enumerate(DATES) if d > BASE}
    later = [d for d in DATES if d >= BASE]
    spread = np.arange(len(later), dtype=float)
    middle = np.array([seen.get(d, ahead.get(d, 0.0)) for d in later])
    bands = {
        share: (middle - width * spread, middle + width * spread)
        for share, width in ((0.95, 20), (0.8, 12), (0.5, 6))
    }
    made = course("Mitte", DATES, seen, ahead, BASE, bands=bands, band_dates=later, key="m")
    other = course("Unten", DATES, seen, {d: v - 40 for d, v in ahead.items()}, BASE,
                   hide_seen=True, colour="#d55e00")  # fmt: skip
    return FanSpec(DATES, (made, other), BASE, unit="Personen", title="Stadt", **more)  # type: ignore[arg-type]


def test_the_forecast_begins_at_what_was_observed() -> None:
    for one in spec().courses:
        at = DATES.index(BASE)
        assert one.ahead[at] == 1050.0
        assert np.isnan(one.ahead[:at]).all()
        for band in one.bands:
            assert band.low[at] == band.high[at] == 1050.0
    first, second = spec().courses
    assert np.isfinite(first.seen[: DATES.index(BASE) + 1]).all()
    assert np.isnan(first.seen[DATES.index(BASE) + 1 :]).all()
    assert np.isnan(second.seen).all()  # drawn once, by the first one


def test_bands_are_nested() -> None:
    wide, middle, narrow = spec().courses[0].bands
    assert (wide.share, middle.share, narrow.share) == (0.95, 0.8, 0.5)
    known = np.isfinite(wide.low)
    assert known.sum() == 7
    for outer, inner in ((wide, middle), (middle, narrow)):
        assert (outer.low[known] <= inner.low[known]).all()
        assert (outer.high[known] >= inner.high[known]).all()


def drawn(draw: object, size: tuple[float, float] = (8.0, 4.0)) -> tuple[Figure, object]:
    figure = Figure(figsize=size, dpi=100)
    FigureCanvasAgg(figure)
    axes = draw(figure)  # type: ignore[operator]
    figure.canvas.draw()
    return figure, axes


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_observed_is_solid_and_forecast_dashed(theme: object) -> None:
    _figure, axes = drawn(lambda f: draw_fan(f, spec(), theme))
    lines = {(n.get_linestyle(), tuple(np.asarray(n.get_ydata())[np.isfinite(n.get_ydata())]))
             for n in axes.get_lines() if len(np.asarray(n.get_ydata())) > 2}  # fmt: skip
    solid = [y for style, y in lines if style == "-" and len(y)]
    dashed = [y for style, y in lines if style == "--"]
    assert solid == [(1000.0, 1010.0, 1020.0, 1030.0, 1040.0, 1050.0)]
    assert {y[0] for y in dashed} == {1050.0}
    assert {y[-1] for y in dashed} == {1155.0, 1115.0}


def test_bands_reach_as_far_as_they_say_and_the_axis_holds_them() -> None:
    _figure, axes = drawn(lambda f: draw_fan(f, spec()))
    edges = [c.get_paths()[0].vertices[:, 1] for c in axes.collections]
    assert len(edges) == 3
    assert [round(e.max()) for e in edges] == [1275, 1227, 1191]
    low, high = axes.get_ylim()
    assert low <= min(e.min() for e in edges)
    assert high >= 1275


def test_names_stand_inside_the_picture_and_apart() -> None:
    figure, _axes = drawn(lambda f: draw_fan(f, spec()))
    frame = figure.bbox
    boxes = [t.get_window_extent() for a in figure.axes for t in a.texts if t.get_text()]
    for box in boxes:
        assert frame.x0 <= box.x0
        assert box.x1 <= frame.x1 + 1
    names = sorted((b for b in boxes if b.x0 > frame.width * 0.75), key=lambda b: b.y0)
    assert len(names) == 4  # name and last value of two courses
    assert all(a.y1 <= b.y0 + 3 for a, b in pairwise(names))


def test_the_table_of_a_fan_has_every_edge() -> None:
    table = spec().table()
    assert len(table.rows) == len(DATES)
    assert len(table.columns) == 1 + 2 + 6 + 1
    last = table.rows[-1]
    assert last[0] == "2029-12-31"
    assert last[1] != last[1]  # nothing was observed in 2029
    assert last[2:5] == (1155.0, 1035.0, 1275.0)


def test_nothing_to_draw_is_no_error() -> None:
    drawn(lambda f: draw_fan(f, FanSpec((), (), BASE)))


def ahead_pyramid(**more: object) -> AheadPyramidSpec:
    lows, highs = np.array([0, 10, 20]), np.array([10, 20, 30])
    now = PyramidSide("2023", np.array([100.0, 200.0, 300.0]), np.array([90.0, 180.0, 270.0]))
    then = PyramidSide("2035", np.array([200.0, 300.0, 400.0]), np.array([180.0, 270.0, 360.0]))
    ranges = (AgeRange(0, 20, 0.5, 2.0), AgeRange(20, 30, 0.9, 1.1))
    return AheadPyramidSpec(PyramidSpec(lows, highs, now, then), ranges)


def test_ranges_of_a_pyramid_lie_around_its_outline() -> None:
    found = ahead_pyramid()
    low, high = found.edges()
    assert low.tolist() == [0.5, 0.5, 0.9]
    assert high.tolist() == [2.0, 2.0, 1.1]
    _figure, axes = drawn(lambda f: draw_ahead_pyramid(f, found), (6, 5))
    shades = [p for p in axes.patches if p.get_alpha() == 0.2]
    assert len(shades) == 6
    spans = {(round(min(p.get_x(), p.get_x() + p.get_width()), 3),
              round(max(p.get_x(), p.get_x() + p.get_width()), 3)) for p in shades}  # fmt: skip
    assert (-40.0, -10.0) in spans  # 20 men per year of age, half to double
    assert (13.5, 54.0) in spans  # 27 women
    reach = axes.get_xlim()[1]
    assert reach >= 60.0


def test_a_pyramid_without_ranges_is_drawn_as_always() -> None:
    plain = AheadPyramidSpec(ahead_pyramid().pyramid)
    _figure, axes = drawn(lambda f: draw_ahead_pyramid(f, plain), (6, 5))
    assert not [p for p in axes.patches if p.get_alpha() == 0.2]


def test_an_index_is_100_at_the_base_and_keeps_proportions() -> None:
    plain, found = spec(), indexed(spec())
    at = DATES.index(BASE)
    for before, after in zip(plain.courses, found.courses, strict=True):
        assert after.ahead[at] == 100.0
        known = np.isfinite(before.ahead)
        assert np.allclose(after.ahead[known] / 100, before.ahead[known] / 1050)
        for one, other in zip(before.bands, after.bands, strict=True):
            good = np.isfinite(one.low)
            assert np.allclose(other.low[good], one.low[good] * 100 / 1050)
    assert found.precision == 1
    assert "31.12.2023" in found.unit


def test_the_chosen_day_is_told_in_numbers() -> None:
    assert reading(spec()) == ()
    assert reading(spec(day=date(2020, 12, 31))) == ("Mitte 1.020",)
    first, second = reading(spec(day=date(2029, 12, 31)))
    assert first == "Mitte 1.155 (80 % der Ziehungen: 1.083 bis 1.227)"
    assert second == "Unten 1.115"


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_names_can_be_read_in_every_colour(theme: ChartTheme) -> None:
    from monitor_app.ui.theme import contrast

    for colour in COURSE_COLOURS:
        assert contrast(readable(colour, theme.paper), theme.paper) >= 4.45
    assert readable("#000000", "#ffffff") == "#000000"
