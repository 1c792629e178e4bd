"""What the catalogue says about an indicator: the form of an entry, checked when it is read."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from monitor_app.core.i18n import LANGUAGE
from monitor_app.indicators.formula import Formula, parse
from monitor_app.indicators.tree import Input, Node

TOPICS = (
    "demography",
    "migration",
    "integration",
    "social",
    "housing",
    "environment",
    "segregation",
)


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Texts(_Strict):
    """A text in German and English."""

    de: str = ""
    en: str = ""

    @property
    def shown(self) -> str:
        """In the language of the interface, in the other one where that is missing."""
        first, second = (self.de, self.en) if LANGUAGE.code == "de" else (self.en, self.de)
        return first or second


def _texts(value: Any) -> Any:
    return {"de": value} if isinstance(value, str) else value


Text = Annotated[Texts, BeforeValidator(_texts)]


class DatedFormula(_Strict):
    """A formula that holds from a day on (None: from the beginning)."""

    start: date | None = Field(default=None, alias="from")
    formula: str

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class DefaultMap(_Strict):
    """How the map starts: palette id, class method and count (cartography checks the ids), and
    the value that a diverging palette turns at, such as 0 for a balance."""

    palette: str = ""
    method: str = "quantiles"
    classes: int = Field(default=5, ge=2, le=9)
    midpoint: float | None = None


class TestCase(_Strict):
    """A row worked out by hand: inputs and the value expected of them.

    ``inputs`` are rows such as ``{pop: 300, age: "0..19", sex: f, group: foreign, year: 2020}``,
    ``{births: 12}``, ``{variable: sgb2, value: 30}``, ``{surface_km2: 2.5}``, each with ``area``
    where there are several; ``missing`` or ``secret`` may stand for a number. ``expect`` is the
    value of ``area`` (or ``city``) at ``year`` (default: the last), None where none may come out;
    then ``status`` says why.
    """

    __test__ = False  # no test class, whatever its name

    inputs: tuple[dict[str, str | int | float], ...]
    expect: float | None = None
    status: str | None = None
    year: int | None = None
    area: str | None = None
    tolerance: float = Field(default=1e-6, gt=0)
    note: str = ""


Aggregation = Literal["sum", "recompute", "weighted", "none"]


class IndicatorDef(_Strict):
    """One entry of the catalogue.

    ``aggregation``: how values of larger areas come about: ``sum`` and ``recompute`` (from the
    summed inputs), ``weighted`` (mean of the areas weighted by ``weight``), ``none`` (only on
    the level of the data). ``base``: formula that ``minimum_base`` is held against, where it is
    not the denominator. ``direction``: which end is good.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")
    name: Text
    description: Text = Texts()
    interpretation: Text = Texts()
    topic: str = "demography"
    number: int | None = None  # in the list of the usual municipal indicators
    unit: str
    formula: str | tuple[DatedFormula, ...]
    aggregation: Aggregation = "recompute"
    weight: str | None = None
    direction: Literal["neutral", "higher_better", "lower_better"] = "neutral"
    minimum_base: float = Field(default=0, ge=0)
    base: str | None = None
    precision: int = Field(default=1, ge=0, le=6)
    map: DefaultMap = DefaultMap()
    sources: tuple[str, ...] = ()
    tests: tuple[TestCase, ...] = ()

    @field_validator("formula", mode="after")
    @classmethod
    def _ordered(cls, value: str | tuple[DatedFormula, ...]) -> str | tuple[DatedFormula, ...]:
        if isinstance(value, tuple):
            if not value:
                raise ValueError("a formula is missing")
            starts = [f.start or date.min for f in value]
            if sorted(set(starts)) != starts:
                raise ValueError("dated formulas must be in order of their dates")
        return value

    @property
    def formulas(self) -> tuple[DatedFormula, ...]:
        """The formula of each time, oldest first."""
        return (
            (DatedFormula(formula=self.formula),) if isinstance(self.formula, str) else self.formula
        )

    def parsed(self) -> tuple[tuple[date | None, Formula], ...]:
        """Start and parsed formula of each time. Raises UserError for a faulty formula."""
        return tuple((f.start, parse(f.formula)) for f in self.formulas)

    def formula_on(self, day: date) -> Formula | None:
        """The formula that holds on a day, None before the first."""
        found = None
        for start, formula in self.parsed():
            if start is None or start <= day:
                found = formula
        return found

    @property
    def trees(self) -> tuple[Node, ...]:
        return tuple(formula.tree for _start, formula in self.parsed())

    @property
    def extra_trees(self) -> tuple[Node, ...]:
        """Trees of the base and the weight, where the entry has them."""
        return tuple(parse(text).tree for text in (self.base, self.weight) if text is not None)

    @property
    def inputs(self) -> tuple[Input, ...]:
        """Counts and variables that the formulas read, derived from them."""
        return tuple(dict.fromkeys(i for _s, f in self.parsed() for i in f.inputs))

    @property
    def names(self) -> tuple[str, ...]:
        """Other indicators or variables that the formulas name."""
        return tuple(dict.fromkeys(n for _s, f in self.parsed() for n in f.names))
