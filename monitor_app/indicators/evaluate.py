"""Walks the tree of a formula over grids: one level, all moments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import numpy as np

from monitor_app.core.status import Status
from monitor_app.indicators import grid as g
from monitor_app.indicators.functions import ACROSS_AREAS
from monitor_app.indicators.grid import Floats, Grid
from monitor_app.indicators.inputs import years_before
from monitor_app.indicators.lifetable import life_expectancy, net_reproduction
from monitor_app.indicators.tree import Binary, Call, Input, Name, Node, Number, Surface, Unary

_ARITHMETIC: dict[str, Callable[..., Floats]] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "**": np.power,
    "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal,
    "==": np.equal, "!=": np.not_equal,
}  # fmt: skip
_LOGIC = {"and": np.logical_and, "or": np.logical_or}


class Leaves(Protocol):
    """What the evaluator asks for: grids of shape (areas, moments) of one level."""

    @property
    def whole_town(self) -> bool: ...

    def input(self, node: Input) -> Grid: ...

    def name(self, node: Name) -> Grid: ...

    def surface(self, node: Surface) -> Grid: ...

    def city(self, node: Node) -> Grid: ...


@dataclass
class Findings:
    """Cells that a division by zero cost their value."""

    divided_by_zero: int = 0


class Evaluator:
    """Evaluates trees for ``areas`` rows and ``moments`` columns."""

    def __init__(
        self, leaves: Leaves, rows: int, moments: Sequence[date], findings: Findings
    ) -> None:
        self._leaves = leaves
        self._shape = (rows, len(moments))
        self._moments = tuple(moments)
        self._index = {day: j for j, day in enumerate(moments)}
        self._findings = findings

    def value(self, node: Node) -> Grid:
        match node:
            case Number():
                return Grid.full(self._shape, node.value)
            case Input():
                return self._leaves.input(node)
            case Name():
                return self._leaves.name(node)
            case Surface():
                return self._leaves.surface(node)
            case Unary(op="-"):
                return g.apply(np.negative, self.value(node.item))
            case Unary():
                return g.apply(np.logical_not, self.value(node.item))
            case Binary():
                return self._binary(node)
            case Call():
                return self._call(node)

    def _binary(self, node: Binary) -> Grid:
        left, right = self.value(node.left), self.value(node.right)
        if node.op == "/":
            return self.divide(left, right)
        if node.op in _LOGIC:
            return g.apply(_LOGIC[node.op], left, right)
        return g.apply(_ARITHMETIC[node.op], left, right)

    def divide(self, top: Grid, bottom: Grid, factor: float = 1.0) -> Grid:
        """``factor * top / bottom``; 0/0 and x/0 are not applicable, x/0 is counted."""
        zero = bottom.known & top.known & (bottom.values == 0)
        self._findings.divided_by_zero += int((zero & (top.values != 0)).sum())
        bottom = bottom.without(zero, Status.NOT_APPLICABLE)
        return g.apply(lambda a, b: factor * a / b, top, bottom)

    def shifted(self, grid: Grid, years: int) -> Grid:
        """The values of the same day ``years`` earlier; missing where there is none."""
        back = [self._index.get(years_before(day, years), -1) for day in self._moments]
        if not back:
            return grid
        picked = np.array(back, dtype=np.intp)
        lost = picked < 0
        values = np.where(lost, np.nan, grid.values[:, picked])
        status = np.where(lost, np.uint8(Status.MISSING), grid.status[:, picked])
        return Grid(values, status.astype(np.uint8))

    def _call(self, node: Call) -> Grid:
        if node.name == "city":
            return self._leaves.city(node.args[0])
        args = [self.value(arg) for arg in node.args]
        first = args[0]
        if node.name in ACROSS_AREAS and self._leaves.whole_town:
            # The town is not one of the areas that are compared.
            return first.without(first.known, Status.NOT_APPLICABLE)
        match node.name:
            case "lag":
                return self.shifted(first, node.options[0])
            case "change":
                return g.apply(np.subtract, first, self.shifted(first, node.options[0]))
            case "change_percent":
                before = self.shifted(first, node.options[0])
                return self.divide(g.apply(np.subtract, first, before), before, 100.0)
            case "sum_years" | "mean_years":
                years = node.options[0]
                total = g.apply(_total, *(self._earlier(first, k) for k in range(years)))
                divisor = years if node.name == "mean_years" else 1
                return g.apply(lambda x: x / divisor, total)
            case "share":
                return self.divide(first, args[1], 100.0)
            case "per_1000":
                return self.divide(first, args[1], 1000.0)
            case "coalesce":
                return g.coalesce(*args)
            case "where":
                return g.choose(*args)
        return _PLAIN[node.name](*args)

    def _earlier(self, grid: Grid, years: int) -> Grid:
        return self.shifted(grid, years) if years else grid


def _total(*values: Floats) -> Floats:
    total: Floats = np.sum(np.stack(values), axis=0, dtype=np.float64)
    return total


def _life(sex: str) -> Callable[..., Grid]:
    return lambda *rates: g.apply(lambda *m: life_expectancy(sex, *m), *rates)


_PLAIN: dict[str, Callable[..., Grid]] = {
    "as_years": lambda a: a,
    "life_expectancy_m": _life("m"),
    "life_expectancy_f": _life("f"),
    "life_expectancy_t": _life("t"),
    "net_reproduction_f": lambda *a: g.apply(net_reproduction, *a),
    "rank": g.rank,
    "zscore": g.zscore,
    "minmax": g.minmax,
    "sum": lambda *a: g.apply(_total, *a),
    "min": lambda *a: g.apply(lambda *v: np.min(np.stack(v), axis=0), *a),
    "max": lambda *a: g.apply(lambda *v: np.max(np.stack(v), axis=0), *a),
    "abs": lambda a: g.apply(np.abs, a),
    "sqrt": lambda a: g.apply(np.sqrt, a),
    "ln": lambda a: g.apply(np.log, a),
}


def base_node(node: Node) -> Node | None:
    """What the minimum base is held against: the denominator, or the people averaged over."""
    match node:
        case Input(reducer="mean_age" | "median_age" | "entropy" | "simpson"):
            return Input(node.kind, node.filter, node.variable, "sum", node.interpolate)
        case Name():
            return node
        case Binary(op="/"):
            # 100 * a / b / c: the innermost denominator of counts is the base.
            return base_node(node.left) if isinstance(node.right, Number) else node.right
        case Binary(op="*", left=Number()):
            return base_node(node.right)
        case Binary(op="*", right=Number()):
            return base_node(node.left)
        case Binary(op="+" | "-"):
            left, right = base_node(node.left), base_node(node.right)
            if isinstance(node.left, Number) or isinstance(node.right, Number):
                return right if isinstance(node.left, Number) else left
            return left if left == right else None
        case Unary(op="-"):
            return base_node(node.item)
        case Call(name="share" | "per_1000"):
            return node.args[1]
        case Call(name="change_percent"):
            return Call("lag", node.args, node.options, node.column)
        case Call(name="change" | "lag" | "mean_years"):
            return base_node(node.args[0])
    return None
