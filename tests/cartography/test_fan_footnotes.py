"""Footnotes of a fan chart: whole sentences below the key, nothing above anything else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from monitor_app.cartography.fancharts import draw_fan
from monitor_app.cartography.fanspec import FanSpec, course, indexed

DAYS = tuple(date(y, 12, 31) for y in range(2020, 2030))
BASE = DAYS[4]
LONG = (
    "Stützjahre: Zuzüge von außen, Wegzüge aus der Stadt und Umzüge in der Stadt: 2014–2024 ohne"
    " 2015–2016, 2020–2022; 2024 mit Gewicht 0,5"
)


def fan(*footnotes: str) -> FanSpec:
    seen = {d: 1000.0 + n for n, d in enumerate(DAYS[:5])}
    ahead = {d: 1010.0 + n for n, d in enumerate(DAYS[5:])}
    low, high = [1000.0 - n for n in range(5)], [1020.0 + n for n in range(5)]
    one = course("Mittlere", DAYS, seen, ahead, BASE, bands={0.8: (low, high)}, band_dates=DAYS[5:])
    return FanSpec(DAYS, (one,), BASE, "Personen", title="Stadt", footnotes=footnotes)


def drawn(spec: FanSpec) -> tuple[Figure, list[tuple[str, object]]]:
    figure = Figure(figsize=(5.5, 3.4))
    draw_fan(figure, spec)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    return figure, [(t.get_text(), t.get_window_extent(renderer)) for t in figure.texts]


@pytest.mark.parametrize("count", [1, 2])
def test_footnotes_are_whole_and_lie_on_nothing(count: int) -> None:
    spec = fan(*[LONG] * count)
    figure, texts = drawn(spec)
    words = " ".join(text for text, _box in texts)
    assert words.count("mit Gewicht 0,5") == count
    assert "…" not in words
    for n, (one, a) in enumerate(texts):
        assert a.x0 >= 0, one
        assert a.x1 <= figure.bbox.width, one
        assert a.y0 >= 0, one
        for other, b in texts[n + 1 :]:
            apart = min(a.x1, b.x1) <= max(a.x0, b.x0) or min(a.y1, b.y1) <= max(a.y0, b.y0) + 1
            assert apart, (one, other)
    (axes,) = figure.axes
    lowest = min(t.get_window_extent().y0 for t in axes.get_xticklabels() if t.get_text())
    assert max(box.y1 for text, box in texts if "Stützjahre" in text) < lowest


def test_without_footnotes_nothing_changes_and_an_index_keeps_them() -> None:
    plain, noted = drawn(fan())[0].axes[0], drawn(fan(LONG))[0].axes[0]
    assert plain.get_position().y0 < noted.get_position().y0
    assert np.isclose(plain.get_position().y1, noted.get_position().y1)
    assert indexed(fan(LONG)).footnotes == (LONG,)
    assert drawn(replace(fan(LONG), footnotes=()))[0].axes[0].get_position().y0 == pytest.approx(
        plain.get_position().y0
    )
