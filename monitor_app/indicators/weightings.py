"""What defines a composite index: its indicators, weights and rules, as read from YAML.

Presets after published methods are in ``resources/catalogue/weightings``; a project keeps its own
as documents of kind ``weighting``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity, UserError, fail
from monitor_app.core.resources import resource_path
from monitor_app.indicators.definitions import Text, Texts
from monitor_app.indicators.normalise import Normalisation

Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Direction = Literal["catalogue", "positive", "negative"]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Component(_Strict):
    """One indicator of the index.

    ``direction``: ``positive`` where a high value raises the index, ``negative`` where it lowers
    it, ``catalogue`` as follows from which end the catalogue calls good.
    """

    indicator: str = Field(min_length=1)
    weight: Weight = 1.0
    direction: Direction = "catalogue"


class ClassDef(_Strict):
    """Classes of an index by fixed limits in its own unit (standard deviations for z-scores).

    ``names`` has one more entry than ``limits``, lowest values first. A value on a limit belongs
    to the class above it.
    """

    limits: tuple[float, ...]
    names: tuple[Text, ...]

    @model_validator(mode="after")
    def _fit(self) -> ClassDef:
        if list(self.limits) != sorted(set(self.limits)):
            raise ValueError("limits must rise")
        if len(self.names) != len(self.limits) + 1:
            raise ValueError("there must be one name more than limits")
        return self


class DynamicsDef(_Strict):
    """The second dimension: change of the indicators over ``years``, in their own units.

    ``components`` empty: those of the status. Changes are always made z-scores like the status.
    """

    years: int = Field(default=2, ge=1, le=30)
    components: tuple[Component, ...] = ()
    classes: ClassDef | None = None


class Weighting(_Strict):
    """A composite index.

    ``meaning``: what a high index stands for; it decides the direction of indicators that the
    catalogue calls better or worse. ``base_date``: the date whose areas fix the scales; None:
    each date has its own, and years do not compare. ``missing``: what happens where an indicator
    has no value. ``constant``: an indicator that is the same everywhere either gives every area
    the middle of the scale, or is left out. ``minimum_inhabitants``: areas below are left out of
    scales and index. ``restandardise``: the weighted sum is made a z-score again, so that class
    limits count in its standard deviations.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")
    name: Text
    description: Text = Texts()
    caveat: Text = Texts()
    meaning: Literal["burden", "quality"] = "burden"
    components: tuple[Component, ...] = Field(min_length=1)
    normalisation: Normalisation = Normalisation.ZSCORE
    aggregation: Literal["arithmetic", "geometric"] = "arithmetic"
    missing: Literal["missing", "renormalise"] = "missing"
    constant: Literal["middle", "exclude"] = "middle"
    base_date: date | None = None
    minimum_inhabitants: float = Field(default=0, ge=0, allow_inf_nan=False)
    restandardise: bool = False
    classes: ClassDef | None = None
    dynamics: DynamicsDef | None = None
    sources: tuple[str, ...] = ()

    @field_validator("components", mode="after")
    @classmethod
    def _once(cls, value: tuple[Component, ...]) -> tuple[Component, ...]:
        names = [c.indicator for c in value]
        if len(set(names)) != len(names):
            raise ValueError("an indicator stands in the index twice")
        return value

    @model_validator(mode="after")
    def _positive(self) -> Weighting:
        if self.aggregation == "geometric":
            if not self.normalisation.bounded:
                raise ValueError("the geometric mean needs min–max, rank or percentile")
            if self.restandardise:
                raise ValueError("a geometric index cannot be made a z-score")
        return self

    @property
    def indicators(self) -> tuple[str, ...]:
        return tuple(c.indicator for c in self.components)

    @property
    def weights(self) -> tuple[float, ...]:
        return tuple(c.weight for c in self.components)

    def with_weights(self, weights: Sequence[float]) -> Weighting:
        """The same index with other weights, one per component. ``UserError`` for weights below
        zero or not finite."""
        parts = zip(self.components, weights, strict=True)
        changed = [{**c.model_dump(), "weight": float(w)} for c, w in parts]
        try:
            return Weighting.model_validate({**self.model_dump(), "components": changed})
        except ValidationError as error:
            raise form_error(error) from None

    def changes(self) -> Weighting | None:
        """The index of the changes as a weighting of its own, None without dynamics."""
        if self.dynamics is None:
            return None
        return self.model_copy(
            update={
                "components": self.dynamics.components or self.components,
                "classes": self.dynamics.classes,
                "dynamics": None,
            }
        )


def load_weighting(text: str, place: str = "") -> Weighting:
    """Read a weighting from YAML; ``UserError`` with one issue per fault."""
    try:
        content: Any = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        raise fail(
            "weighting-yaml",
            _("The weighting is not readable as YAML."),
            file=place or None,
            row=None if mark is None else mark.line + 1,
            repair=_("Check indents and colons around this line."),
        ) from None
    try:
        return Weighting.model_validate(content)
    except ValidationError as error:
        raise form_error(error, place) from None


def form_error(error: ValidationError, place: str = "") -> UserError:
    """What does not fit, entry by entry."""
    found = error.errors(include_url=False, include_context=False)
    inner = {item["loc"][0] for item in found if len(item["loc"]) > 1}
    return UserError(
        Issue(
            "weighting-form",
            Severity.ERROR,
            _("Weighting: the entry “{field}” does not fit ({problem}).").format(
                field=".".join(str(part) for part in item["loc"]) or "–",
                problem=_problem(item["type"], item["msg"]),
            ),
            file=place or None,
            column=".".join(str(part) for part in item["loc"]) or None,
        )
        for item in found
        # A list that lost its faulty entries is no fault of its own.
        if not (len(item["loc"]) == 1 and item["loc"][0] in inner)
    )


def _problem(kind: str, message: str) -> str:
    """The usual faults in the user's language, rare ones as the library tells them."""
    known = {
        "missing": _("it is missing"),
        "extra_forbidden": _("it is not known"),
        "greater_than_equal": _("it is too small"),
        "finite_number": _("it is no number"),
        "float_parsing": _("it is no number"),
        "float_type": _("it is no number"),
        "too_short": _("it is empty"),
        "string_too_short": _("it is empty"),
        "enum": _("it is none of the possible values"),
        "literal_error": _("it is none of the possible values"),
        "date_from_datetime_parsing": _("it is no date"),
    }
    return known.get(kind, message)


def dump_weighting(weighting: Weighting) -> str:
    """YAML that ``load_weighting`` reads back to an equal weighting."""
    content = weighting.model_dump(mode="json", exclude_defaults=True)
    return yaml.safe_dump(content, allow_unicode=True, sort_keys=False)


@lru_cache(maxsize=1)
def shipped_weightings() -> tuple[Weighting, ...]:
    """The presets that come with the application, by file name."""
    folder = resource_path("catalogue", "weightings")
    return tuple(
        load_weighting(path.read_text(encoding="utf-8"), path.name)
        for path in sorted(folder.glob("*.yaml"))
    )
