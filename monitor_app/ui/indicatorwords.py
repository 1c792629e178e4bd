"""A formula in words, for readers of a sheet."""

from __future__ import annotations

from collections.abc import Callable

from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _
from monitor_app.indicators.run import kind_word
from monitor_app.indicators.tree import (
    Binary,
    Call,
    Input,
    Name,
    Node,
    Number,
    Surface,
    Unary,
)
from monitor_app.indicators.vocabulary import variable_name


def formula_words(tree: Node, named: Callable[[str], str]) -> str:
    """``named``: what another indicator of that id is called."""
    match tree:
        case Number(value=value):
            return format_number(value, 0 if float(value).is_integer() else 2)
        case Input():
            return input_words(tree)
        case Name(key=key):
            return f"„{named(key)}“"
        case Surface(unit=unit):
            return _("surface in {unit}").format(unit=unit.replace("2", "²"))
        case Unary(item=item):
            return f"−{formula_words(item, named)}"
        case Binary():
            return _binary(tree, named)
        case Call(name=name, args=args, options=options):
            inner = "; ".join(formula_words(a, named) for a in args)
            return _call(name, inner, options)


def input_words(item: Input) -> str:
    """Births of mothers 15 to 44: what is counted, and under which conditions."""
    what = variable_name(item.variable or "") if item.variable else kind_word(item)
    if item.reducer == "mean":
        what = _("mean population of the year")
    elif item.reducer == "mean_age":
        what = _("mean age")
    elif item.reducer == "median_age":
        what = _("median age")
    conditions = []
    chosen = item.filter
    if chosen.hi is not None and chosen.lo == 0:
        conditions.append(_("under {age} years").format(age=chosen.hi))
    elif chosen.hi is not None:
        conditions.append(_("{low} to {high} years").format(low=chosen.lo, high=chosen.hi - 1))
    elif chosen.lo:
        conditions.append(_("{age} years and older").format(age=chosen.lo))
    for name in ("sex", "group", "partner"):
        test = getattr(chosen, name)
        if test is not None:
            text = ", ".join(_code(name, code) for code in sorted(test.codes))
            conditions.append(_("not {codes}").format(codes=text) if test.negated else text)
    return f"{what} ({', '.join(conditions)})" if conditions else what


def _code(name: str, code: str) -> str:
    known = {
        ("sex", "f"): _("female"),
        ("sex", "m"): _("male"),
        ("group", "foreign"): _("foreigners"),
        ("group", "national"): _("nationals"),
        ("group", "eu"): _("EU citizens"),
    }
    return known.get((name, code), code)


def _binary(tree: Binary, named: Callable[[str], str]) -> str:
    left, right = formula_words(tree.left, named), formula_words(tree.right, named)
    if tree.op in ("*", "/", "**"):
        left, right = _wrapped(tree.left, left), _wrapped(tree.right, right)
    sign = {
        "+": _("plus"), "-": _("minus"), "*": "×", "/": _("divided by"), "**": _("to the power"),
        "and": _("and"), "or": _("or"), "<=": "≤", ">=": "≥", "==": "=", "!=": "≠",
    }.get(tree.op, tree.op)  # fmt: skip
    return f"{left} {sign} {right}"


def _wrapped(tree: Node, text: str) -> str:
    return f"({text})" if isinstance(tree, Binary) and tree.op in ("+", "-") else text


def _call(name: str, inner: str, options: tuple[int, ...]) -> str:
    years = options[0] if options else 0
    known = {
        "share": _("share in per cent: {inner}"),
        "per_1000": _("per 1,000: {inner}"),
        "lag": _("{inner}, {years} years before"),
        "change": _("change in {years} years: {inner}"),
        "change_percent": _("change in per cent in {years} years: {inner}"),
        "mean_years": _("mean of {years} years: {inner}"),
        "sum_years": _("sum of {years} years: {inner}"),
        "city": _("value of the city: {inner}"),
        "rank": _("rank by: {inner}"),
        "coalesce": _("the first that is known of: {inner}"),
    }
    text = known.get(name)
    return f"{name}({inner})" if text is None else text.format(inner=inner, years=years)
