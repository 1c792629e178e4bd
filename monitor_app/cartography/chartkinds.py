"""All charts by one name each: how a spec is drawn, tabled and sized."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from monitor_app.cartography import profilecharts, relationcharts
from monitor_app.cartography.chartdata import (
    ChartTable,
    pyramid_table,
    ranking_table,
    time_line_table,
)
from monitor_app.cartography.chartframe import LIGHT, ChartTheme
from monitor_app.cartography.charts import draw_pyramid, draw_ranking, draw_time_line
from monitor_app.cartography.chartspec import PyramidSpec, RankingSpec, TimeLineSpec
from monitor_app.cartography.profilespec import ComponentsSpec, FlowSpec, RadarSpec
from monitor_app.cartography.relationspec import (
    BoxSpec,
    CorrelationSpec,
    HistogramSpec,
    ScatterSpec,
)
from monitor_app.core.i18n import _

AnyChart = (
    RankingSpec | TimeLineSpec | PyramidSpec | ScatterSpec | HistogramSpec | BoxSpec
    | CorrelationSpec | RadarSpec | ComponentsSpec | FlowSpec
)  # fmt: skip


class ChartKind(StrEnum):
    """What a person chooses from."""

    RANKING = "ranking"
    TIMELINE = "timeline"
    PYRAMID = "pyramid"
    SCATTER = "scatter"
    RESIDUALS = "residuals"  # a map
    HISTOGRAM = "histogram"
    BOXES = "boxes"
    RADAR = "radar"
    CORRELATION = "correlation"
    COMPONENTS = "components"
    FLOWS = "flows"
    CHORD = "chord"


def kind_name(kind: ChartKind) -> str:
    """As users call it."""
    return {
        ChartKind.RANKING: _("Ranking"),
        ChartKind.TIMELINE: _("Time line"),
        ChartKind.PYRAMID: _("Population pyramid"),
        ChartKind.SCATTER: _("Scatter chart"),
        ChartKind.RESIDUALS: _("Map of residuals"),
        ChartKind.HISTOGRAM: _("Histogram"),
        ChartKind.BOXES: _("Box plots"),
        ChartKind.RADAR: _("Radar chart"),
        ChartKind.CORRELATION: _("Correlation"),
        ChartKind.COMPONENTS: _("Components of change"),
        ChartKind.FLOWS: _("Moves (matrix)"),
        ChartKind.CHORD: _("Moves (ring)"),
    }[kind]


_DRAW: dict[type, Callable[..., Any]] = {
    RankingSpec: draw_ranking,
    TimeLineSpec: draw_time_line,
    PyramidSpec: draw_pyramid,
    ScatterSpec: relationcharts.draw_scatter,
    HistogramSpec: relationcharts.draw_histogram,
    BoxSpec: relationcharts.draw_boxes,
    CorrelationSpec: relationcharts.draw_correlations,
    RadarSpec: profilecharts.draw_radar,
    ComponentsSpec: profilecharts.draw_components,
}


def draw_chart(figure: Any, spec: AnyChart, theme: ChartTheme = LIGHT) -> Any:
    """Draw any chart on a matplotlib figure; returns its axes."""
    if isinstance(spec, FlowSpec):
        draw = profilecharts.draw_chord if spec.chord else profilecharts.draw_flow_matrix
        return draw(figure, spec, theme)
    return _DRAW[type(spec)](figure, spec, theme)


def chart_table(spec: AnyChart) -> ChartTable:
    """The numbers of any chart."""
    if isinstance(spec, TimeLineSpec):
        return time_line_table(spec)
    if isinstance(spec, RankingSpec):
        return ranking_table(spec)
    if isinstance(spec, PyramidSpec):
        return pyramid_table(spec)
    return spec.table()


def chart_size(spec: AnyChart) -> tuple[float, float]:
    """Width and height in millimetres that a chart needs on paper."""
    if isinstance(spec, RankingSpec):
        return 170.0, min(max(100.0, 20 + 4.6 * len(spec.bars)), 250.0)
    if isinstance(spec, BoxSpec):
        return 170.0, min(max(90.0, 24 + 6.0 * len(spec.boxes)), 250.0)
    if isinstance(spec, CorrelationSpec):
        return 170.0, min(max(80.0, 30 + 9.0 * len(spec.names)), 220.0)
    if isinstance(spec, PyramidSpec):
        return 130.0, 130.0
    if isinstance(spec, RadarSpec):
        return 170.0, 130.0
    if isinstance(spec, FlowSpec):
        return (170.0, 140.0) if spec.chord else (
            170.0, min(max(70.0, 30 + 7.0 * len(spec.names)), 250.0))  # fmt: skip
    return 170.0, 100.0
