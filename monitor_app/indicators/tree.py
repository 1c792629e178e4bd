"""Typed tree of a formula: what the parser makes and the evaluator walks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from monitor_app.core.datasets import Kind

#: Codes of the registered group words: resolved per data set, see ``filters.group_positions``.
FOREIGN, NATIONAL, EU = "foreign", "national", "eu"


@dataclass(frozen=True, slots=True)
class CodeTest:
    """Which labels of ``sex``, ``group`` or ``partner`` count; ``negated``: all but these."""

    codes: frozenset[str]
    negated: bool = False

    def text(self, name: str) -> str:
        codes = sorted(self.codes)
        if len(codes) == 1:
            return f"{name} {'!=' if self.negated else '=='} {codes[0]}"
        return f"{name} {'not in' if self.negated else 'in'} ({', '.join(codes)})"


@dataclass(frozen=True, slots=True)
class Filter:
    """Conditions on the dimensions of a cube, joined by "and".

    ``lo``/``hi``: completed years ``lo <= age < hi`` (hi None = no upper bound).
    """

    lo: int = 0
    hi: int | None = None
    sex: CodeTest | None = None
    group: CodeTest | None = None
    partner: CodeTest | None = None

    @property
    def by_age(self) -> bool:
        return self.lo > 0 or self.hi is not None

    @property
    def dims(self) -> tuple[str, ...]:
        """Dimensions that a data set must have to answer."""
        found = [d for d in ("sex", "group", "partner") if getattr(self, d) is not None]
        return (*found, "age") if self.by_age else tuple(found)

    def text(self) -> str:
        parts = []
        if self.hi is not None and self.lo == 0:
            parts.append(f"age < {self.hi}")
        elif self.hi is not None:
            parts.append(f"age {self.lo}..{self.hi - 1}")
        elif self.lo:
            parts.append(f"age >= {self.lo}")
        for name in ("sex", "group", "partner"):
            test: CodeTest | None = getattr(self, name)
            if test is not None:
                parts.append(test.text(name))
        return ", ".join(parts)


Reducer = Literal["sum", "mean", "mean_age", "median_age", "entropy", "simpson"]
MIXTURES = ("entropy", "simpson")
#: Formula names of the reducers; counts and variables have names of their own.
REDUCER_NAMES: dict[str, str] = {
    "mean": "mean_pop",
    "mean_age": "mean_age",
    "median_age": "median_age",
    "entropy": "group_entropy",
    "simpson": "group_simpson",
}


@dataclass(frozen=True, slots=True)
class Input:
    """Numbers from data sets: counts that pass a filter, or a variable.

    ``reducer``: ``sum`` of the counts; ``mean`` of the stocks at both ends of the year (mean
    population); ``mean_age`` and ``median_age`` of those who pass the filter; ``entropy`` and
    ``simpson``: how mixed they are by group.
    ``interpolate``: age groups may be split evenly; the result is then an estimate.
    """

    kind: Kind
    filter: Filter = Filter()
    variable: str | None = None
    reducer: Reducer = "sum"
    interpolate: bool = False
    column: int = field(default=0, compare=False)

    @property
    def subject(self) -> tuple[Kind, str | None]:
        return self.kind, self.variable

    def text(self) -> str:
        if self.kind is Kind.VARIABLE:
            condition = self.filter.text()
            return f'variable("{self.variable}"{", " if condition else ""}{condition})'
        name = REDUCER_NAMES.get(self.reducer, INPUT_NAMES[self.kind])
        inner = f"{name}({self.filter.text()})"
        return f"interpolate({inner})" if self.interpolate else inner


#: Formula name of each kind of counts.
INPUT_NAMES: dict[Kind, str] = {
    Kind.POPULATION: "pop",
    Kind.BIRTHS: "births",
    Kind.DEATHS: "deaths",
    Kind.MOVES_IN: "moves_in",
    Kind.MOVES_OUT: "moves_out",
    Kind.MOVES_WITHIN: "moves_within",
    Kind.ARRIVALS_WITHIN: "arrivals_within",
    Kind.DEPARTURES_WITHIN: "departures_within",
    Kind.MOVES_SAME_AREA: "moves_same_area",
    Kind.COMPLETIONS: "completions",
}


@dataclass(frozen=True, slots=True)
class Number:
    value: float


@dataclass(frozen=True, slots=True)
class Name:
    """Another indicator, or a variable of the project."""

    key: str
    column: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Surface:
    """Surface of the area; ``factor`` turns m² into the unit asked for."""

    unit: str
    factor: float
    column: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Unary:
    op: Literal["-", "not"]
    item: Node


@dataclass(frozen=True, slots=True)
class Binary:
    op: Literal["+", "-", "*", "/", "**", "<", "<=", ">", ">=", "==", "!=", "and", "or"]
    left: Node
    right: Node
    column: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A function of ``functions.FUNCTIONS``; ``options`` are its literal whole numbers (years)."""

    name: str
    args: tuple[Node, ...]
    options: tuple[int, ...] = ()
    column: int = field(default=0, compare=False)


Node = Number | Name | Surface | Input | Unary | Binary | Call


def children(node: Node) -> tuple[Node, ...]:
    if isinstance(node, Unary):
        return (node.item,)
    if isinstance(node, Binary):
        return (node.left, node.right)
    if isinstance(node, Call):
        return node.args
    return ()


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it, left to right."""
    yield node
    for child in children(node):
        yield from walk(child)


def inputs(node: Node) -> tuple[Input, ...]:
    """Distinct inputs in order of appearance."""
    return tuple(dict.fromkeys(n for n in walk(node) if isinstance(n, Input)))


def names(node: Node) -> tuple[str, ...]:
    return tuple(dict.fromkeys(n.key for n in walk(node) if isinstance(n, Name)))
