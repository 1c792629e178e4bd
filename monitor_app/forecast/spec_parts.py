"""Parts of a specification that tell of dwellings, of people held apart, and of changing rates."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

#: Components that a scenario can scale or a specification switch off.
COMPONENTS = ("births", "deaths", "arrivals", "departures", "moves", "naturalisation")
Component = Literal["births", "deaths", "arrivals", "departures", "moves", "naturalisation"]
Factor = Annotated[float, Field(ge=0.0, le=10.0)]
Weight = Annotated[float, Field(ge=0.0, le=1.0)]
_AGES = re.compile(r"^(\d{1,3})(?:-(\d{1,3})|(\+))?$")


def age_range(text: str) -> tuple[int, int | None]:
    """``20``, ``18-29`` or ``65+`` as first age and the one after the last (None: open).

    ``ValueError`` for anything else.
    """
    found = _AGES.match(text.strip())
    if not found:
        raise ValueError("not an age group")
    low = int(found[1])
    if found[3]:
        return low, None
    high = int(found[2] or low) + 1
    if high <= low:
        raise ValueError("not an age group")
    return low, high


def _ages(text: str) -> str:
    age_range(text)
    return text


def _written(value: Any) -> Any:
    # YAML reads the age 20 as a number.
    return str(value) if isinstance(value, int) else value


Ages = Annotated[str, BeforeValidator(_written), AfterValidator(_ages)]
Dwellings = dict[int, Annotated[float, Field(ge=0.0)]]
AgeShares = dict[Ages, Annotated[float, Field(ge=0.0)]]
#: Dwellings a year that the base years contain already: none, as many as were completed in them,
#: or area -> number, ``all``: the areas without a number of their own together.
UsualHousing = Literal["none", "completions"] | dict[str, Annotated[float, Field(ge=0.0)]]


class Part(BaseModel):
    """Unknown entries are refused, so that a misspelt one never passes unnoticed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DwellingType(Part):
    """Who moves into a new dwelling: how many, from where, of which ages.

    ``ages``: age group -> share of the first residents, in any unit, spread evenly inside a group;
    none given: as those who arrive in the town.
    """

    persons_per_dwelling: Annotated[float, Field(gt=0.0, le=10.0)]
    share_from_town: Weight = 0.6
    ages: AgeShares = {}


class Demolition(Part):
    """Dwellings of an area that go, by year; those who lived there leave.

    ``share_staying`` of them find a dwelling in another area of the town. ``ages``: age group ->
    share of those who leave; none given: as people live there.
    """

    name: str
    area: str
    dwellings: Dwellings
    persons_per_dwelling: Annotated[float, Field(gt=0.0, le=10.0)] = 1.9
    share_staying: Weight = 0.7
    ages: AgeShares = {}


class SpecialGroup(Part):
    """People of an area who neither age nor take part in rates: a hall, a prison, barracks.

    ``ages``: age group -> share, in any unit; ``sex`` and ``group`` where they are of one only.
    """

    name: str
    area: str
    persons: Annotated[float, Field(ge=0.0)]
    ages: Annotated[AgeShares, Field(min_length=1)]
    sex: Literal["m", "f"] | None = None
    group: str | None = None


class RateChange(Part):
    """A factor on a component, for all years or by year (held until the next, or ``gradual``:
    changing evenly from year to year), of some ages, areas or one group only."""

    component: Component
    factor: Factor | dict[int, Factor]
    ages: Ages | None = None
    areas: list[str] = []
    group: str | None = None
    gradual: bool = False
    note: str = ""

    def at(self, year: int) -> float:
        """Factor in a year; 1 before the first given one."""
        if not isinstance(self.factor, dict):
            return float(self.factor)
        before = [y for y in sorted(self.factor) if y <= year]
        if not before:
            return 1.0
        last = before[-1]
        after = [y for y in sorted(self.factor) if y > year]
        if not self.gradual or not after:
            return float(self.factor[last])
        part = (year - last) / (after[0] - last)
        return float(self.factor[last] + part * (self.factor[after[0]] - self.factor[last]))
