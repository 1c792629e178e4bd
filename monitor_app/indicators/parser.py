"""From prepared text to the typed tree: an allowlist of Python's expression nodes."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from monitor_app.core.datasets import Kind
from monitor_app.core.i18n import _
from monitor_app.core.issues import UserError
from monitor_app.indicators.filters import parse_filter
from monitor_app.indicators.functions import FUNCTIONS
from monitor_app.indicators.measures import MEASURES
from monitor_app.indicators.tokens import Prepared, nearest, prepare, wrong
from monitor_app.indicators.tree import (
    INPUT_NAMES,
    Binary,
    Call,
    Input,
    Name,
    Node,
    Number,
    Reducer,
    Surface,
    Unary,
)

_KINDS = {name: kind for kind, name in INPUT_NAMES.items()}
_REDUCERS: dict[str, Reducer] = {
    "mean_pop": "mean",
    "mean_age": "mean_age",
    "median_age": "median_age",
    "group_entropy": "entropy",
    "group_simpson": "simpson",
}
SURFACES = {"m2": 1.0, "ha": 1e-4, "km2": 1e-6}
#: Names that formulas may call.
CALLABLE = (*_KINDS, *_REDUCERS, *MEASURES, *FUNCTIONS, "variable", "surface", "interpolate")

_Operator = Literal["+", "-", "*", "/", "**", "<", "<=", ">", ">=", "==", "!=", "and", "or"]
_BINARY: dict[type[ast.operator], _Operator] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**",
}  # fmt: skip
_COMPARE: dict[type[ast.cmpop], _Operator] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip
MAX_POWER = 4
MAX_YEARS = 100
#: Long sums nest to the left: this is also the number of terms that one sum may have.
MAX_TREE = 120


def parse_tree(text: str) -> Node:
    """The typed tree of a formula.

    Errors: ``UserError`` with the column for everything that is not of the language; no other
    exception whatever the text.
    """
    prepared = prepare(text)
    try:
        parsed = ast.parse(prepared.text, mode="eval")
    except SyntaxError as error:
        # An unfinished formula is reported with offset 0: the fault is at its end.
        place = len(prepared.text.encode()) if not error.offset else error.offset - 1
        column = prepared.column(place)
        raise wrong(
            _("this is not a complete formula here"),
            column,
            text,
            _("Check operators, commas and brackets around this place."),
        ) from None
    except (ValueError, RecursionError, MemoryError, OverflowError):
        raise wrong(_("the formula is too deeply nested"), 1, text) from None
    try:
        return _Builder(prepared).node(parsed.body)
    except RecursionError:
        raise wrong(_("the formula is too deeply nested"), 1, text) from None


class _Builder:
    """Turns allowed nodes of Python's tree into ours; everything else is an error."""

    def __init__(self, prepared: Prepared) -> None:
        self._prepared = prepared
        self._depth = 0
        self._special: dict[str, Callable[[ast.Call], Node]] = {
            "variable": self._variable,
            "surface": self._surface,
            "interpolate": self._interpolate,
        }

    def column(self, node: ast.AST) -> int:
        return self._prepared.column(getattr(node, "col_offset", 0))

    def error(self, node: ast.AST, message: str, repair: str | None = None) -> UserError:
        return wrong(message, self.column(node), self._prepared.original, repair)

    def node(self, node: ast.expr) -> Node:
        if self._depth >= MAX_TREE:
            raise self.error(node, _("the formula is too deeply nested"))
        self._depth += 1
        try:
            return self._node(node)
        finally:
            self._depth -= 1

    def _node(self, node: ast.expr) -> Node:
        match node:
            case ast.Constant(value=bool() | str() | None):
                raise self.error(node, _("a text can stand only in a filter or in variable(…)"))
            case ast.Constant(value=int() | float()):
                return Number(float(node.value))  # type: ignore[arg-type]
            case ast.Name():
                return self._name(node)
            case ast.UnaryOp(op=ast.USub()):
                return Unary("-", self.node(node.operand))
            case ast.UnaryOp(op=ast.UAdd()):
                return self.node(node.operand)
            case ast.UnaryOp(op=ast.Not()):
                return Unary("not", self.node(node.operand))
            case ast.BinOp():
                return self._binary(node)
            case ast.BoolOp():
                return self._bool(node)
            case ast.Compare():
                return self._compare(node)
            case ast.Call():
                return self._call(node)
        raise self.error(node, _("this does not belong to the formula language"))

    def _name(self, node: ast.Name) -> Node:
        if node.id == "age":
            raise self.error(node, _("age can stand only in a filter, as in pop(age >= 65)"))
        if node.id in CALLABLE:
            raise self.error(
                node,
                _("brackets are missing after “{name}”").format(name=node.id),
                _("Write {name}().").format(name=node.id),
            )
        return Name(node.id, self.column(node))

    def _binary(self, node: ast.BinOp) -> Node:
        if isinstance(node.op, ast.BitOr | ast.MatMult):
            raise self.error(node, _("a range such as 20..64 can stand only after age in a filter"))
        op = _BINARY.get(type(node.op))
        if op is None:
            raise self.error(node, _("this operator does not belong to the formula language"))
        if op == "**":
            power = node.right
            allowed = isinstance(power, ast.Constant) and isinstance(power.value, int | float)
            if not allowed or not 0 < power.value <= MAX_POWER:  # type: ignore[attr-defined]
                raise self.error(
                    node.right,
                    _("an exponent must be a number up to {limit}").format(limit=MAX_POWER),
                )
        return Binary(op, self.node(node.left), self.node(node.right), self.column(node.right))

    def _bool(self, node: ast.BoolOp) -> Node:
        op: _Operator = "and" if isinstance(node.op, ast.And) else "or"
        result = self.node(node.values[0])
        for value in node.values[1:]:
            result = Binary(op, result, self.node(value), self.column(value))
        return result

    def _compare(self, node: ast.Compare) -> Node:
        if len(node.ops) != 1:
            raise self.error(node, _("compare two values at a time and join them with and"))
        op = _COMPARE.get(type(node.ops[0]))
        if op is None:
            raise self.error(node, _("“in” can stand only in a filter"))
        right = node.comparators[0]
        return Binary(op, self.node(node.left), self.node(right), self.column(right))

    def _call(self, node: ast.Call) -> Node:
        if not isinstance(node.func, ast.Name):
            raise self.error(node, _("only a registered function can be called"))
        name = node.func.id
        self._no_keywords(node)
        if name in _KINDS:
            return Input(
                _KINDS[name], parse_filter(node.args, self._prepared), column=self.column(node)
            )
        if name in _REDUCERS:
            return Input(
                Kind.POPULATION,
                parse_filter(node.args, self._prepared),
                reducer=_REDUCERS[name],
                column=self.column(node),
            )
        if name in self._special:
            return self._special[name](node)
        if name in MEASURES:
            return self._measure(name, node)
        if name in FUNCTIONS:
            return self._function(name, node)
        raise self.error(
            node,
            _("the function “{name}” is unknown").format(name=name),
            nearest(name, CALLABLE) or _("Known are: {names}.").format(names=", ".join(CALLABLE)),
        )

    def _no_keywords(self, node: ast.Call) -> None:
        if node.keywords:
            raise self.error(node, _("only values separated by commas can stand in these brackets"))

    def _function(self, name: str, node: ast.Call) -> Node:
        signature = FUNCTIONS[name]
        given = len(node.args)
        wanted = signature.args + signature.options
        if given != wanted and not (signature.variadic and given >= signature.args):
            raise self.error(
                node,
                _("{name} needs {wanted} values, found {given}").format(
                    name=name, wanted=wanted, given=given
                ),
                _("Write {example}.").format(example=signature.example),
            )
        values = node.args[: given - signature.options]
        options = tuple(self._years(arg) for arg in node.args[given - signature.options :])
        return Call(name, tuple(self.node(v) for v in values), options, self.column(node))

    def _years(self, node: ast.expr) -> int:
        match node:
            case ast.Constant(value=int() as value) if (
                not isinstance(value, bool) and 0 < value <= MAX_YEARS
            ):
                return value
        raise self.error(
            node, _("a number of years from 1 to {limit} must stand here").format(limit=MAX_YEARS)
        )

    def _measure(self, name: str, node: ast.Call) -> Node:
        measure = MEASURES[name]
        example = _("Write {example}.").format(example=measure.example)
        if not node.args:
            raise self.error(node, _("the number of pooled years is missing"), example)
        years = self._years(node.args[0])
        condition = parse_filter(node.args[1:], self._prepared)
        allowed = ("sex",) if measure.by_sex else ()
        if any(dim not in allowed for dim in condition.dims):
            raise self.error(node, _("this filter is not possible here"), example)
        return measure.build(years, condition.sex)

    def _variable(self, node: ast.Call) -> Node:
        match node.args[:1]:
            case [ast.Constant(value=str() as key)] | [ast.Name(id=key)] if key:
                condition = parse_filter(node.args[1:], self._prepared)
                return Input(Kind.VARIABLE, condition, key, column=self.column(node))
        raise self.error(
            node,
            _("variable needs the key of a variable"),
            _("Write {example}.").format(example='variable("key")'),
        )

    def _surface(self, node: ast.Call) -> Node:
        match node.args:
            case [ast.Constant(value=str() as unit)] | [ast.Name(id=unit)] if unit in SURFACES:
                return Surface(unit, SURFACES[unit], self.column(node))
        raise self.error(
            node,
            _("surface needs a unit: {units}").format(units=", ".join(SURFACES)),
            _("Write {example}.").format(example="surface(km2)"),
        )

    def _interpolate(self, node: ast.Call) -> Node:
        if len(node.args) != 1:
            raise self.error(node, _("interpolate needs one value"))
        return interpolated(self.node(node.args[0]))


def interpolated(node: Node) -> Node:
    """The tree with every input allowed to split age groups."""
    match node:
        case Input():
            return replace(node, interpolate=True)
        case Unary():
            return replace(node, item=interpolated(node.item))
        case Binary():
            return replace(node, left=interpolated(node.left), right=interpolated(node.right))
        case Call():
            return replace(node, args=tuple(interpolated(a) for a in node.args))
    return node
