"""The functions that a formula may call: how many values each takes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Signature:
    """``args`` values, then ``options`` whole numbers (years); ``variadic``: further values."""

    args: int
    example: str
    options: int = 0
    variadic: bool = False


FUNCTIONS: dict[str, Signature] = {
    # In time: a value is compared with other dates of the same area.
    "lag": Signature(1, "lag(pop(), 1)", options=1),
    "change": Signature(1, "change(pop(), 5)", options=1),
    "change_percent": Signature(1, "change_percent(pop(), 5)", options=1),
    "mean_years": Signature(1, "mean_years(pop(), 3)", options=1),
    "sum_years": Signature(1, "sum_years(births(), 3)", options=1),
    # Between two values.
    "share": Signature(2, "share(pop(age >= 65), pop())"),
    "per_1000": Signature(2, "per_1000(births(), mean_pop())"),
    # Across the areas of a level at one date.
    "rank": Signature(1, "rank(pop())"),
    "zscore": Signature(1, "zscore(pop())"),
    "minmax": Signature(1, "minmax(pop())"),
    "city": Signature(1, "city(pop())"),
    # Choice and plain arithmetic.
    "coalesce": Signature(2, "coalesce(a, b)", variadic=True),
    "where": Signature(3, "where(pop() > 0, a, b)"),
    "sum": Signature(1, "sum(a, b)", variadic=True),
    "min": Signature(2, "min(a, b)", variadic=True),
    "max": Signature(2, "max(a, b)", variadic=True),
    "abs": Signature(1, "abs(a)"),
    "sqrt": Signature(1, "sqrt(a)"),
    "ln": Signature(1, "ln(a)"),
}
#: Functions that compare the areas of a level: the city has no value of its own in them.
ACROSS_AREAS = frozenset({"rank", "zscore", "minmax"})
#: Functions that look at other dates.
IN_TIME = frozenset({"lag", "change", "change_percent", "mean_years", "sum_years"})
