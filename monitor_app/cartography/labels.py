"""Words for classes. Rounding happens here and nowhere before: breaks stay as they are."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _

#: Decimals that may be added so that two breaks do not read the same.
EXTRA_DECIMALS = 6


def class_labels(
    breaks: Sequence[float], lower: float, upper: float, precision: int, *, signed: bool = False
) -> tuple[str, ...]:
    """Labels of the classes that ``breaks`` (inner bounds) part, first to last.

    The outer classes name the extreme value where it lies inside of them and are open
    ("unter 18,0", "24,3 und mehr") where it does not.
    """

    def text(value: float) -> str:
        return format_number(value, decimals, signed=signed)

    decimals = readable_precision((*breaks, lower, upper), precision)
    if not breaks:
        if lower == upper or lower != lower:
            return (text(lower),) if lower == lower else (_("all values"),)
        return (_("{lower} to {upper}").format(lower=text(lower), upper=text(upper)),)
    first = (
        _("{lower} to under {upper}").format(lower=text(lower), upper=text(breaks[0]))
        if lower < breaks[0]
        else _("under {upper}").format(upper=text(breaks[0]))
    )
    middle = [
        _("{lower} to under {upper}").format(lower=text(a), upper=text(b))
        for a, b in pairwise(breaks)
    ]
    if upper > breaks[-1]:
        last = _("{lower} to {upper}").format(lower=text(breaks[-1]), upper=text(upper))
    elif upper == breaks[-1]:
        last = text(upper)
    else:
        last = _("{lower} and more").format(lower=text(breaks[-1]))
    return (first, *middle, last)


def readable_precision(bounds: Sequence[float], precision: int) -> int:
    """``precision``, or more decimals where different bounds would read the same."""
    distinct = {b for b in bounds if b == b}
    for decimals in range(precision, precision + EXTRA_DECIMALS):
        if len({format_number(b, decimals) for b in distinct}) == len(distinct):
            return decimals
    return precision + EXTRA_DECIMALS
