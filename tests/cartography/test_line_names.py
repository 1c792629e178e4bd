"""Names at the ends of lines can be read on the paper of either theme."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from monitor_app.cartography.charts import DARK, LIGHT, draw_time_line
from monitor_app.cartography.chartspec import LINE_COLOURS, Line, Role, TimeLineSpec
from monitor_app.cartography.colour import contrast
from tests.cartography.town import DAYS


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_names_of_lines_have_enough_contrast(theme) -> None:
    flat = np.zeros(len(DAYS), dtype=np.uint8)
    lines = tuple(
        Line(f"Gebiet {i}", np.full(len(DAYS), float(i)), flat, Role.SELECTION, colour)
        for i, colour in enumerate(LINE_COLOURS)
    )
    spec = TimeLineSpec(DAYS, lines, np.zeros(len(DAYS)), np.full(len(DAYS), 6.0))
    axes = draw_time_line(Figure(figsize=(6, 3)), spec, theme)
    named = {t.get_text(): t.get_color() for t in axes.texts}
    for line in lines:
        assert contrast(named[line.label], theme.paper) >= 4.5
    drawn = {line.get_color() for line in axes.get_lines()}
    assert set(LINE_COLOURS) <= drawn  # the lines keep their colours


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#0072b2", "#0072b2") == 1.0
