"""What a forecast shall be: a YAML text that a project keeps, checked before anything runs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StrictInt, ValidationError, model_validator

from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity, UserError, fail
from monitor_app.forecast.rate_edits import RateEdit
from monitor_app.forecast.spec_parts import (
    COMPONENTS,
    Component,
    Demolition,
    DwellingType,
    Factor,
    RateChange,
    SpecialGroup,
    UsualHousing,
    Weight,
)

_KEY = re.compile(r"^[a-z][a-z0-9_]*$")


class Variant(StrEnum):
    """Basic variants: what happens to people apart from getting older."""

    NATURAL = "natural"  # births and deaths
    EXTERNAL = "external"  # and moves over the border of the town
    FULL = "full"  # and moves within it


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Scenario(_Model):
    """An overlay: factors on components, one for all years or by year (held until the next)."""

    key: str
    label: str = ""
    note: str = ""  # the assumption in words, printed with the result
    factors: dict[Component, Factor | dict[int, Factor]] = {}
    changes: list[RateChange] = []
    housing: bool = True

    def factor(self, component: str, year: int) -> float:
        """Factor on a component in a year; 1 before the first given year."""
        given = self.factors.get(component, 1.0)  # type: ignore[call-overload]
        if not isinstance(given, dict):
            return float(given)
        years = [y for y in sorted(given) if y <= year]
        return float(given[years[-1]]) if years else 1.0


#: First residents of a dwelling, and the share of them who come from inside the town, where
#: neither a project nor its type tells them.
PERSONS_PER_DWELLING, SHARE_FROM_TOWN = 2.1, 0.6


class HousingProject(_Model):
    """New dwellings of one area: number by year of completion.

    ``probability`` that it is built, ``delay`` in years, ``share_from_town`` of the first
    residents who come from inside the town. ``type``: key of a type of dwelling, which tells what
    the project does not say itself (None); without a type ``PERSONS_PER_DWELLING`` and
    ``SHARE_FROM_TOWN`` hold. ``delay_spread``: how uncertain the delay is in draws, years.
    """

    name: str
    area: str
    dwellings: dict[int, Annotated[float, Field(ge=0.0)]]
    persons_per_dwelling: Annotated[float, Field(gt=0.0, le=10.0)] | None = None
    share_from_town: Annotated[float, Field(ge=0.0, le=1.0)] | None = None
    probability: Annotated[float, Field(ge=0.0, le=1.0)] = 1.0
    delay: Annotated[int, Field(ge=0, le=30)] = 0
    type: str = ""
    delay_spread: Annotated[float, Field(ge=0.0, le=10.0)] = 0.5


class Target(_Model):
    """A total that a year shall reach, of the town or of one area."""

    year: int
    what: Literal["births", "deaths", "arrivals", "departures", "net_migration", "population"]
    value: float
    area: str | None = None

    @model_validator(mode="after")
    def _possible(self) -> Target:
        if self.what != "net_migration" and self.value < 0:
            raise ValueError("negative target")
        return self


class Bound(_Model):
    """Fewest and most people of an area."""

    lower: Annotated[float, Field(ge=0.0)] = 0.0
    upper: float | None = None

    @model_validator(mode="after")
    def _order(self) -> Bound:
        if self.upper is not None and self.upper < self.lower:
            raise ValueError("lower bound above upper bound")
        return self


class ForecastSpec(_Model):
    """Everything that decides a forecast.

    ``base``: year at whose end it starts (None: the newest); ``base_years``: component (or ``all``)
    -> years, or year -> weight; ``base_period``: length of the base where no years are given;
    ``trends``: component -> share of the pace of its rates that is left a year later (damping);
    ``control``: weight of shares of growth in the totals of areas (0: rates alone);
    ``combination``: what the program chose instead: ``town`` or ``areas`` -> ``total`` or age
    group -> method -> years ahead -> weight; ``types``:
    component -> area -> name of its type, or ``auto``; ``attractiveness``: area -> factor on
    arrivals; ``rates``: changes of rate tables by hand, applied in their order;
    ``age_step``: single years of age (estimated where the data have groups), or steps of five years
    with the groups as they are; ``planned_housing``: use the projects that the project file keeps
    as well; ``usual_housing``: dwellings a year whose residents are in the rates already, so that
    only completions beyond them bring people; ``housing_shortfall``: fewer completions than usual
    take people away; ``special`` and ``special_dataset``: people held apart; ``changes``: rates
    that change over time, in all scenarios.
    """

    id: str = "main"
    name: str = ""
    note: str = ""
    level: str
    dataset: str | None = None
    country: str = "auto"
    base: int | None = None
    first_year: int | None = None
    years: Annotated[int, Field(ge=1, le=100)] = 15
    base_period: Annotated[int, Field(ge=2, le=40)] = 10
    base_years: dict[str, list[int] | dict[int, Annotated[float, Field(ge=0.0)]]] = {}
    trends: dict[Component, Weight] = {}
    variant: Variant = Variant.FULL
    components: dict[Component, bool] = {}
    control: Annotated[float, Field(ge=0.0, le=1.0)] = 1.0
    combination: dict[Literal["town", "areas"], dict[str, dict[str, dict[int, Weight]]]] = {}
    types: Literal["none", "auto"] | dict[str, dict[str, str]] = "none"
    minimum_population: Annotated[float, Field(ge=0.0)] = 8000.0
    scenarios: list[Scenario] = [Scenario(key="middle")]
    housing: list[HousingProject] = []
    age_step: Literal["single", "five"] = "single"
    planned_housing: bool = True
    usual_housing: UsualHousing = "none"
    housing_shortfall: bool = False
    dwelling_types: dict[str, DwellingType] = {}
    demolition: list[Demolition] = []
    special: list[SpecialGroup] = []
    special_dataset: Literal["auto", "none"] = "auto"
    changes: list[RateChange] = []
    targets: list[Target] = []
    bounds: dict[str, Bound] = {}
    attractiveness: dict[str, Factor] = {}
    rates: list[RateEdit] = []
    seed: Annotated[StrictInt, Field(ge=0, lt=2**64)] = 1
    draws: Annotated[int, Field(ge=0, le=100_000)] = 0

    @model_validator(mode="after")
    def _keys(self) -> ForecastSpec:
        keys = [s.key for s in self.scenarios]
        if not keys or len(set(keys)) < len(keys):
            raise ValueError("scenario keys must be given once each")
        if not all(_KEY.match(k) for k in (*keys, self.id)):
            raise ValueError("keys: small letters, digits and underscores")
        if unknown := set(self.base_years) - {*COMPONENTS, "all"}:
            raise ValueError(f"unknown component: {', '.join(sorted(unknown))}")
        return self

    def switched_on(self, component: str) -> bool:
        """Whether a component takes part: by its switch, else by the variant."""
        given = self.components.get(component)  # type: ignore[call-overload]
        if given is not None:
            return bool(given)
        if component in ("arrivals", "departures"):
            return self.variant is not Variant.NATURAL
        return component != "moves" or self.variant is Variant.FULL

    def weights_of_methods(self) -> dict[str, dict[str, Mapping[str, Mapping[int, float]]]]:
        """The combination: part -> age group -> method -> years ahead -> weight."""
        return {part: dict(groups) for part, groups in self.combination.items()}

    def weights(self) -> dict[str, dict[int, float]]:
        """Component -> year -> weight, as far as given."""
        return {
            component: dict.fromkeys(years, 1.0) if isinstance(years, list) else dict(years)
            for component, years in self.base_years.items()
        }


def three_scenarios() -> list[Scenario]:
    """Lower, middle and upper as usual: fewer or more births and arrivals."""
    note = _("Births {births}, moves in {arrivals} of the middle scenario.")
    lower: dict[Component, float | dict[int, float]] = {"births": 0.93, "arrivals": 0.95}
    upper: dict[Component, float | dict[int, float]] = {"births": 1.07, "arrivals": 1.05}
    return [
        Scenario(key="lower", label=_("Lower"), factors=lower,
                 note=note.format(births="93 %", arrivals="95 %")),
        Scenario(key="middle", label=_("Middle")),
        Scenario(key="upper", label=_("Upper"), factors=upper,
                 note=note.format(births="107 %", arrivals="105 %")),
    ]  # fmt: skip


def load_spec(text: str, file: str | None = None) -> ForecastSpec:
    """The specification of a YAML text; ``UserError`` with one finding per place."""
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise fail(
            "spec-yaml",
            _("The specification of the forecast is no valid YAML."),
            file=file,
            row=None if mark is None else mark.line + 1,
            repair=_("Check indentation and colons."),
        ) from None
    if not isinstance(data, dict):
        raise fail("spec-yaml", _("The specification of the forecast is no valid YAML."), file=file)
    return make_spec(data, file)


def make_spec(data: dict[str, Any], file: str | None = None) -> ForecastSpec:
    """The specification of plain values; ``UserError`` with one finding per place."""
    try:
        return ForecastSpec.model_validate(data)
    except ValidationError as error:
        raise UserError(_finding(e, file) for e in error.errors()) from None


def dump_spec(spec: ForecastSpec) -> str:
    """YAML without what is as usual."""
    data = spec.model_dump(mode="json", exclude_defaults=True)
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False)


def _finding(error: Any, file: str | None) -> Issue:
    place = ".".join(str(p) for p in error["loc"]) or "–"
    reasons = {
        "extra_forbidden": _("There is no such entry."),
        "missing": _("This entry is missing."),
        "int_type": _("A whole number is needed."),
        "int_from_float": _("A whole number is needed."),
        "int_parsing": _("A whole number is needed."),
        "float_parsing": _("A number is needed."),
        "float_type": _("A number is needed."),
        "greater_than_equal": _("The value is too small."),
        "greater_than": _("The value is too small."),
        "less_than_equal": _("The value is too large."),
        "less_than": _("The value is too large."),
    }
    reason = reasons.get(error["type"])
    if error["type"] == "value_error":
        reason = _reason(str(error["ctx"]["error"]))
    return Issue(
        "spec-seed" if error["loc"][:1] == ("seed",) else "spec-entry",
        Severity.ERROR,
        _("“{place}” in the specification of the forecast: {reason}").format(
            place=place, reason=reason or _("The value does not fit.")
        ),
        file=file,
        column=place,
        value=None if isinstance(error.get("input"), (dict, list)) else str(error.get("input")),
        repair=_("Correct this entry."),
    )


def _reason(text: str) -> str:
    known = {
        "negative target": _("A target cannot be negative."),
        "lower bound above upper bound": _("The lower bound lies above the upper bound."),
        "not an age group": _("An age group is written like 20, 18-29 or 65+."),
        "scenario keys must be given once each": _("Each scenario needs a key of its own."),
        "either a factor or a value": _("A change of rates has either a factor or a value."),
        "a change of rates needs a reason": _("A change of rates needs a reason in words."),
        "first age above last age": _("The first age lies above the last one."),
        "destinations take a factor for areas": _(
            "Destinations of moves within the town take a factor for areas only."
        ),
        "keys: small letters, digits and underscores": _(
            "Keys consist of small letters, digits and underscores."
        ),
    }
    return known.get(text, _("The value does not fit."))
