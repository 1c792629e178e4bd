"""Filters such as ``age >= 65, sex == f``: reading them, and finding the cells that pass."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace

from monitor_app.core.i18n import _
from monitor_app.core.issues import UserError
from monitor_app.indicators.tokens import Prepared, nearest, wrong
from monitor_app.indicators.tree import EU, FOREIGN, NATIONAL, CodeTest, Filter

DIMENSION_NAMES = ("age", "sex", "group", "partner")
_SEXES = {"m": "m", "f": "f", "x": "x", "w": "f", "d": "x", "male": "m", "female": "f"}
MAX_AGE = 150

#: Group codes that mean nationals of the country, as registers write them.
NATIONAL_CODES = frozenset(
    {"national", "d", "de", "deu", "deutsch", "deutsche", "german", "aut", "at", "österreich",
     "che", "ch", "schweiz", "swiss", "inland"}
)  # fmt: skip
FOREIGN_CODES = frozenset(
    {"foreign", "a", "for", "ausl", "ausländer", "auslaender", "nichtdeutsch", "non_german"}
)
EU_CODES = frozenset({"eu", "eea", "ewr", "efta", "eu_efta", "eu27", "eu28"})
UNKNOWN_CODES = frozenset({"unknown", "unbekannt", "u", "z"})


def parse_filter(conditions: Sequence[ast.expr], prepared: Prepared) -> Filter:
    """The filter inside the brackets of ``pop(…)``; conditions joined by commas or ``and``."""
    reader = _FilterReader(prepared)
    found = Filter()
    for node in conditions:
        found = reader.add(found, node)
    return found


class _FilterReader:
    def __init__(self, prepared: Prepared) -> None:
        self._prepared = prepared

    def error(self, node: ast.AST, message: str, repair: str | None = None) -> UserError:
        column = self._prepared.column(getattr(node, "col_offset", 0))
        return wrong(message, column, self._prepared.original, repair)

    def add(self, found: Filter, node: ast.expr) -> Filter:
        match node:
            case ast.BoolOp(op=ast.And()):
                for value in node.values:
                    found = self.add(found, value)
                return found
            case ast.BoolOp():
                raise self.error(
                    node,
                    _("“or” is not possible in a filter"),
                    _("Add two counts, as in pop(age < 18) + pop(age >= 65)."),
                )
            case ast.BinOp(
                op=ast.BitOr(),
                left=ast.BinOp(op=ast.MatMult(), left=ast.Name(id="age"), right=first),
                right=last,
            ):
                return self._ages(found, node, self._age(first), self._age(last) + 1)
            case ast.Compare():
                return self._compare(found, node)
            case ast.Name(id=name) if name in _SEXES or name in (FOREIGN, NATIONAL, EU):
                raise self.error(
                    node,
                    _("the dimension is missing"),
                    _("Write {example}.").format(
                        example=f"{'sex' if name in _SEXES else 'group'} == {name}"
                    ),
                )
        raise self.error(
            node,
            _("a filter is a comparison of age, sex, group or partner"),
            _("Write {example}.").format(example="pop(age 20..64, sex == f)"),
        )

    def _compare(self, found: Filter, node: ast.Compare) -> Filter:
        items = [node.left, *node.comparators]
        pairs = list(zip(items, node.ops, items[1:], strict=False))
        for left, op, right in pairs:
            found = self._pair(found, node, left, op, right)
        return found

    def _pair(
        self, found: Filter, node: ast.expr, left: ast.expr, op: ast.cmpop, right: ast.expr
    ) -> Filter:
        if isinstance(right, ast.Name) and right.id == "age":
            left, op, right = right, _turned(op), left
        if not isinstance(left, ast.Name):
            raise self.error(left, _("a filter starts with age, sex, group or partner"))
        if left.id not in DIMENSION_NAMES:
            raise self.error(
                left,
                _("the dimension “{name}” is unknown").format(name=left.id),
                nearest(left.id, DIMENSION_NAMES)
                or _("Known are: {names}.").format(names=", ".join(DIMENSION_NAMES)),
            )
        if left.id == "age":
            return self._age_pair(found, node, op, right)
        test = CodeTest(
            frozenset(self._code(left.id, item) for item in self._items(op, right)),
            isinstance(op, ast.NotEq | ast.NotIn),
        )
        if getattr(found, left.id) is not None:
            raise self.error(left, _("“{name}” is given twice in the filter").format(name=left.id))
        # Spelled out per dimension: mypy cannot follow a name made at run time.
        if left.id == "sex":
            return replace(found, sex=test)
        return replace(found, group=test) if left.id == "group" else replace(found, partner=test)

    def _items(self, op: ast.cmpop, right: ast.expr) -> Sequence[ast.expr]:
        if isinstance(op, ast.Eq | ast.NotEq):
            return [right]
        if isinstance(op, ast.In | ast.NotIn):
            if isinstance(right, ast.Tuple):
                return right.elts
            return [right]
        raise self.error(right, _("only age can be compared with < and >"))

    def _code(self, dimension: str, node: ast.expr) -> str:
        match node:
            case ast.Name(id=code):
                pass
            case ast.Constant(value=str() as code) if code:
                pass
            case ast.Constant(value=int() as number) if not isinstance(number, bool):
                code = str(number)
            case _:
                raise self.error(
                    node, _("a code of {dimension} must stand here").format(dimension=dimension)
                )
        if dimension != "sex":
            return code
        if code.lower() not in _SEXES:
            raise self.error(
                node,
                _("the sex “{code}” is unknown").format(code=code),
                _("Known are: {names}.").format(names="m, f, x"),
            )
        return _SEXES[code.lower()]

    def _age(self, node: ast.expr) -> int:
        match node:
            case ast.Constant(value=int() as age) if (
                not isinstance(age, bool) and 0 <= age <= MAX_AGE
            ):
                return age
        raise self.error(
            node, _("an age in whole years up to {limit} must stand here").format(limit=MAX_AGE)
        )

    def _age_pair(self, found: Filter, node: ast.expr, op: ast.cmpop, right: ast.expr) -> Filter:
        age = self._age(right)
        match op:
            case ast.GtE():
                return self._ages(found, node, age, None)
            case ast.Gt():
                return self._ages(found, node, age + 1, None)
            case ast.Lt():
                return self._ages(found, node, 0, age)
            case ast.LtE():
                return self._ages(found, node, 0, age + 1)
            case ast.Eq():
                return self._ages(found, node, age, age + 1)
        raise self.error(
            node,
            _("age can be compared with <, <=, ==, >=, > or given as a range"),
            _("Write {example}.").format(example="age 20..64"),
        )

    def _ages(self, found: Filter, node: ast.expr, lo: int, hi: int | None) -> Filter:
        lo = max(lo, found.lo)
        if found.hi is not None:
            hi = found.hi if hi is None else min(hi, found.hi)
        if hi is not None and hi <= lo:
            raise self.error(node, _("no age fulfils this filter"))
        return replace(found, lo=lo, hi=hi)


def _turned(op: ast.cmpop) -> ast.cmpop:
    """The operator for swapped sides: ``18 <= age`` is ``age >= 18``."""
    turned: dict[type[ast.cmpop], ast.cmpop] = {
        ast.Lt: ast.Gt(), ast.LtE: ast.GtE(), ast.Gt: ast.Lt(), ast.GtE: ast.LtE(),
    }  # fmt: skip
    return turned.get(type(op), op)


def label_positions(
    dimension: str, test: CodeTest, labels: Sequence[str]
) -> tuple[int, ...] | None:
    """Positions of the labels that pass, None where the labels cannot answer the question.

    ``group == foreign``, ``national`` and ``eu`` are understood where the codes tell: a known
    code of nationals makes all others foreign, except a code for "unknown".
    """
    wanted: set[str] = set()
    for code in test.codes:
        if code in labels:
            wanted.add(code)
            continue
        found = _role(code, labels) if dimension == "group" else None
        if found is None:
            return None
        wanted |= found
    return tuple(i for i, label in enumerate(labels) if (label in wanted) != test.negated)


def _role(code: str, labels: Sequence[str]) -> set[str] | None:
    national = {label for label in labels if label.casefold() in NATIONAL_CODES}
    foreign = {label for label in labels if label.casefold() in FOREIGN_CODES}
    if national and not foreign:
        unknown = {label for label in labels if label.casefold() in UNKNOWN_CODES}
        foreign = set(labels) - national - unknown
    if code == FOREIGN:
        return foreign or None
    if code == NATIONAL:
        return national or None
    if code == EU:
        return {label for label in labels if label.casefold() in EU_CODES} or None
    return None
