"""How a value came about: formula, inputs with their values, data sets and sources."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from monitor_app.core.areas import CITY
from monitor_app.core.datasets import DatasetInfo
from monitor_app.core.status import Status
from monitor_app.indicators.functions import IN_TIME
from monitor_app.indicators.inputs import InputReader, years_before
from monitor_app.indicators.run import Evaluated, Run, kind_word
from monitor_app.indicators.tree import Call, Input, Name, Node, Surface, children


@dataclass(frozen=True)
class TraceInput:
    """One number that went in. ``text`` as in the formula, ``meaning`` in words. ``day`` is the
    reference day in the data set; ``dataset`` its key, ``source`` the citation, ``files`` the
    delivered files; all empty for a surface (it comes from the boundaries)."""

    text: str
    meaning: str
    area: str
    day: date
    value: float
    status: Status
    dataset: str = ""
    dataset_name: str = ""
    dataset_level: str = ""
    source: str = ""
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class Trace:
    """The answer to "Wie wurde das berechnet?" for one value."""

    indicator: str
    name: str
    formula: str
    level: str
    area: str
    day: date
    value: float
    status: Status
    unit: str
    base: float
    minimum_base: float
    inputs: tuple[TraceInput, ...]
    indicators: tuple[Trace, ...] = ()


@dataclass(frozen=True)
class _Leaf:
    node: Input | Name | Surface
    years: int  # how many years before the shown date
    town: bool  # value of the whole town


def trace_value(
    run: Run,
    reader: InputReader,
    area: str,
    day: date,
    unit: str,
    other: Callable[[str, str, str, date], Trace],
) -> Trace:
    """The trace of one value. ``other(id, level, area, day)`` traces an indicator named in the
    formula. Errors: ``KeyError`` for an area or a day that the result does not have."""
    result = run.evaluate()
    column = _column(result, day)
    at = result.moments[column]
    row = run.keys.index(area)
    start_tree = [(s, t) for s, t in run.trees if s is None or s <= at]
    tree = start_tree[-1][1] if start_tree else run.trees[0][1]
    formula = run.definition.formula_on(at)
    found: list[TraceInput] = []
    others: list[Trace] = []
    town_run = run.at_city()
    for leaf in dict.fromkeys(_leaves(tree, 0, False)):
        moment = years_before(at, leaf.years) if leaf.years else at
        own = town_run if leaf.town else run
        place = CITY if leaf.town else area
        if isinstance(leaf.node, Name):
            if own.lookup(leaf.node.key, own.level).moments:
                others.append(other(leaf.node.key, own.level, place, moment))
        elif isinstance(leaf.node, Surface):
            found.append(_surface(own, leaf.node, place, moment))
        else:
            found.append(_input(own, reader, leaf.node, place, moment))
    base = math.nan if result.base is None else float(result.base[row, column])
    return Trace(
        run.definition.id,
        run.definition.name.shown,
        "" if formula is None else formula.text,
        run.level,
        area,
        result.days[column],
        float(result.grid.values[row, column]),
        Status(result.grid.status[row, column]),
        unit,
        base,
        run.definition.minimum_base,
        tuple(found),
        tuple(others),
    )


def _column(result: Evaluated, day: date) -> int:
    for days in (result.days, result.moments):
        if day in days:
            return days.index(day)
    raise KeyError(day)


def _leaves(node: Node, years: int, town: bool) -> Iterator[_Leaf]:
    match node:
        case Input(reducer="mean"):
            stock = replace(node, reducer="sum")
            yield _Leaf(stock, years + 1, town)
            yield _Leaf(stock, years, town)
        case Input() | Name() | Surface():
            yield _Leaf(node, years, town)
        case Call(name=name) if name in IN_TIME:
            for back in _offsets(node):
                yield from _leaves(node.args[0], years + back, town)
        case Call(name="city"):
            yield from _leaves(node.args[0], years, True)
        case _:
            for child in children(node):
                yield from _leaves(child, years, town)


def _offsets(node: Call) -> tuple[int, ...]:
    years = node.options[0]
    match node.name:
        case "lag":
            return (years,)
        case "change" | "change_percent":
            return (years, 0)
    return tuple(range(years - 1, -1, -1))


def _surface(run: Run, node: Surface, area: str, at: date) -> TraceInput:
    grid = run.surface(node, (at,))
    row = run.keys.index(area)
    text = f"surface({node.unit})"
    value, status = float(grid.values[row, 0]), Status(grid.status[row, 0])
    return TraceInput(text, text, area, at, value, status)


def _input(run: Run, reader: InputReader, node: Input, area: str, at: date) -> TraceInput:
    loaded = run.load(node)
    text, meaning = node.text(), kind_word(node)
    if at not in loaded.moments:
        return TraceInput(text, meaning, area, at, math.nan, Status.MISSING)
    column = loaded.moments.index(at)
    row = run.keys.index(area)
    infos: dict[str, DatasetInfo] = {i.spec.key: i for i in reader.infos}
    info = infos[loaded.used[column]]
    return TraceInput(
        text,
        meaning,
        area,
        loaded.days[column],
        float(loaded.grid.values[row, column]),
        Status(loaded.grid.status[row, column]),
        info.spec.key,
        info.spec.name,
        info.spec.level,
        info.spec.source,
        tuple(f.name for f in info.files.get(loaded.days[column], info.sources)),
    )
