"""Where the marks of a drawn chart are, so that a mouse finds them and a highlight lies on them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor_app.cartography.chartkinds import AnyChart
from monitor_app.cartography.chartspec import PyramidSpec
from monitor_app.cartography.profilecharts import CHORD_AREAS, chord_ring, ribbon
from monitor_app.cartography.profilespec import ComponentsSpec, FlowSpec, RadarSpec
from monitor_app.cartography.relationspec import (
    BoxSpec,
    CorrelationSpec,
    HistogramSpec,
    ScatterSpec,
)
from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _, ngettext

FloatArray = NDArray[np.float64]
#: Half the size of a point in pixels, and how far beside a mark the mouse may be.
POINT, REACH = 4.0, 4.0

#: Name and value of a mark.
Tip = tuple[str, str]


@dataclass(frozen=True, eq=False)
class Marks:
    """Marks of one picture. ``boxes`` (n, 4): left, top, right, bottom in pixels from the upper
    left corner; ``round``: points; ``outlines``: polygons of marks that are no box. ``keys``: the
    areas that each mark stands for. ``tip(i)``: name and value."""

    boxes: FloatArray = field(default_factory=lambda: np.empty((0, 4)))
    keys: tuple[tuple[str, ...], ...] = ()
    tip: Callable[[int], Tip] = lambda _mark: ("", "")
    round: bool = False
    outlines: Mapping[int, FloatArray] = field(default_factory=dict)
    points_from: int | None = None  # marks from this one on are points

    def __len__(self) -> int:
        return len(self.keys)

    def is_point(self, mark: int) -> bool:
        return self.round or (self.points_from is not None and mark >= self.points_from)

    @cached_property
    def _centres(self) -> FloatArray:
        return np.asarray((self.boxes[:, :2] + self.boxes[:, 2:]) / 2)

    @cached_property
    def _by_key(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for mark, keys in enumerate(self.keys):
            for key in keys:
                found.setdefault(key, []).append(mark)
        return found

    @cached_property
    def one_each(self) -> bool:
        """Whether every mark is the point of an area of its own, as in a scatter chart."""
        return self.round and all(self.keys) and len(self.keys) == len(self._by_key)

    def of(self, key: str) -> Sequence[int]:
        """Marks that an area has a part in."""
        return self._by_key.get(key, ())

    def at(self, x: float, y: float) -> int | None:
        """The mark under a place: the nearest point, else the smallest shape around it."""
        if not len(self.boxes):
            return None
        left, top, right, bottom = self.boxes.T
        inside = (left - REACH <= x) & (x <= right + REACH)
        inside &= (top - REACH <= y) & (y <= bottom + REACH)
        near = [
            int(i)
            for i in np.flatnonzero(inside)
            if int(i) not in self.outlines or _within(self.outlines[int(i)], x, y)
        ]
        points = [i for i in near if self.is_point(i)]
        if points:
            away = self._centres[points] - (x, y)
            return points[int(np.argmin((away**2).sum(axis=1)))]
        if not near:
            return None
        outside = [
            max(left[i] - x, x - right[i], 0) + max(top[i] - y, y - bottom[i], 0) for i in near
        ]
        sizes = [(right[i] - left[i]) * (bottom[i] - top[i]) for i in near]
        return near[int(np.lexsort((sizes, outside))[0])]

    def within(self, left: float, top: float, right: float, bottom: float) -> tuple[str, ...]:
        """Areas whose marks have their middle in a rectangle."""
        x, y = self._centres.T
        chosen = (left <= x) & (x <= right) & (top <= y) & (y <= bottom)
        return tuple(dict.fromkeys(k for i in np.flatnonzero(chosen) for k in self.keys[i]))


def _within(outline: FloatArray, x: float, y: float) -> bool:
    """Whether a place lies in a polygon (even–odd rule)."""
    a, b = outline, np.roll(outline, -1, axis=0)
    cross = (a[:, 1] > y) != (b[:, 1] > y)
    rise = np.where(b[:, 1] == a[:, 1], 1.0, b[:, 1] - a[:, 1])
    at = a[:, 0] + (y - a[:, 1]) / rise * (b[:, 0] - a[:, 0])
    return bool(np.count_nonzero(cross & (x < at)) % 2)


class _Place:
    """From the coordinates of the data to pixels."""

    def __init__(self, axes: Any, ratio: float) -> None:
        self._to_display = axes.transData.transform
        self._height = axes.figure.bbox.height
        self._ratio = ratio

    def points(self, x: Any, y: Any) -> FloatArray:
        both = np.column_stack([np.asarray(x, dtype=float), np.asarray(y, dtype=float)])
        if not len(both):
            return np.empty((0, 2))
        shown = np.asarray(self._to_display(both), dtype=np.float64)
        shown[:, 1] = self._height - shown[:, 1]
        return np.asarray(shown / self._ratio)

    def boxes(self, x0: Any, y0: Any, x1: Any, y1: Any) -> FloatArray:
        one, other = self.points(x0, y0), self.points(x1, y1)
        return np.hstack([np.minimum(one, other), np.maximum(one, other)])

    def dots(self, x: Any, y: Any) -> FloatArray:
        at = self.points(x, y)
        return np.hstack([at - POINT, at + POINT])


def marks_of(axes: Any, spec: AnyChart, ratio: float = 1.0) -> Marks:
    """The marks of a chart just drawn on ``axes``; ``ratio``: pixels of the figure per pixel
    wanted."""
    place = _Place(axes, ratio)
    if isinstance(spec, ScatterSpec):
        return _scatter(place, spec)
    if isinstance(spec, HistogramSpec):
        return _histogram(place, spec)
    if isinstance(spec, BoxSpec):
        return _boxes(place, spec)
    if isinstance(spec, CorrelationSpec):
        return _correlations(place, spec)
    if isinstance(spec, RadarSpec):
        return _radar(place, spec)
    if isinstance(spec, ComponentsSpec):
        return _components(place, spec)
    if isinstance(spec, FlowSpec):
        return _ring(place, spec) if spec.chord else _matrix(place, spec)
    if isinstance(spec, PyramidSpec):
        return _pyramid(place, spec)
    return Marks()


def _with_unit(value: float, precision: int, unit: str, *, signed: bool = False) -> str:
    return f"{format_number(value, precision, signed=signed)} {unit}".strip()


def _scatter(place: _Place, spec: ScatterSpec) -> Marks:
    def tip(i: int) -> Tip:
        x = _with_unit(float(spec.x[i]), spec.precisions[0], spec.x_unit)
        y = _with_unit(float(spec.y[i]), spec.precisions[1], spec.y_unit)
        lines = [f"{spec.y_title}: {y}", f"{spec.x_title}: {x}"]
        if spec.line is not None:
            gap = format_number(float(spec.residuals[i]), spec.precisions[1], signed=True)
            lines.append(_("Residual: {gap}").format(gap=gap))
        return spec.names[i], "\n".join(lines)

    return Marks(place.dots(spec.x, spec.y), tuple((k,) for k in spec.keys), tip, round=True)


def _histogram(place: _Place, spec: HistogramSpec) -> Marks:
    totals = spec.counts.sum(axis=1)
    boxes = place.boxes(spec.edges[:-1], np.zeros(len(totals)), spec.edges[1:], totals)

    def tip(i: int) -> Tip:
        low, high = (float(v) for v in spec.edges[i : i + 2])
        count = ngettext("{count} area", "{count} areas", int(totals[i]))
        digits = max(spec.precision, 1)
        bounds = _("{low} to {high}").format(
            low=format_number(low, digits, signed=spec.signed),
            high=_with_unit(high, digits, spec.unit, signed=spec.signed),
        )
        return bounds, count.format(count=format_number(float(totals[i])))

    keys = spec.members or ((),) * len(totals)
    return Marks(boxes, keys, tip)


def _boxes(place: _Place, spec: BoxSpec) -> Marks:
    rows = np.arange(len(spec.boxes), dtype=float)
    bodies = place.boxes(
        [b.low for b in spec.boxes], rows - 0.3, [b.high for b in spec.boxes], rows + 0.3
    )
    beyond = [
        (row, name, value, key)
        for row, box in enumerate(spec.boxes)
        for (name, value), key in zip(box.beyond, box.beyond_keys, strict=True)
    ]
    dots = place.dots([b[2] for b in beyond], [float(b[0]) for b in beyond])

    def tip(i: int) -> Tip:
        if i >= len(spec.boxes):
            _row, name, value, _key = beyond[i - len(spec.boxes)]
            return name, _with_unit(value, spec.precision, spec.unit, signed=spec.signed)
        box = spec.boxes[i]
        low, middle, high = (
            format_number(v, spec.precision, signed=spec.signed)
            for v in (box.q1, box.median, box.q3)
        )
        text = _("Median {middle}, half of the areas from {low} to {high}")
        return box.label, text.format(middle=middle, low=low, high=high)

    keys = (*(b.members for b in spec.boxes), *((b[3],) for b in beyond))
    return Marks(np.vstack([bodies, dots]), keys, tip, points_from=len(spec.boxes))


def _correlations(place: _Place, spec: CorrelationSpec) -> Marks:
    cells = [(i, j) for i in range(len(spec.names)) for j in range(i)]
    rows = np.array([c[0] for c in cells], dtype=float)
    columns = np.array([c[1] for c in cells], dtype=float)
    boxes = place.boxes(columns - 0.48, rows - 0.48, columns + 0.48, rows + 0.48)

    def tip(mark: int) -> Tip:
        i, j = cells[mark]
        r = float(spec.r[i, j])
        value = format_number(r, 2) if np.isfinite(r) else "–"
        name = f"{spec.names[i]} – {spec.names[j]}"
        return name, f"r = {value}   ·   n = {format_number(float(spec.n[i, j]))}"

    return Marks(boxes, ((),) * len(cells), tip)


def correlation_cell(mark: int) -> tuple[int, int]:
    """Row and column of a mark of a correlation matrix."""
    row = 1
    while mark >= row:
        mark -= row
        row += 1
    return row, mark


def _radar(place: _Place, spec: RadarSpec) -> Marks:
    m = len(spec.axes)
    angles = np.pi / 2 - 2 * np.pi * np.arange(m) / m
    found = [
        (line, axis, float(line.shares[axis]))
        for line in spec.lines
        for axis in range(m)
        if np.isfinite(line.shares[axis])
    ]
    share = np.array([f[2] for f in found])
    at = angles[[f[1] for f in found]] if found else np.empty(0)

    def tip(i: int) -> Tip:
        line, axis, _share = found[i]
        value = _with_unit(float(line.values[axis]), spec.precisions[axis], spec.units[axis])
        return line.label, f"{spec.axes[axis]}: {value}"

    keys = tuple((line.key,) if line.key else () for line, _axis, _share in found)
    return Marks(place.dots(share * np.cos(at), share * np.sin(at)), keys, tip, round=True)


def _components(place: _Place, spec: ComponentsSpec) -> Marks:
    found: list[tuple[int, int, float, float]] = []
    above, below = np.zeros(len(spec.places)), np.zeros(len(spec.places))
    for number, part in enumerate(spec.parts):
        known = np.nan_to_num(part)
        base = np.where(known >= 0, above, below)
        found += [
            (number, int(i), float(base[i]), float(base[i] + known[i]))
            for i in np.flatnonzero(known)
        ]
        above, below = above + np.maximum(known, 0), below + np.minimum(known, 0)
    at = np.array([f[1] for f in found], dtype=float)
    boxes = place.boxes(at - 0.36, [f[2] for f in found], at + 0.36, [f[3] for f in found])

    def tip(mark: int) -> Tip:
        number, i, _low, _high = found[mark]
        value = _with_unit(float(spec.parts[number, i]), 0, spec.unit, signed=True)
        lines = [f"{spec.names[number]}: {value}"]
        if np.isfinite(spec.balance[i]):
            balance = _with_unit(float(spec.balance[i]), 0, spec.unit, signed=True)
            lines.append(_("Balance: {value}").format(value=balance))
        return spec.places[i], "\n".join(lines)

    return Marks(boxes, ((),) * len(found), tip)


def _move_text(value: float) -> str:
    if not np.isfinite(value):
        return _("unknown or kept secret")
    return ngettext("{count} move", "{count} moves", int(value)).format(count=format_number(value))


def _members(spec: FlowSpec, *positions: int) -> tuple[str, ...]:
    if not spec.members:
        return ()
    return tuple(dict.fromkeys(k for i in positions for k in spec.members[i]))


def _matrix(place: _Place, spec: FlowSpec) -> Marks:
    n = len(spec.names)
    rows, columns = (a.ravel().astype(float) for a in np.mgrid[0:n, 0:n])
    boxes = place.boxes(columns - 0.48, rows - 0.47, columns + 0.48, rows + 0.47)

    def tip(mark: int) -> Tip:
        i, j = divmod(mark, n)
        name = spec.names[i] if i == j else f"{spec.names[i]} → {spec.names[j]}"
        text = _move_text(float(spec.moves[i, j]))
        return name, _("{moves} inside the area").format(moves=text) if i == j else text

    keys = tuple(_members(spec, i, j) for i in range(n) for j in range(n))
    return Marks(boxes, keys, tip)


def _arc(low: float, high: float, radius: float) -> FloatArray:
    angle = np.linspace(low, high, 24)
    return np.column_stack([np.cos(angle), np.sin(angle)]) * radius


def _ring(place: _Place, spec: FlowSpec) -> Marks:
    shown = spec.largest(CHORD_AREAS)
    ring = chord_ring(shown)
    if ring is None:
        return Marks()
    n = len(shown.names)
    shapes: list[FloatArray] = []
    keys: list[tuple[str, ...]] = []
    tips: list[Tip] = []
    for i in range(n):
        low, high = ring.start[i] - ring.own[i], ring.start[i]
        shapes.append(np.vstack([_arc(low, high, 1.0), _arc(high, low, 0.95)]))
        keys.append(_members(shown, i))
        left, came = float(ring.moves[i].sum()), float(ring.moves[:, i].sum())
        text = _("Left {out}, came {into}, net {net}").format(
            out=format_number(left), into=format_number(came),
            net=format_number(came - left, signed=True),
        )  # fmt: skip
        tips.append((shown.names[i], text))
    # Small ribbons lie above large ones: the last that contains the mouse is found first.
    for i, j in _pairs(n):
        if ring.moves[i, j] + ring.moves[j, i]:
            shapes.append(_flat(ribbon(ring.part[i, j], ring.part[j, i])))
            keys.append(_members(shown, i, j))
            there = f"{shown.names[i]} → {shown.names[j]}: {_move_text(float(shown.moves[i, j]))}"
            back = f"{shown.names[j]} → {shown.names[i]}: {_move_text(float(shown.moves[j, i]))}"
            tips.append((f"{shown.names[i]} – {shown.names[j]}", f"{there}\n{back}"))
    outlines = {i: place.points(s[:, 0], s[:, 1]) for i, s in enumerate(shapes)}
    boxes = np.array([[*o.min(axis=0), *o.max(axis=0)] for o in outlines.values()])
    return Marks(boxes, tuple(keys), lambda i: tips[i], outlines=outlines)


def _pairs(n: int) -> Iterable[tuple[int, int]]:
    return ((i, j) for i in range(n) for j in range(i))


def _flat(path: Any) -> FloatArray:
    return np.asarray(path.to_polygons(closed_only=True)[0], dtype=np.float64)


def _pyramid(place: _Place, spec: PyramidSpec) -> Marks:
    n = len(spec.lows)
    men, women = spec.lengths(spec.base)
    length = np.nan_to_num(np.concatenate([-men, women]))
    lows, highs = np.tile(spec.lows, 2).astype(float), np.tile(spec.highs, 2).astype(float)
    boxes = place.boxes(np.zeros(2 * n), lows, length, highs)

    def tip(mark: int) -> Tip:
        sex, i = divmod(mark, n)
        low, high = int(spec.lows[i]), int(spec.highs[i])
        last = i == n - 1
        age = (
            _("{low} years and older").format(low=low) if last
            else _("{low} years").format(low=low) if high == low + 1
            else _("{low} to {high} years").format(low=low, high=high - 1)
        )  # fmt: skip
        who = _("Women") if sex else _("Men")
        sides = [spec.base] + ([] if spec.overlay is None else [spec.overlay])
        lines = []
        for side in sides:
            count = float((side.women if sex else side.men)[i])
            number = format_number(count, 0) if np.isfinite(count) else "–"
            lines.append(f"{side.label}: {number}" if side.label else number)
        if spec.interval is not None:
            low_side, high_side = spec.interval
            bounds = [float((s.women if sex else s.men)[i]) for s in (low_side, high_side)]
            lines.append(
                _("probably {low} to {high}").format(
                    low=format_number(bounds[0]), high=format_number(bounds[1])
                )
            )
        return f"{who}, {age}", "\n".join(lines)

    return Marks(boxes, ((),) * (2 * n), tip)
