"""Everything that can be wrong with a catalogue, found at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from monitor_app.core.datasets import Kind
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity, UserError
from monitor_app.indicators.catalogue import Catalogue, Entry
from monitor_app.indicators.definitions import TOPICS, IndicatorDef
from monitor_app.indicators.dependencies import closure
from monitor_app.indicators.evaluate import base_node
from monitor_app.indicators.testrows import run_case
from monitor_app.indicators.tokens import nearest
from monitor_app.indicators.tree import Binary, Call, Input, Name, Node, walk
from monitor_app.indicators.unitcheck import UnitMismatch, fits, yields
from monitor_app.indicators.units import shipped_units
from monitor_app.indicators.vocabulary import shipped_variables

_EVENTS = frozenset(
    {Kind.BIRTHS, Kind.DEATHS, Kind.MOVES_IN, Kind.MOVES_OUT, Kind.MOVES_WITHIN,
     Kind.ARRIVALS_WITHIN, Kind.DEPARTURES_WITHIN, Kind.MOVES_SAME_AREA, Kind.COMPLETIONS}
)  # fmt: skip


def check_catalogue(catalogue: Catalogue, variables: frozenset[str]) -> tuple[Issue, ...]:
    """All findings, those that block first by file and order of the entries."""
    found = list(catalogue.problems)
    found.extend(_duplicates(catalogue))
    current = [e for e in catalogue.entries if catalogue.get(e.definition.id) is e.definition]
    found.extend(check_entries(catalogue, variables, current))
    return tuple(found)


def check_entries(
    catalogue: Catalogue, variables: frozenset[str], entries: Iterable[Entry]
) -> tuple[Issue, ...]:
    """Findings of some entries of a catalogue."""
    return tuple(i for entry in entries for i in _Checker(catalogue, variables, entry).findings())


def _duplicates(catalogue: Catalogue) -> Iterator[Issue]:
    seen: set[tuple[str, str]] = set()
    for entry in catalogue.entries:
        mark = (entry.place, entry.definition.id)
        if mark in seen:
            yield Issue(
                "duplicate-id",
                Severity.ERROR,
                _("The id “{id}” occurs twice in one file.").format(id=entry.definition.id),
                file=entry.place,
                value=entry.definition.id,
                repair=_("Give one of the two another id."),
            )
        seen.add(mark)


class _Checker:
    """Findings of one entry."""

    def __init__(self, catalogue: Catalogue, variables: frozenset[str], entry: Entry) -> None:
        self._catalogue = catalogue
        self._variables = variables
        self._definition = entry.definition
        self._place = entry.place

    def issue(
        self,
        code: str,
        message: str,
        severity: Severity = Severity.ERROR,
        *,
        column: str | None = None,
        repair: str | None = None,
    ) -> Issue:
        text = _("Indicator “{id}”: {message}").format(id=self._definition.id, message=message)
        return Issue(code, severity, text, file=self._place, column=column, repair=repair)

    def findings(self) -> Iterator[Issue]:
        yield from self._texts()
        yield from self._entries()
        try:
            trees = (*self._definition.trees, *self._definition.extra_trees)
        except UserError as error:
            for item in error.issues:
                yield self.issue("formula", item.message, column=item.column, repair=item.repair)
            return
        unknown = list(self._unknown_names(trees))
        yield from unknown
        try:
            closure(self._catalogue, self._definition.id)
        except UserError as error:
            for item in error.issues:
                yield self.issue(item.code, item.message, column=item.column, repair=item.repair)
            return
        yield from self._variable_keys(trees)
        yield from self._unit()
        yield from self._base()
        yield from self._periods(trees)
        if not unknown:
            yield from self._tests()

    def _texts(self) -> Iterator[Issue]:
        definition: IndicatorDef = self._definition
        if not definition.name.de:
            yield self.issue("missing-name", _("the German name is missing"))
        for field, text in (
            ("name.en", definition.name.en),
            ("description.de", definition.description.de),
            ("description.en", definition.description.en),
            ("interpretation.de", definition.interpretation.de),
            ("interpretation.en", definition.interpretation.en),
        ):
            if not text:
                yield self.issue(
                    "missing-text",
                    _("the entry “{field}” is missing").format(field=field),
                    Severity.WARNING,
                )
        if not definition.sources:
            yield self.issue("missing-source", _("no source is given"), Severity.WARNING)

    def _entries(self) -> Iterator[Issue]:
        definition = self._definition
        if definition.topic not in TOPICS:
            yield self.issue(
                "unknown-topic",
                _("the topic “{topic}” is unknown").format(topic=definition.topic),
                repair=nearest(definition.topic, TOPICS)
                or _("Known are: {names}.").format(names=", ".join(TOPICS)),
            )
        if (definition.aggregation == "weighted") != (definition.weight is not None):
            yield self.issue(
                "weight",
                _("the aggregation rule “weighted” and the entry “weight” belong together"),
            )

    def _unknown_names(self, trees: tuple[Node, ...]) -> Iterator[Issue]:
        known = {*self._catalogue.ids, *self._variables, *shipped_variables()}
        for tree in trees:
            for node in walk(tree):
                if isinstance(node, Name) and node.key not in known:
                    yield self.issue(
                        "unknown-name",
                        _("the name “{name}” is neither an indicator nor a variable").format(
                            name=node.key
                        ),
                        column=str(node.column),
                        repair=nearest(node.key, known)
                        or _("A variable of a project is written as {example}.").format(
                            example=f'variable("{node.key}")'
                        ),
                    )

    def _variable_keys(self, trees: tuple[Node, ...]) -> Iterator[Issue]:
        """A key that is nearly one of the shipped vocabulary is likely a slip."""
        known = {*self._variables, *shipped_variables()}
        for key in {n.variable for t in trees for n in walk(t) if isinstance(n, Input)}:
            if key is not None and key not in known:
                yield self.issue(
                    "new-variable",
                    _("the variable “{key}” is not in the vocabulary").format(key=key),
                    Severity.INFO,
                    repair=nearest(key, known),
                )

    def _unit(self) -> Iterator[Issue]:
        units = shipped_units()
        unit = units.get(self._definition.unit)
        if unit is None:
            yield self.issue(
                "unknown-unit",
                _("the unit “{unit}” is unknown").format(unit=self._definition.unit),
                repair=nearest(self._definition.unit, units)
                or _("Known are: {names}.").format(names=", ".join(units)),
            )
            return
        named = {d.id: units.get(d.unit) for d in self._catalogue}
        for tree in self._definition.trees:
            try:
                found = yields(tree, named)
            except UnitMismatch as mismatch:
                yield self.issue("unit-mismatch", str(mismatch))
                continue
            if found is not None and not fits(found, unit):
                yield self.issue(
                    "unit-mismatch",
                    _("the formula yields {found}, the unit is {unit}").format(
                        found=found.text, unit=unit.name.shown
                    ),
                    repair=_("Check the factor (100, 1,000) and the denominator."),
                )

    def _base(self) -> Iterator[Issue]:
        definition = self._definition
        if definition.minimum_base > 0 and definition.base is None:
            for tree in definition.trees:
                if base_node(tree) is None:
                    yield self.issue(
                        "no-base",
                        _("the formula has no denominator that the minimum base could mean"),
                        Severity.WARNING,
                        repair=_("Add the entry “base”, such as base: pop()."),
                    )

    def _periods(self, trees: tuple[Node, ...]) -> Iterator[Issue]:
        """Events of a year against the stock of one day: nearly always a slip."""
        for tree in trees:
            for node in walk(tree):
                match node:
                    case Binary(op="/", left=top, right=bottom):
                        pass
                    case Call(name="share" | "per_1000", args=(top, bottom)):
                        pass
                    case _:
                        continue
                events = [n for n in walk(top) if isinstance(n, Input) and n.kind in _EVENTS]
                stocks = [
                    n
                    for n in walk(bottom)
                    if isinstance(n, Input) and n.kind is Kind.POPULATION and n.reducer == "sum"
                ]
                if events and stocks:
                    yield self.issue(
                        "events-per-stock",
                        _("events of a year are divided by the population of one day"),
                        Severity.WARNING,
                        column=str(stocks[0].column),
                        repair=_("Use mean_pop(…), the mean of both ends of the year."),
                    )

    def _tests(self) -> Iterator[Issue]:
        if not self._definition.tests:
            yield self.issue("no-test", _("no hand-calculated row is given"), Severity.WARNING)
        for number, case in enumerate(self._definition.tests, start=1):
            wrong = run_case(self._catalogue, self._definition.id, case)
            if wrong:
                yield self.issue(
                    "failing-test",
                    _("test row {number}: {problem}").format(number=number, problem=wrong),
                    column=f"tests.{number - 1}",
                )
