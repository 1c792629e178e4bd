"""One definition on one level: load what it reads, evaluate it, hold it against its base."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from monitor_app.core.areas import CITY, AreaSystem
from monitor_app.core.datasets import Kind
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity
from monitor_app.core.status import Status, combine
from monitor_app.indicators.aggregate import Placement, weighted_grid
from monitor_app.indicators.definitions import IndicatorDef
from monitor_app.indicators.evaluate import Evaluator, Findings, base_node
from monitor_app.indicators.formula import parse
from monitor_app.indicators.functions import IN_TIME
from monitor_app.indicators.grid import Floats, Grid
from monitor_app.indicators.inputs import InputReader, Loaded, Offer, years_before
from monitor_app.indicators.tree import (
    Binary,
    Call,
    Input,
    Name,
    Node,
    Surface,
    Unary,
    children,
    inputs,
    names,
)
from monitor_app.indicators.vocabulary import variable_name


@dataclass(frozen=True)
class Evaluated:
    """A definition on a level, all moments of its inputs.

    ``grid`` and ``base`` are (areas, moments); ``days`` the day to show for each moment;
    ``used`` the data sets; ``missing`` says in words which inputs the project lacks (then there
    are no moments).
    """

    level: str
    moments: tuple[date, ...]
    days: tuple[date, ...]
    grid: Grid
    base: Floats | None
    period: bool
    used: tuple[str, ...]
    issues: tuple[Issue, ...] = ()
    missing: tuple[str, ...] = ()


Lookup = Callable[[str, str], Evaluated]


class Run:
    """Evaluates one definition on one level. ``lookup(id, level)`` evaluates others."""

    def __init__(
        self,
        areas: AreaSystem,
        reader: InputReader,
        definition: IndicatorDef,
        level: str,
        known: frozenset[str],
        lookup: Lookup,
    ) -> None:
        self._areas = areas
        self._reader = reader
        self.definition = definition
        self.level = level
        self.lookup = lookup
        self._known = known
        self.trees = [
            (start, resolve(formula.tree, known)) for start, formula in definition.parsed()
        ]
        self.keys = reader.areas_of(level)
        self._wanted = tuple(dict.fromkeys(i for _s, t in self.trees for i in _needed(t)))
        self._ranking = reader.ranking(self._wanted, level)
        if definition.aggregation in ("none", "weighted"):
            self._ranking = {i: self._own_level(keys) for i, keys in self._ranking.items()}
        self.loaded: dict[Input, Loaded] = {}
        self._town: Run | None = None
        self._days: dict[date, date] = {}

    def _own_level(self, keys: tuple[str, ...]) -> tuple[str, ...]:
        own = {i.spec.key for i in self._reader.infos if i.spec.level == self.level}
        return tuple(k for k in keys if k in own)

    # -- what is missing ----------------------------------------------------------------------

    def missing(self) -> tuple[str, ...]:
        """Inputs that no data set answers, in words; inside coalesce an input may be missing."""
        found: list[str] = []
        for item in _required(self.trees):
            if isinstance(item, Input):
                if not self._ranking.get(item):
                    found.append(describe_missing(item, self._reader.offers(item, self.level)))
            else:
                other = self.lookup(item, self.level)
                found.extend(other.missing)
        return tuple(dict.fromkeys(found))

    # -- evaluation ---------------------------------------------------------------------------

    def evaluate(self) -> Evaluated:
        missing = self.missing()
        if not missing:
            return self._evaluate()
        if self.definition.aggregation == "weighted":
            for finer in self._finer_levels():
                inner = self.lookup(self.definition.id, finer)
                if inner.moments:
                    return self._weighted(finer, inner)
        return self._empty(missing)

    def _empty(self, missing: tuple[str, ...]) -> Evaluated:
        grid = Grid.missing((len(self.keys), 0))
        return Evaluated(self.level, (), (), grid, None, False, (), (), missing)

    def _evaluate(self) -> Evaluated:
        loaded = [self.load(i) for i in self._wanted]
        others = [self.lookup(n, self.level) for n in self.names]
        moments = tuple(
            sorted({m for x in loaded for m in x.moments} | {m for o in others for m in o.moments})
        )
        period = any(x.period for x in loaded) or any(o.period for o in others)
        self._days = {m: self._day(m, period, others) for m in moments}
        findings = Findings()
        grid = self._by_date(moments, lambda tree: self.tree_value(tree, moments, findings))
        base = self._base(moments)
        if base is not None and self.definition.minimum_base > 0:
            with np.errstate(invalid="ignore"):
                grid = grid.without(base < self.definition.minimum_base, Status.BELOW_BASE)
        read = self._read_moments(moments, grid)
        used = dict.fromkeys(
            k
            for x in self.loaded.values()
            for m, k in zip(x.moments, x.used, strict=True)
            if m in read
        )
        used |= dict.fromkeys(k for o in others for k in o.used)
        return Evaluated(
            self.level,
            moments,
            tuple(self._days[m] for m in moments),
            grid,
            base,
            period,
            tuple(used),
            (*self._issues(findings), *self._mixed(read)),
        )

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(n for _s, t in self.trees for n in names(t)))

    def _by_date(self, moments: Sequence[date], value: Callable[[Node], Grid]) -> Grid:
        """Dated formulas: each moment takes the formula that holds then."""
        result = Grid.missing((len(self.keys), len(moments)))
        for start, tree in self.trees:
            grid = value(tree)
            if start is None:
                result = grid
                continue
            since = np.array([m >= start for m in moments], dtype=np.bool_)
            result = Grid(
                np.where(since, grid.values, result.values),
                np.where(since, grid.status, result.status).astype(np.uint8),
            )
        return result

    def tree_value(
        self, tree: Node, moments: tuple[date, ...], findings: Findings | None = None
    ) -> Grid:
        """A tree on this level for the moments."""
        leaves = _Leaves(self, moments)
        return Evaluator(leaves, len(self.keys), moments, findings or Findings()).value(tree)

    def load(self, item: Input) -> Loaded:
        """An input of this level, read once."""
        if item not in self.loaded:
            order = self._ranking.get(item)
            if order is None:
                order = self._reader.ranking([item], self.level)[item]
            self.loaded[item] = self._reader.load(item, self.level, order)
        return self.loaded[item]

    def _base(self, moments: tuple[date, ...]) -> Floats | None:
        """Number of cases behind the value, NaN where unknown; None where there is no such."""
        if self.definition.base is not None:
            tree = resolve(parse(self.definition.base).tree, self._known)
            return self.tree_value(tree, moments).values
        if all(base_node(tree) is None for _start, tree in self.trees):
            return None

        def found(tree: Node) -> Grid:
            node = base_node(tree)
            empty = Grid.missing((len(self.keys), len(moments)))
            if not isinstance(node, Name):
                return empty if node is None else self.tree_value(node, moments)
            other = self.lookup(node.key, self.level)
            if other.base is None:
                return empty
            status = np.where(np.isnan(other.base), Status.MISSING, Status.OK)
            return aligned(Grid(other.base, status.astype(np.uint8)), other.moments, moments)

        return self._by_date(moments, found).values

    def surface(self, node: Surface, moments: tuple[date, ...]) -> Grid:
        """Surface of the areas valid on each moment; the city's is the sum of its areas."""
        days = [self._days.get(m, m) for m in moments]
        return surface_grid(self._areas, self.level, self.keys, days, node.factor)

    def at_city(self) -> Run:
        """The same definition for the whole town."""
        if self.level == CITY:
            return self
        if self._town is None:
            self._town = Run(
                self._areas, self._reader, self.definition, CITY, self._known, self.lookup
            )
        return self._town

    def city(self, node: Node, moments: tuple[date, ...]) -> Grid:
        """The value of the whole town beside each area."""
        town = self.at_city()
        town._days = self._days
        grid = town.tree_value(node, moments)
        shape = (len(self.keys), len(moments))
        return Grid(np.broadcast_to(grid.values, shape), np.broadcast_to(grid.status, shape))

    def _day(self, at: date, period: bool, others: Sequence[Evaluated]) -> date:
        if period:
            return at
        for loaded in self.loaded.values():
            if at in loaded.moments:
                return loaded.days[loaded.moments.index(at)]
        for other in others:
            if at in other.moments:
                return other.days[other.moments.index(at)]
        return at

    def _issues(self, findings: Findings) -> tuple[Issue, ...]:
        if not findings.divided_by_zero:
            return ()
        return (
            Issue(
                "division-by-zero",
                Severity.WARNING,
                _("“{name}”: a count is divided by zero; such values are not applicable.").format(
                    name=self.definition.name.shown
                ),
                count=findings.divided_by_zero,
                repair=_("Check whether numerator and denominator mean the same people."),
            ),
        )

    def _read_moments(self, moments: Sequence[date], grid: Grid) -> frozenset[date]:
        """Moments whose inputs stand behind a value: those with values, and as many years before
        as the formula looks back."""
        shown = [m for j, m in enumerate(moments) if grid.known[:, j].any()]
        back = max((reach(tree) for _start, tree in self.trees), default=0)
        return frozenset(years_before(m, k) for m in shown for k in range(back + 1))

    def _mixed(self, read: frozenset[date]) -> tuple[Issue, ...]:
        """Numerator and denominator from different data sets are said, not hidden."""
        found: dict[frozenset[str], None] = {}
        subjects = {i.subject for i in self._wanted}
        for subject in subjects:
            parts = [self.load(i) for i in self._wanted if i.subject == subject]
            for at in {m for part in parts for m in part.moments if m in read}:
                used = frozenset(p.used[p.moments.index(at)] for p in parts if at in p.moments)
                if len(used) > 1:
                    found[used] = None
        names = {i.spec.key: i.spec.name for i in self._reader.infos}
        return tuple(
            Issue(
                "mixed-datasets",
                Severity.WARNING,
                _("“{name}”: the inputs come from different data sets ({names}).").format(
                    name=self.definition.name.shown, names=", ".join(sorted(names[k] for k in used))
                ),
                repair=_("Check that these data sets count the same people."),
            )
            for used in found
        )

    # -- means weighted over areas ------------------------------------------------------------

    def _finer_levels(self) -> list[str]:
        """Levels whose areas add up to those of this level, the nearest first."""
        return [
            level.key
            for level in sorted(self._areas.levels, key=lambda lv: lv.rank)
            if level.key not in (self.level, CITY) and self._areas.finer(level.key, self.level)
        ]

    def _weighted(self, finer: str, inner: Evaluated) -> Evaluated:
        """Values of the finer level, weighted by a count."""
        below = Run(self._areas, self._reader, self.definition, finer, self._known, self.lookup)
        tree = resolve(parse(self.definition.weight or "pop()").tree, self._known)
        weights = below.tree_value(tree, inner.moments)
        placement = Placement.of(self._areas, finer, self.level, below.keys)
        grid, base = weighted_grid(inner.grid, weights, placement, inner.days)
        if self.definition.minimum_base > 0:
            with np.errstate(invalid="ignore"):
                grid = grid.without(base < self.definition.minimum_base, Status.BELOW_BASE)
        return replace(inner, level=self.level, grid=grid, base=base)


class _Leaves:
    """Grids of a run's inputs on one axis of moments."""

    def __init__(self, run: Run, moments: tuple[date, ...]) -> None:
        self._run = run
        self._moments = moments

    @property
    def whole_town(self) -> bool:
        return self._run.level == CITY

    def input(self, node: Input) -> Grid:
        loaded = self._run.load(stock_of(node))
        if node.reducer == "mean":
            return mean_stock(loaded, self._moments)
        return aligned(loaded.grid, loaded.moments, self._moments)

    def name(self, node: Name) -> Grid:
        other = self._run.lookup(node.key, self._run.level)
        return aligned(other.grid, other.moments, self._moments)

    def surface(self, node: Surface) -> Grid:
        return self._run.surface(node, self._moments)

    def city(self, node: Node) -> Grid:
        return self._run.city(node, self._moments)


def aligned(grid: Grid, moments: Sequence[date], wanted: Sequence[date]) -> Grid:
    """The grid on another axis of moments; missing where it has none."""
    if tuple(moments) == tuple(wanted):
        return grid
    if not moments:
        return Grid.missing((grid.values.shape[0], len(wanted)))
    place = {m: j for j, m in enumerate(moments)}
    back = np.array([place.get(m, -1) for m in wanted], dtype=np.intp)
    values = np.where(back < 0, np.nan, grid.values[:, back])
    status = np.where(back < 0, np.uint8(Status.MISSING), grid.status[:, back])
    return Grid(values, status.astype(np.uint8))


def mean_stock(stock: Loaded, moments: Sequence[date]) -> Grid:
    """Mean of the stocks at both ends of the year that ends at each moment."""
    end = aligned(stock.grid, stock.moments, moments)
    start = aligned(stock.grid, stock.moments, [years_before(m, 1) for m in moments])
    return Grid((end.values + start.values) / 2, combine(end.status, start.status))


def surface_grid(
    areas: AreaSystem, level: str, keys: Sequence[str], moments: Sequence[date], factor: float
) -> Grid:
    """Surface of the versions of the areas that are valid on each moment.

    The city without a boundary of its own: the sum of the coarsest level that has surfaces.
    """
    source = level
    if level == CITY and not any(a.surface_m2 is not None for a in areas.at(CITY)):
        ranked = sorted(areas.levels, key=lambda lv: lv.rank)
        having = [
            lv.key for lv in ranked if any(a.surface_m2 is not None for a in areas.at(lv.key))
        ]
        source = having[0] if having else level
    rows = {key: i for i, key in enumerate(keys)}
    values = np.full((len(keys), len(moments)), np.nan)
    for area in areas.at(source):
        row = 0 if level == CITY else rows.get(area.key, -1)
        if row < 0 or area.surface_m2 is None:
            continue
        valid = np.array([area.valid_on(m) for m in moments], dtype=np.bool_)
        before = np.where(np.isnan(values[row]), 0.0, values[row])
        values[row] = np.where(valid, before + area.surface_m2 * factor, values[row])
    status = np.where(np.isnan(values), Status.MISSING, Status.OK).astype(np.uint8)
    return Grid(values, status)


def resolve(tree: Node, known: frozenset[str]) -> Node:
    """Plain names that are no indicator become variables."""
    match tree:
        case Name():
            if tree.key in known:
                return tree
            return Input(Kind.VARIABLE, variable=tree.key, column=tree.column)
        case Unary():
            return replace(tree, item=resolve(tree.item, known))
        case Binary():
            return replace(tree, left=resolve(tree.left, known), right=resolve(tree.right, known))
        case Call():
            return replace(tree, args=tuple(resolve(a, known) for a in tree.args))
    return tree


def reach(tree: Node) -> int:
    """How many years before a date the formula looks."""
    below = max((reach(child) for child in children(tree)), default=0)
    if isinstance(tree, Call) and tree.name in IN_TIME:
        years = tree.options[0]
        return below + (years if tree.name in ("lag", "change", "change_percent") else years - 1)
    return below + (isinstance(tree, Input) and tree.reducer == "mean")


def stock_of(item: Input) -> Input:
    """The input that is really read: a mean population is made of stocks."""
    return replace(item, reducer="sum") if item.reducer == "mean" else item


def _needed(tree: Node) -> tuple[Input, ...]:
    return tuple(dict.fromkeys(stock_of(i) for i in inputs(tree)))


def _required(trees: Sequence[tuple[date | None, Node]]) -> tuple[Input | str, ...]:
    """Inputs and ids of indicators without which nothing can be computed."""
    found: dict[Input | str, None] = {}

    def visit(node: Node) -> None:
        if isinstance(node, Input):
            found[stock_of(node)] = None
        elif isinstance(node, Name):
            found[node.key] = None
        elif isinstance(node, Call) and node.name == "coalesce":
            visit(node.args[-1])
        elif isinstance(node, Unary):
            visit(node.item)
        elif isinstance(node, Binary):
            visit(node.left)
            visit(node.right)
        elif isinstance(node, Call):
            for arg in node.args:
                visit(arg)

    for _start, tree in trees:
        visit(tree)
    return tuple(found)


def describe_missing(item: Input, offers: Sequence[Offer]) -> str:
    """Why no data set answers an input, in words; the nearest misses first."""
    what = input_words(item)
    if not offers:
        return _("{input}: the project has no such data set.").format(input=what)
    reasons: dict[str, list[str]] = {}
    for offer in sorted(offers, key=lambda o: -o.steps):
        reasons.setdefault(offer.reason, []).append(_("“{name}”").format(name=offer.info.spec.name))
    parts = [f"{', '.join(names)}: {reason}" for reason, names in list(reasons.items())[:3]]
    return f"{what} – {'; '.join(parts)}."


def input_words(item: Input) -> str:
    """An input by its name for readers; as formulas write it in brackets, where that says more."""
    name, text = kind_word(item), item.text()
    if item.kind is Kind.VARIABLE:
        parts = [item.variable or "", item.filter.text()]
        text = ", ".join(p for p in parts if p and p != name)
    elif item == Input(item.kind):
        text = ""
    return f"{name} ({text})" if text else name


def kind_word(item: Input) -> str:
    """What an input counts, for readers."""
    words = {
        Kind.POPULATION: _("population"),
        Kind.BIRTHS: _("births"),
        Kind.DEATHS: _("deaths"),
        Kind.MOVES_IN: _("moves into the town"),
        Kind.MOVES_OUT: _("moves out of the town"),
        Kind.MOVES_WITHIN: _("moves within the town"),
        Kind.ARRIVALS_WITHIN: _("arrivals from other areas of the town"),
        Kind.DEPARTURES_WITHIN: _("departures to other areas of the town"),
        Kind.MOVES_SAME_AREA: _("moves inside the area"),
        Kind.COMPLETIONS: _("completed dwellings"),
        Kind.FACILITIES: _("facilities"),
    }
    if item.kind is Kind.VARIABLE:
        return variable_name(item.variable or "")
    return words[item.kind]
