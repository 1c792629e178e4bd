"""What unit a formula yields, so that a definition cannot claim another."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from monitor_app.core.datasets import Kind
from monitor_app.core.i18n import _
from monitor_app.indicators.tree import Binary, Call, Input, Name, Node, Number, Surface, Unary
from monitor_app.indicators.units import Unit
from monitor_app.indicators.vocabulary import shipped_variables

_BASE = {
    Kind.COMPLETIONS: "dwellings",
    Kind.FACILITIES: "places",
}


class UnitMismatch(Exception):  # noqa: N818 - a finding, turned into an issue
    """The formula mixes quantities that do not go together."""


@dataclass(frozen=True)
class Quantity:
    """Exponents of base quantities and the factor of the ratio (None: not known)."""

    dimension: tuple[tuple[str, int], ...] = ()
    factor: float | None = 1.0
    constant: bool = False

    @property
    def text(self) -> str:
        if not self.dimension:
            factor = "?" if self.factor is None else f"{self.factor:g}"
            return _("ratio × {factor}").format(factor=factor)
        return " · ".join(n if e == 1 else f"{n}^{e}" for n, e in self.dimension)


def quantity_of(unit: Unit) -> Quantity:
    return Quantity(_sorted(unit.dimension), unit.factor if not unit.dimension else None)


def yields(node: Node, units: Mapping[str, Unit | None]) -> Quantity | None:
    """The quantity of a formula, None where it cannot be told (variables have free units).

    ``units``: the unit of each indicator that a formula may name.
    Errors: ``UnitMismatch`` where unlike quantities are added or compared.
    """
    match node:
        case Number():
            return Quantity((), node.value, constant=True)
        case Surface():
            return Quantity(((node.unit, 1),))
        case Input(kind=Kind.VARIABLE):
            variable = shipped_variables().get(node.variable or "")
            return None if variable is None else Quantity(_sorted(variable.dimension))
        case Input(reducer="mean_age" | "median_age"):
            return Quantity((("years", 1),))
        case Input(reducer="entropy" | "simpson"):
            return Quantity()
        case Input():
            return Quantity(((_BASE.get(node.kind, "persons"), 1),))
        case Name():
            unit = units.get(node.key)
            return None if unit is None else quantity_of(unit)
        case Unary():
            return yields(node.item, units)
        case Binary():
            return _binary(node, units)
        case Call():
            return _call(node, units)


def _binary(node: Binary, units: Mapping[str, Unit | None]) -> Quantity | None:
    left, right = yields(node.left, units), yields(node.right, units)
    match node.op:
        case "*":
            return _product(left, right, 1)
        case "/":
            return _product(left, right, -1)
        case "+" | "-":
            return _alike(left, right)
        case "**":
            return None
        case "and" | "or":
            return Quantity()
    _alike(left, right)
    return Quantity()


def _call(node: Call, units: Mapping[str, Unit | None]) -> Quantity | None:
    args = [yields(arg, units) for arg in node.args]
    match node.name:
        case "lag" | "change" | "mean_years" | "sum_years" | "abs" | "city":
            return args[0]
        case "as_years":
            return Quantity((("years", 1),))
        case "change_percent":
            return Quantity((), 100.0)
        case "share":
            return _product(_product(Quantity((), 100.0), args[0], 1), args[1], -1)
        case "per_1000":
            return _product(_product(Quantity((), 1000.0), args[0], 1), args[1], -1)
        case "rank" | "zscore" | "minmax":
            return Quantity((), None)
        case "where":
            return _alike(args[1], args[2])
        case "coalesce" | "sum" | "min" | "max":
            result = args[0]
            for other in args[1:]:
                result = _alike(result, other)
            return result
    return None


def _product(left: Quantity | None, right: Quantity | None, sign: int) -> Quantity | None:
    if left is None or right is None:
        return None
    exponents = dict(left.dimension)
    for name, exponent in right.dimension:
        exponents[name] = exponents.get(name, 0) + sign * exponent
    factor = None
    if left.factor is not None and right.factor:
        factor = left.factor * right.factor**sign
    return Quantity(_sorted(exponents), factor, left.constant and right.constant)


def _alike(left: Quantity | None, right: Quantity | None) -> Quantity | None:
    if left is None or right is None:
        return left or right
    if left.constant or right.constant:
        # A plain number takes the unit of what it is compared with or added to.
        return left if right.constant else right
    if left.dimension != right.dimension:
        raise UnitMismatch(
            _("{left} and {right} cannot be added or compared").format(
                left=left.text, right=right.text
            )
        )
    if not left.dimension and not _same_scale(left.factor, right.factor):
        raise UnitMismatch(
            _("{left} and {right} cannot be added or compared").format(
                left=left.text, right=right.text
            )
        )
    return left if left.factor == right.factor else Quantity(left.dimension, None)


def _same_scale(left: float | None, right: float | None) -> bool:
    """Only powers of ten tell per cent from per mille; other factors may be part of a method."""
    if left is None or right is None or left == right:
        return True
    ratio = left / right
    if ratio <= 0:
        return True
    power = math.log10(ratio)
    return abs(power - round(power)) > 1e-9


def _sorted(exponents: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted((n, e) for n, e in exponents.items() if e))


def fits(found: Quantity | None, unit: Unit) -> bool:
    """Whether a formula may carry the unit."""
    if found is None:
        return True
    wanted = quantity_of(unit)
    if found.dimension != wanted.dimension:
        return False
    if wanted.dimension:
        return True
    return _same_scale(found.factor, wanted.factor)
