"""Which areas an expression holds for, over columns of a table or indicators of the project."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from monitor_app.app.expression import Expression, Node, parse_expression, wrong
from monitor_app.app.session import Session
from monitor_app.core.collation import Haystack, folded
from monitor_app.core.formats import collation_key
from monitor_app.core.i18n import _
from monitor_app.core.status import Status

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
_COMPARE = {"<": np.less, "≤": np.less_equal, ">": np.greater, "≥": np.greater_equal,
            "=": np.equal, "≠": np.not_equal}  # fmt: skip
_ARITHMETIC = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide}


@dataclass(frozen=True, eq=False)
class Numbers:
    """A column of numbers with the status of each; compared as shown, with ``precision``
    decimals."""

    values: Floats
    status: NDArray[np.uint8]
    precision: int | None = None


@dataclass(frozen=True, eq=False)
class Words:
    """A column of texts."""

    values: tuple[str, ...]


Column = Numbers | Words


def folded_name(name: str) -> str:
    """A column name as it is looked up: without case, accents, unit and signs."""
    plain = collation_key(name.split("(")[0])[0]
    return re.sub(r"[^0-9a-z]+", "", plain.replace("ae", "a").replace("oe", "o").replace("ue", "u"))


@dataclass(frozen=True, eq=False)
class _Truth:
    """Where a condition holds, and where that is known at all."""

    yes: Bools
    known: Bools


def selected(
    expression: Expression,
    columns: Mapping[str, Column],
    count: int,
    others: Iterable[str] = (),
) -> Bools:
    """Which of ``count`` areas an expression holds for. ``columns``: by name; names are looked up
    without case, accents and units. ``others``: further names that exist, for suggestions.
    ``UserError`` for unknown columns, with the one most like it, and for texts where numbers are
    needed."""
    truth = _Evaluation(expression, columns, count, others).truth(expression.root)
    return truth.yes & truth.known


def unknown_names(expression: Expression, columns: Iterable[str]) -> tuple[str, ...]:
    """Names of the expression that are no columns."""
    known = {folded_name(name) for name in columns}
    return tuple(n for n in expression.names if folded_name(n) not in known)


class _Evaluation:
    def __init__(
        self,
        expression: Expression,
        columns: Mapping[str, Column],
        count: int,
        others: Iterable[str],
    ) -> None:
        self._text, self._count = expression.text, count
        self._titles = list(columns)
        self._others = tuple(others)
        self._columns = {folded_name(name): column for name, column in columns.items()}

    def _column(self, node: Node) -> Column:
        found = self._columns.get(folded_name(node.text))
        if found is not None:
            return found
        known = {folded_name(t): t for t in (*self._others, *self._titles)}
        near = difflib.get_close_matches(folded_name(node.text), list(known), n=1, cutoff=0.5)
        repair = (
            _("Did you mean “{name}”?").format(name=known[near[0]])
            if near
            else _("Columns are: {names}.").format(names=", ".join(self._titles[:8]))
        )
        return wrong(
            self._text, node.place, _("there is no column “{name}”").format(name=node.text), repair
        )

    def truth(self, node: Node) -> _Truth:
        if node.kind == "and":
            a, b = (self.truth(p) for p in node.parts)
            no = (a.known & ~a.yes) | (b.known & ~b.yes)
            return _Truth(a.yes & b.yes, (a.known & b.known) | no)
        if node.kind == "or":
            a, b = (self.truth(p) for p in node.parts)
            yes = (a.known & a.yes) | (b.known & b.yes)
            return _Truth(yes, (a.known & b.known) | yes)
        if node.kind == "not":
            inner = self.truth(node.parts[0])
            return _Truth(~inner.yes, inner.known)
        if node.kind == "missing":
            return self._missing(node)
        if node.kind == "match":
            return self._match(node)
        return self._compare(node)

    def _missing(self, node: Node) -> _Truth:
        inner = node.parts[0]
        everything = np.ones(self._count, dtype=bool)
        if inner.kind == "column":
            column = self._column(inner)
            if isinstance(column, Words):
                return _Truth(np.array([not v for v in column.values], dtype=bool), everything)
        return _Truth(~np.isfinite(self.numbers(inner)), everything)

    def _match(self, node: Node) -> _Truth:
        column = self._column(node.parts[0]) if node.parts[0].kind == "column" else None
        if not isinstance(column, Words):
            wrong(self._text, node.parts[0].place, _("a column of texts is needed here"))
        word = collation_key(node.parts[1].text)[0]
        hits = Haystack((column.values,)).rows_with(word, at_start=node.text == "starts")
        return _Truth(hits, np.ones(self._count, dtype=bool))

    def _compare(self, node: Node) -> _Truth:
        left, right = node.parts
        words = [self._words(part) for part in (left, right)]
        if any(w is not None for w in words):
            if any(w is None for w in words):
                odd = right if words[0] is not None else left
                wrong(
                    self._text, odd.place, _("a text cannot be compared with a number"),
                    _("Put texts in quotation marks."),
                )  # fmt: skip
            if node.text not in ("=", "≠"):
                wrong(self._text, node.place, _("texts can only be equal or different"))
            same = np.asarray(words[0]) == np.asarray(words[1])
            yes = same if node.text == "=" else ~same
            everything = np.ones(self._count, dtype=bool)
            return _Truth(np.broadcast_to(yes, self._count), everything)
        a, b = (self._shown(part) for part in (left, right))
        known = np.isfinite(a) & np.isfinite(b)
        return _Truth(_COMPARE[node.text](a, b) & known, np.broadcast_to(known, self._count))

    def _words(self, node: Node) -> NDArray[np.str_] | None:
        """Folded texts of a part, None where it is a number."""
        if node.kind == "text":
            return np.array([collation_key(node.text)[0]])
        if node.kind == "column":
            column = self._column(node)
            if isinstance(column, Words):
                return np.array(folded(column.values))
        return None

    def _shown(self, node: Node) -> Floats:
        """Numbers of a part; those of a plain column as the reader sees them."""
        numbers = self.numbers(node)
        if node.kind == "column":
            column = self._column(node)
            if isinstance(column, Numbers) and column.precision is not None:
                return np.round(numbers, column.precision)
        return numbers

    def numbers(self, node: Node) -> Floats:
        """Values of a part, NaN where there is none."""
        if node.kind == "number":
            return np.full(self._count, node.number)
        if node.kind == "column":
            column = self._column(node)
            if isinstance(column, Words):
                wrong(
                    self._text, node.place,
                    _("“{name}” holds texts, a number is needed here").format(name=node.text),
                )  # fmt: skip
            good = column.status < Status.MISSING
            return np.where(good, column.values, np.nan)
        if node.kind == "arithmetic":
            a, b = (self.numbers(part) for part in node.parts)
            with np.errstate(all="ignore"):
                found = _ARITHMETIC[node.text](a, b)
            return np.asarray(np.where(np.isfinite(found), found, np.nan))
        return wrong(self._text, node.place, _("a number is needed here"))


# over a project --------------------------------------------------------------------------------


def indicator_named(session: Session, name: str) -> str | None:
    """Id of the indicator that a name of an expression means: an id, or its name in the language
    of the interface."""
    wanted = folded_name(name)
    for definition in session.catalogue.definitions:
        if wanted in (folded_name(definition.id), folded_name(definition.name.shown)):
            return definition.id
    return None


def indicator_column(
    session: Session, indicator: str, level: str, keys: Sequence[str], day: date | None
) -> Numbers:
    """*Slow* at the first time. An indicator for some areas on the newest date up to ``day``."""
    view = session.view
    table = session.series(indicator, level, carried=view.carried, scenario=view.scenario)
    places = [i for i, d in enumerate(table.dates) if day is None or d <= day]
    values = np.full(len(keys), np.nan)
    status = np.full(len(keys), Status.MISSING, dtype=np.uint8)
    if places:
        row_of = {key: i for i, key in enumerate(table.areas)}
        rows = np.array([row_of.get(key, -1) for key in keys], dtype=np.intp)
        there = rows >= 0
        values[there] = table.values[rows[there], places[-1]]
        status[there] = table.status[rows[there], places[-1]]
    return Numbers(values, status, table.precision)


def areas_where(
    session: Session, text: str, level: str, day: date | None = None
) -> tuple[tuple[str, str], ...]:
    """*Slow* at the first time. Key and name of the areas of a level that an expression over
    indicators (and ``gebiet``, ``schlüssel``) holds for."""
    expression = parse_expression(text)
    areas = [a for a in session.shown_areas(carried=session.view.carried).at(level)
             if a.located and (day is None or a.valid_on(day))]  # fmt: skip
    names = {a.key: a.name for a in areas}
    keys = tuple(names)
    columns: dict[str, Column] = {
        _("Area"): Words(tuple(names.values())), _("Key"): Words(keys),
    }  # fmt: skip
    for name in unknown_names(expression, columns):
        indicator = indicator_named(session, name)
        if indicator is not None:
            columns[name] = indicator_column(session, indicator, level, keys, day)
    # What could have been meant: the names of indicators stand beside those of columns.
    mask = selected(expression, columns, len(keys), others=session.catalogue.ids)
    return tuple((k, names[k]) for k, hit in zip(keys, mask.tolist(), strict=True) if hit)
