"""Classes for choropleth maps: every value in exactly one class, breaks never rounded.

Classes are half-open, ``lower <= value < upper``, as the labels say ("18,0 bis unter 24,3");
the last one includes its upper bound. mapclassify (loaded only where it is needed) works with
classes closed above; for quantiles and natural breaks the break is moved up to the next value,
so that the same areas share a class.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitor_app.cartography.labels import class_labels
from monitor_app.cartography.quantiles import MANY, half_open_quantiles, quantiles
from monitor_app.core.i18n import _
from monitor_app.core.issues import fail
from monitor_app.core.status import has_value

MAX_CLASSES = 7
DEFAULT_CLASSES = 5
#: Beyond this a float is no statistic; sums of squares stay finite below.
LARGEST = 1e150
#: Natural breaks are exact up to this many values and taken from as many evenly spaced order
#: statistics above: without numba the exact method needs seconds from 1,000 values on.
EXACT_JENKS = 500
#: Steps of colour of a map without classes: more than an eye tells apart.
SHADES = 64

FloatArray = NDArray[np.float64]


class Method(StrEnum):
    """How breaks are found."""

    QUANTILES = "quantiles"
    EQUAL_INTERVAL = "equal_interval"
    JENKS = "jenks"
    PRETTY = "pretty"
    STD_DEVIATION = "std_deviation"
    HEAD_TAIL = "head_tail"
    BOX_PLOT = "box_plot"
    MAXIMUM_BREAKS = "maximum_breaks"
    UNCLASSED = "unclassed"
    MANUAL = "manual"


def method_name(method: Method) -> str:
    """Name of a method in the user's language."""
    return {
        Method.QUANTILES: _("Quantiles"),
        Method.EQUAL_INTERVAL: _("Equal intervals"),
        Method.JENKS: _("Natural breaks (Jenks)"),
        Method.PRETTY: _("Round numbers"),
        Method.STD_DEVIATION: _("Standard deviation"),
        Method.HEAD_TAIL: _("Head/tail breaks"),
        Method.BOX_PLOT: _("Box plot"),
        Method.MAXIMUM_BREAKS: _("Largest gaps"),
        Method.UNCLASSED: _("Without classes"),
        Method.MANUAL: _("Own breaks"),
    }[method]


@dataclass(frozen=True, eq=False)
class Classification:
    """Classes and who is in them.

    ``breaks`` are the k−1 inner bounds, strictly increasing; ``lower`` and ``upper`` the extremes
    of the values that the breaks were made from (NaN where there is no value at all).
    ``classes`` has one class number per value, −1 without a class; ``counts`` one per class.
    ``split`` is the number of classes below ``midpoint`` of a diverging scheme. ``shared`` breaks
    were made from more than the classified values, such as all dates of a series.
    """

    method: Method
    breaks: tuple[float, ...]
    lower: float
    upper: float
    classes: NDArray[np.int64]
    counts: tuple[int, ...]
    precision: int = 1
    midpoint: float | None = None
    split: int | None = None
    approximate: bool = False
    signed: bool = False
    shared: bool = False
    names: tuple[str, ...] = ()  # of categories, instead of ranges of values

    @property
    def k(self) -> int:
        """The real number of classes, 0 where there is no value."""
        return len(self.counts)

    @property
    def labels(self) -> tuple[str, ...]:
        """ "18,0 bis unter 24,3" and so on, in the user's number format."""
        if self.k == 0 or self.names:
            return self.names
        return class_labels(self.breaks, self.lower, self.upper, self.precision, signed=self.signed)

    def apply(self, values: ArrayLike, status: ArrayLike | None = None) -> Classification:
        """The same breaks on other values (another date, another map)."""
        numbers, good = _valid(values, status)
        classes, counts = _assign(self.breaks, numbers, good, self.k)
        return replace(self, classes=classes, counts=counts)


def classify(
    values: ArrayLike,
    status: ArrayLike | None = None,
    method: Method | str = Method.QUANTILES,
    k: int = DEFAULT_CLASSES,
    *,
    breaks: Sequence[float] | None = None,
    precision: int = 1,
    reference: ArrayLike | None = None,
    reference_status: ArrayLike | None = None,
    midpoint: float | None = None,
    signed: bool = False,
) -> Classification:
    """Classes of one value per area, shape (n,).

    ``status`` marks cells without a value (see ``core.status``); NaN and infinite values have no
    class either. ``reference``: the values that the breaks are made from, any shape, for instance
    the whole series of dates so that maps of all dates share their breaks; the values themselves
    where not given. ``breaks``: inner bounds for ``Method.MANUAL``. ``midpoint`` becomes a break
    of a diverging scheme, with ``k`` shared between both sides. Fewer classes than asked for come
    back where the values do not allow more. Raises UserError for impossible own breaks.
    """
    method = Method(method)
    numbers, good = _valid(values, status)
    base, base_good = (numbers, good) if reference is None else _valid(reference, reference_status)
    sample = base[base_good]
    k = max(1, min(int(k), MAX_CLASSES))
    inner, lower, upper, approximate = _bounds(sample, method, k, breaks, midpoint)
    n = len(inner) + 1 if len(sample) or method is Method.MANUAL else 0
    split = None
    if midpoint is not None and n:
        split = sum(b <= midpoint for b in inner)
        split += midpoint not in inner and lower < midpoint
    classes, counts = _assign(inner, numbers, good, n)
    return Classification(
        method, inner, lower, upper, classes, counts,
        precision, midpoint, split, approximate, signed, reference is not None,
    )  # fmt: skip


def _bounds(
    sample: FloatArray,
    method: Method,
    k: int,
    breaks: Sequence[float] | None,
    midpoint: float | None,
) -> tuple[tuple[float, ...], float, float, bool]:
    """Inner bounds, smallest and largest value, and whether the bounds are approximate."""
    if method is Method.QUANTILES and midpoint is None and k > 1 and len(sample) > MANY:
        quick = half_open_quantiles(sample, np.arange(1, k) / k)
        if quick is not None:
            bounds, lower, upper = quick
            bounds = np.unique(bounds)
            return tuple(bounds[bounds > lower].tolist()), lower, upper, False
    sample = np.sort(sample)
    approximate = False
    if method is Method.MANUAL:
        inner = _manual(breaks or ())
    elif method is Method.UNCLASSED:
        inner = _shades(sample, midpoint)
    elif midpoint is not None:
        inner, approximate = _diverging(sample, method, k, midpoint)
    else:
        inner, approximate = inner_breaks(sample, method, k)
    if len(sample) == 0:
        return inner, float("nan"), float("nan"), approximate
    return inner, float(sample[0]), float(sample[-1]), approximate


def classify_series(
    values: ArrayLike,
    status: ArrayLike | None,
    position: int,
    method: Method | str = Method.QUANTILES,
    k: int = DEFAULT_CLASSES,
    *,
    whole_series: bool = True,
    breaks: Sequence[float] | None = None,
    precision: int = 1,
    midpoint: float | None = None,
    signed: bool = False,
) -> Classification:
    """Classes of one date of a table, ``values`` shape (areas, dates).

    With ``whole_series`` (the default) the breaks come from all dates and do not move with the
    date; else from the date at ``position`` alone.
    """
    table = np.asarray(values, dtype=np.float64)
    marks = None if status is None else np.asarray(status, dtype=np.uint8)
    return classify(
        table[:, position],
        None if marks is None else marks[:, position],
        method,
        k,
        breaks=breaks,
        precision=precision,
        reference=table if whole_series else None,
        reference_status=marks if whole_series else None,
        midpoint=midpoint,
        signed=signed,
    )


def classifiable(values: ArrayLike, status: ArrayLike | None = None) -> NDArray[np.bool_]:
    """Which values can have a class: a status with a value, finite and of sane size."""
    return _valid(values, status)[1]


def _valid(values: ArrayLike, status: ArrayLike | None) -> tuple[FloatArray, NDArray[np.bool_]]:
    numbers = np.asarray(values, dtype=np.float64)
    good = np.abs(numbers) < LARGEST  # False for NaN and infinite
    if status is not None:
        good &= has_value(np.asarray(status, dtype=np.uint8))
    return numbers, good


def _assign(
    inner: tuple[float, ...], numbers: FloatArray, good: NDArray[np.bool_], n: int
) -> tuple[NDArray[np.int64], tuple[int, ...]]:
    if not n:
        return np.full(numbers.shape, -1, dtype=np.int64), ()
    if len(inner) <= MAX_CLASSES:  # comparing with each of few breaks is quicker than searching
        small = np.zeros(numbers.shape, dtype=np.int8)
        for bound in inner:
            small += numbers >= bound
        classes = small.astype(np.int64)
    else:
        classes = np.searchsorted(np.asarray(inner, dtype=np.float64), numbers, side="right")
    classes[~good] = -1
    counts = np.bincount((classes + 1).reshape(-1), minlength=n + 1)[1:]
    return classes.astype(np.int64), tuple(int(c) for c in counts)


def _manual(breaks: Sequence[float]) -> tuple[float, ...]:
    numbers = np.unique(np.asarray(breaks, dtype=np.float64))
    if not np.isfinite(numbers).all():
        raise fail(
            "classes.break_not_a_number",
            _("A class break is not a number."),
            repair=_("Please enter numbers only."),
        )
    if len(numbers) >= MAX_CLASSES:
        raise fail(
            "classes.too_many",
            _("{count} classes are more than a map can show.").format(count=len(numbers) + 1),
            repair=_("Please remove breaks until {count} classes are left.").format(
                count=MAX_CLASSES
            ),
        )
    return tuple(float(b) for b in numbers)


def _shades(sample: FloatArray, midpoint: float | None) -> tuple[float, ...]:
    """Bounds of equal steps; around a midpoint it is one of them."""
    if len(sample) == 0 or sample[0] == sample[-1]:
        return ()
    low, high = float(sample[0]), float(sample[-1])
    if midpoint is None or not low < midpoint < high:
        return tuple(float(b) for b in np.unique(np.linspace(low, high, SHADES + 1)[1:-1]))
    step = (high - low) / SHADES
    below = np.arange(midpoint, low, -step)[::-1]
    above = np.arange(midpoint, high, step)[1:]
    found = np.unique(np.concatenate([below, above]))
    return tuple(float(b) for b in found[(found > low) & (found < high)])


def _diverging(
    sample: FloatArray, method: Method, k: int, midpoint: float
) -> tuple[tuple[float, ...], bool]:
    """Breaks on each side of ``midpoint`` and the midpoint itself. Sides share ``k`` evenly
    (the fuller one gets the odd class); an empty side leaves its share to the other."""
    low, high = sample[sample < midpoint], sample[sample >= midpoint]
    if not len(low) or not len(high):
        # One side only: half of the classes are enough to show it, the ramp stays comparable.
        return inner_breaks(sample, method, max(1, (k + 1) // 2) if len(sample) else 1)
    k = max(k, 2)
    n_low = k // 2 + (k % 2 if len(low) > len(high) else 0)
    below, first = inner_breaks(low, method, n_low)
    above, second = inner_breaks(high, method, k - n_low)
    return (*below, float(midpoint), *(b for b in above if b > midpoint)), first or second


def inner_breaks(sample: FloatArray, method: Method, k: int) -> tuple[tuple[float, ...], bool]:
    """Inner bounds for sorted finite values, and whether they are approximate.

    Only bounds b with min < b <= max are kept, so that first and last class hold a value.
    """
    if len(sample) == 0 or sample[0] == sample[-1]:
        return (), False
    if k == 1 and method not in (Method.HEAD_TAIL, Method.BOX_PLOT):
        return (), False
    approximate = False
    if method is Method.QUANTILES:
        bounds = _after(sample, quantiles(sample, np.arange(1, k) / k))
    elif method is Method.EQUAL_INTERVAL:
        t = np.arange(1, k) / k
        bounds = sample[0] * (1 - t) + sample[-1] * t
    elif method is Method.JENKS:
        bounds, approximate = _jenks(sample, k)
    else:
        bounds = _by_mapclassify(sample, method, k)
    bounds = np.unique(bounds)
    bounds = bounds[(bounds > sample[0]) & (bounds <= sample[-1])]
    if method is Method.QUANTILES:  # bounds in one gap between values would leave a class empty
        bounds = bounds[np.unique(np.searchsorted(sample, bounds), return_index=True)[1]]
    bounds = bounds[: MAX_CLASSES - 1]
    return tuple(float(b) for b in bounds), approximate


def _after(sample: FloatArray, closed_above: FloatArray) -> FloatArray:
    """Bounds of half-open classes that part ``sample`` as classes closed above do."""
    position = np.searchsorted(sample, closed_above, side="right")
    before = sample[np.maximum(position - 1, 0)] == closed_above
    return np.where(
        before & (position < len(sample)),
        sample[np.minimum(position, len(sample) - 1)],
        np.where(before, np.inf, closed_above),
    )


def _jenks(sample: FloatArray, k: int) -> tuple[FloatArray, bool]:
    distinct = np.unique(sample)
    if len(distinct) <= k:
        return distinct[1:], False
    picked = sample
    if len(sample) > EXACT_JENKS:
        at = np.linspace(0, len(sample) - 1, EXACT_JENKS)
        picked = sample[np.round(at).astype(np.int64)]
        if len(np.unique(picked)) <= k:
            picked = distinct[np.round(np.linspace(0, len(distinct) - 1, EXACT_JENKS)).astype(int)]
    bins = _run("FisherJenks", picked, k=min(k, len(np.unique(picked))))
    if len(picked) == len(sample):
        return _after(sample, bins[:-1]), False
    return np.array([_widest_gap(distinct, picked, b) for b in bins[:-1]]), True


def _widest_gap(distinct: FloatArray, picked: FloatArray, bound: float) -> float:
    """The upper end of the widest gap between ``bound``, the largest picked value of a class,
    and the next picked value: where the class really ends among all values."""
    after = int(np.searchsorted(picked, bound, side="right"))
    following = picked[min(after, len(picked) - 1)]
    first, last = np.searchsorted(distinct, (bound, following))
    between = distinct[first : last + 1]
    return float(between[np.argmax(np.diff(between)) + 1]) if len(between) > 1 else np.inf


def _by_mapclassify(sample: FloatArray, method: Method, k: int) -> FloatArray:
    if method is Method.PRETTY:
        return _run("PrettyBreaks", sample, k=k)
    if method is Method.STD_DEVIATION:
        mean, deviation = float(np.mean(sample)), float(np.std(sample, ddof=1))
        multiples = {2: (0.0,), 3: (-1.0, 1.0), 4: (-1.0, 0.0, 1.0)}.get(
            k, (-1.5, -0.5, 0.5, 1.5) if k == 5 else (-2.0, -1.0, 0.0, 1.0, 2.0)
        )
        return mean + deviation * np.array(multiples)
    if method is Method.HEAD_TAIL:
        return _run("HeadTailBreaks", sample)[:-1]
    if method is Method.BOX_PLOT:
        return _run("BoxPlot", sample)[:5]
    if method is Method.MAXIMUM_BREAKS:
        distinct = np.unique(sample)
        return _run("MaximumBreaks", sample, k=min(k, len(distinct)))[:-1]
    raise ValueError(f"no automatic breaks for {method}")


def _run(name: str, sample: FloatArray, **options: int) -> FloatArray:
    """Bins of a mapclassify classifier. The import takes seconds, so it happens here."""
    import mapclassify

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "numba not installed", "not enough unique values"
        bins = getattr(mapclassify, name)(sample, **options).bins
    return np.asarray(bins, dtype=np.float64)
