"""Charts of how values lie and hang together: scatter, histogram, box plots, correlations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitor_app.cartography.chartdata import ChartTable
from monitor_app.cartography.classify import classifiable
from monitor_app.cartography.mapspec import MapSpec
from monitor_app.core.formats import collation_key
from monitor_app.core.i18n import _

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Regression:
    """Ordinary least squares y = ``intercept`` + ``slope`` · x over ``n`` areas. ``r`` after
    Pearson; ``p`` two-sided from Student's t with n − 2 degrees of freedom (NaN below 3)."""

    n: int
    slope: float
    intercept: float
    r: float
    p: float

    @property
    def r2(self) -> float:
        return self.r * self.r


def regress(x: FloatArray, y: FloatArray) -> Regression | None:
    """The line through complete pairs (zeros are values like any other); None where fewer than
    two pairs or no spread in x allow none."""
    good = np.isfinite(x) & np.isfinite(y)
    x, y = x[good], y[good]
    n = len(x)
    if n < 2 or np.ptp(x) == 0:
        return None
    dx, dy = x - x.mean(), y - y.mean()
    xx, xy, yy = float(dx @ dx), float(dx @ dy), float(dy @ dy)
    slope = xy / xx
    r = float(np.clip(xy / np.sqrt(xx * yy), -1, 1)) if yy > 0 else float("nan")
    return Regression(n, slope, float(y.mean() - slope * x.mean()), r, _p_value(r, n))


def _p_value(r: float, n: int) -> float:
    if n < 3 or not np.isfinite(r):
        return float("nan")
    from scipy.special import betainc

    # P(|T| > t) of Student's t is the incomplete beta function at df / (df + t²) = 1 − r².
    return float(betainc((n - 2) / 2, 0.5, 1 - r * r))


@dataclass(frozen=True, eq=False)
class ScatterSpec:
    """Two measures of the same areas. Areas lacking either are left out and counted. Arrays have
    one entry per area that is shown."""

    keys: tuple[str, ...]
    names: tuple[str, ...]
    x: FloatArray
    y: FloatArray
    x_title: str
    y_title: str
    x_unit: str = ""
    y_unit: str = ""
    precisions: tuple[int, int] = (1, 1)
    colours: tuple[str, ...] = ()
    selected: frozenset[str] = frozenset()
    hovered: str | None = None
    without: int = 0
    line: Regression | None = None
    title: str = ""
    faded: frozenset[str] = frozenset()  # areas that a filter leaves out; the line is of all

    @property
    def residuals(self) -> FloatArray:
        """Observed minus expected y; NaN without a line."""
        if self.line is None:
            return np.full(len(self.x), np.nan)
        return self.y - (self.line.intercept + self.line.slope * self.x)

    def table(self) -> ChartTable:
        return ChartTable(
            (_("Key"), _("Area"), self.x_title, self.y_title, _("Residual")),
            tuple(
                zip(self.keys, self.names, self.x.tolist(), self.y.tolist(),
                    self.residuals.tolist(), strict=True)
            ),
        )  # fmt: skip


def scatter_spec(
    x: MapSpec, y: MapSpec, *, selected: Sequence[str] = (), hovered: str | None = None
) -> ScatterSpec:
    """The areas of two maps, matched by key, in the colours of the second."""
    place = {key: i for i, key in enumerate(x.keys)}
    pairs = [(place[key], i) for i, key in enumerate(y.keys) if key in place]
    good = [(a, b) for a, b in pairs if _usable(x)[a] and _usable(y)[b]]
    a = np.array([p[0] for p in good], dtype=np.int64)
    b = np.array([p[1] for p in good], dtype=np.int64)
    colours = [y.swatches[code].colour for code in y.codes]
    return ScatterSpec(
        tuple(y.keys[i] for i in b), tuple(y.names[i] for i in b), x.values[a], y.values[b],
        x.title, y.title, x.unit, y.unit, (x.precision, y.precision),
        tuple(colours[i] for i in b), frozenset(selected), hovered,
        len({*x.keys, *y.keys}) - len(good), regress(x.values[a], y.values[b]),
    )  # fmt: skip


def _usable(spec: MapSpec) -> NDArray[np.bool_]:
    return classifiable(spec.values, spec.status)


@dataclass(frozen=True, eq=False)
class HistogramSpec:
    """How often values occur: ``edges`` of bins, ``counts`` (bins, classes) and the breaks of the
    map over it. ``members``: keys of the areas of each bin."""

    edges: FloatArray
    counts: NDArray[np.int64]
    breaks: tuple[float, ...]
    colours: tuple[str, ...]
    unit: str = ""
    precision: int = 1
    title: str = ""
    city_value: float | None = None
    signed: bool = False
    members: tuple[tuple[str, ...], ...] = ()

    def table(self) -> ChartTable:
        return ChartTable(
            (_("From"), _("To under"), _("Areas")),
            tuple(
                zip(self.edges[:-1].tolist(), self.edges[1:].tolist(),
                    self.counts.sum(axis=1).tolist(), strict=True)
            ),
        )  # fmt: skip


def histogram_spec(spec: MapSpec, bins: int | None = None) -> HistogramSpec:
    """The values of a map; every area with a class is in exactly one bin."""
    classes = spec.classification.classes
    shown = np.flatnonzero(classes >= 0)
    values, classes = spec.values[shown], classes[shown]
    k = max(spec.classification.k, 1)
    if not len(values):
        edges = np.array([0.0, 1.0])
    else:
        edges = np.histogram_bin_edges(values, bins or "auto")
        if bins is None and not 5 <= len(edges) - 1 <= 40:
            edges = np.histogram_bin_edges(values, int(np.clip(len(edges) - 1, 5, 40)))
    place = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(edges) - 2)
    counts = np.zeros((len(edges) - 1, k), dtype=np.int64)
    np.add.at(counts, (place, classes), 1)
    members: list[list[str]] = [[] for _bin in counts]
    for i, at in zip(shown.tolist(), place.tolist(), strict=True):
        members[at].append(spec.keys[i])
    breaks = spec.classification.breaks if spec.classification.k <= 12 else ()
    return HistogramSpec(
        edges, counts, breaks, spec.class_colours or ("#b0b0b0",), spec.unit, spec.precision,
        spec.title, spec.city_value, spec.signed, tuple(tuple(m) for m in members),
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Box:
    """One group: quartiles, whiskers to the last value within 1.5 interquartile ranges (Tukey),
    and the values beyond with the names of their areas. ``members``: keys of all its areas,
    ``beyond_keys``: those of the values beyond."""

    label: str
    n: int
    low: float
    q1: float
    median: float
    q3: float
    high: float
    beyond: tuple[tuple[str, float], ...] = ()
    members: tuple[str, ...] = ()
    beyond_keys: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class BoxSpec:
    """Box plots of groups of areas (districts), in the order of their medians."""

    boxes: tuple[Box, ...]
    unit: str = ""
    precision: int = 1
    title: str = ""
    city_value: float | None = None
    signed: bool = False

    def table(self) -> ChartTable:
        head = (
            _("Group"), _("Areas"), _("Lower whisker"), _("Lower quartile"), _("Median"),
            _("Upper quartile"), _("Upper whisker"),
        )  # fmt: skip
        rows = tuple((b.label, b.n, b.low, b.q1, b.median, b.q3, b.high) for b in self.boxes)
        return ChartTable(head, rows)


def box_spec(spec: MapSpec, groups: Sequence[str | None]) -> BoxSpec:
    """``groups``: the name of the district of each area of the map (None: in none)."""
    good = _usable(spec)
    boxes = []
    for group in sorted({g for g in groups if g is not None}, key=collation_key):
        member = [i for i, g in enumerate(groups) if g == group and good[i]]
        if member:
            boxes.append(_box(group, spec, member))
    boxes.sort(key=lambda b: -b.median)
    return BoxSpec(
        tuple(boxes), spec.unit, spec.precision, spec.title, spec.city_value, spec.signed
    )


def _box(label: str, spec: MapSpec, member: Sequence[int]) -> Box:
    values = spec.values[list(member)]
    q1, median, q3 = (float(q) for q in np.quantile(values, (0.25, 0.5, 0.75)))
    reach = 1.5 * (q3 - q1)
    within = values[(values >= q1 - reach) & (values <= q3 + reach)]
    beyond = [i for i, v in zip(member, values, strict=True) if v < q1 - reach or v > q3 + reach]
    return Box(
        label, len(values), float(within.min()), q1, median, q3, float(within.max()),
        tuple((spec.names[i], float(spec.values[i])) for i in beyond),
        tuple(spec.keys[i] for i in member), tuple(spec.keys[i] for i in beyond),
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class CorrelationSpec:
    """Pearson's r of each pair of measures over the areas that have both, with their number.
    ``keys``: ids of the measures."""

    names: tuple[str, ...]
    r: FloatArray
    n: NDArray[np.int64]
    title: str = ""
    keys: tuple[str, ...] = ()

    def table(self) -> ChartTable:
        rows = [
            (self.names[i], self.names[j], float(self.r[i, j]), int(self.n[i, j]))
            for i in range(len(self.names))
            for j in range(i)
        ]
        return ChartTable((_("Indicator"), _("with"), "r", "n"), tuple(rows))


def correlation_spec(
    names: Sequence[str], values: ArrayLike, title: str = "", keys: Sequence[str] = ()
) -> CorrelationSpec:
    """``values`` shape (measures, areas), NaN where missing. Fewer than three pairs: NaN."""
    data = np.asarray(values, dtype=np.float64)
    m = len(names)
    r, n = np.full((m, m), np.nan), np.zeros((m, m), dtype=np.int64)
    for i in range(m):
        for j in range(m):
            n[i, j] = int((np.isfinite(data[i]) & np.isfinite(data[j])).sum())
            line = regress(data[i], data[j])
            if line is not None and n[i, j] >= 3:
                r[i, j] = line.r
    return CorrelationSpec(tuple(names), r, n, title, tuple(keys))
