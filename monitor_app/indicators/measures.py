"""Measures of demography that are sums over age groups: written out as trees of plain inputs.

Nothing here computes. A measure becomes the same tree that a patient author would have typed, so
that exactness of age groups, status and trace hold for it as for any formula. ``years``: events
and person-years of so many years up to the date are pooled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce

from monitor_app.core.datasets import Kind
from monitor_app.indicators.tree import Binary, Call, CodeTest, Filter, Input, Node, Number

FEMALE = CodeTest(frozenset({"f"}))
#: Ages of mothers in groups of five years.
FERTILE = tuple((lo, lo + 5) for lo in range(15, 50, 5))
#: Ages of an abridged life table.
LIFE: tuple[tuple[int, int | None], ...] = (
    (0, 1), (1, 5), *((lo, lo + 5) for lo in range(5, 85, 5)), (85, None),
)  # fmt: skip
#: European Standard Population 2013 (Eurostat) for the groups of ``LIFE``, sum 100,000.
STANDARD = (
    1000, 4000, 5500, 5500, 5500, 6000, 6000, 6500, 7000, 7000, 7000, 7000, 6500, 6000, 5500,
    5000, 4000, 2500, 2500,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measure:
    """``build(years, sex)`` makes the tree; ``by_sex``: a filter on sex may be given."""

    build: Callable[[int, CodeTest | None], Node]
    example: str
    by_sex: bool = False


def _pooled(item: Input, years: int) -> Node:
    return item if years == 1 else Call("sum_years", (item,), (years,))


def _events(kind: Kind, lo: int, hi: int | None, sex: CodeTest | None, years: int) -> Node:
    return _pooled(Input(kind, Filter(lo, hi, sex)), years)


def _people(lo: int, hi: int | None, sex: CodeTest | None, years: int) -> Node:
    return _pooled(Input(Kind.POPULATION, Filter(lo, hi, sex), reducer="mean"), years)


def _sum(parts: list[Node]) -> Node:
    return reduce(lambda a, b: Binary("+", a, b), parts)


def _birth_rate(lo: int, hi: int, years: int, child: CodeTest | None = None) -> Node:
    births = _events(Kind.BIRTHS, lo, hi, child, years)
    return Binary("/", births, _people(lo, hi, FEMALE, years))


def _death_rates(sex: CodeTest | None, years: int) -> list[Node]:
    return [
        Binary("/", _events(Kind.DEATHS, lo, hi, sex, years), _people(lo, hi, sex, years))
        for lo, hi in LIFE
    ]


def _total_fertility(years: int, _sex: CodeTest | None) -> Node:
    return _sum([Binary("*", Number(5.0), _birth_rate(lo, hi, years)) for lo, hi in FERTILE])


def _age_at_birth(years: int, _sex: CodeTest | None) -> Node:
    rates = [_birth_rate(lo, hi, years) for lo, hi in FERTILE]
    middles = [Number((lo + hi) / 2) for lo, hi in FERTILE]
    weighted: list[Node] = [Binary("*", m, r) for m, r in zip(middles, rates, strict=True)]
    return Call("as_years", (Binary("/", _sum(weighted), _sum(rates)),))


def _life_expectancy(years: int, sex: CodeTest | None) -> Node:
    which = min(sex.codes) if sex is not None and len(sex.codes) == 1 else "t"
    return Call(f"life_expectancy_{which}", tuple(_death_rates(sex, years)))


def _net_reproduction(years: int, _sex: CodeTest | None) -> Node:
    girls = [_birth_rate(lo, hi, years, FEMALE) for lo, hi in FERTILE]
    return Call("net_reproduction_f", (*girls, *_death_rates(FEMALE, years)))


def _standardised(years: int, sex: CodeTest | None) -> Node:
    weighted: list[Node] = [
        Binary("*", Number(weight / 100), rate)
        for weight, rate in zip(STANDARD, _death_rates(sex, years), strict=True)
    ]
    return _sum(weighted)


def _mortality_ratio(years: int, sex: CodeTest | None) -> Node:
    expected: list[Node] = [
        Binary("*", Call("city", (rate,)), _people(lo, hi, sex, years))
        for (lo, hi), rate in zip(LIFE, _death_rates(sex, years), strict=True)
    ]
    observed = _pooled(Input(Kind.DEATHS, Filter(sex=sex)), years)
    return Binary("/", observed, _sum(expected))


MEASURES: dict[str, Measure] = {
    "total_fertility": Measure(_total_fertility, "total_fertility(3)"),
    "mean_age_at_birth": Measure(_age_at_birth, "mean_age_at_birth(3)"),
    "net_reproduction": Measure(_net_reproduction, "net_reproduction(3)"),
    "life_expectancy": Measure(_life_expectancy, "life_expectancy(3, sex == f)", True),
    "standardised_deaths": Measure(_standardised, "standardised_deaths(3)", True),
    "mortality_ratio": Measure(_mortality_ratio, "mortality_ratio(3)", True),
}
