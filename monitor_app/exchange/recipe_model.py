"""What a recipe can say: how the columns of one delivery become areas, numbers and points.

A recipe is data. Everything that is particular to a town (names of columns, codes, spellings of
keys) stands in its YAML file; the code knows only the kinds of statements listed here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from monitor_app.core.backdrops import BackdropLook
from monitor_app.core.datasets import Absent, Kind, Origin, TimeReference
from monitor_app.core.i18n import LANGUAGE

Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]


def _compiles(text: str) -> str:
    try:
        re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"not a regular expression: {error}") from error
    return text


def _day_of_year(text: str) -> str:
    try:
        date.fromisoformat(f"2000-{text}")
    except ValueError as error:
        raise ValueError("not a day of the year (month-day such as 12-31)") from error
    return text


Regex = Annotated[str, AfterValidator(_compiles)]


class Strict(BaseModel):
    """Unknown fields are refused, so that a misspelt option never passes unnoticed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(Strict):
    """A name in German and English; a plain text serves for both."""

    de: str
    en: str = ""

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        return {"de": value, "en": value} if isinstance(value, str) else value

    def __str__(self) -> str:
        return (self.en or self.de) if LANGUAGE.code == "en" else self.de


class RowFilter(Strict):
    """Rows whose cell in ``column`` is one of ``equals``, matches ``pattern`` or is ``empty``."""

    column: str
    equals: tuple[str, ...] = ()
    pattern: Regex | None = None
    empty: bool = False
    role: Literal["total", "subtotal", "note", "other"] = "other"

    @field_validator("equals", mode="before")
    @classmethod
    def _one(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value


class KeyRule(Strict):
    """How the text of a cell becomes an area key, in the order of the fields.

    ``take_first`` keeps so many leading characters; ``pad`` fills with zeros on the left.
    """

    column: str | None = None
    fixed: str | None = None
    strip_prefix: str = ""
    strip_suffix: str = ""
    take_first: int | None = None
    pad: int | None = None
    add_prefix: str = ""
    add_suffix: str = ""
    map: dict[str, str] = {}

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        return {"column": value} if isinstance(value, str) else value


class ParentRule(KeyRule):
    """Where the parent in ``level`` is written: in a column, in the area's own key
    (``from_key``, then cut and filled like any key), or nowhere (``spatial``: derived)."""

    level: Key
    from_key: bool = False
    spatial: bool = False

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        return value


class LevelRule(Strict):
    key: Key
    name: Text
    rank: int = Field(ge=1, le=99)
    key_width: int | None = None


class AreaEntry(Strict):
    key: str
    name: str
    parents: dict[str, str] = {}


class DateRule(Strict):
    """Where the date stands: a column, the name of the file, the title lines, or fixed.

    A bare year means the day ``year_day`` (``12-31`` unless told) of that year. ``shift_years``
    moves it: counts "at the beginning of 2026" of a file that names them 2025 need 1.
    ``pattern`` finds the date in the text (its first group, or all of it).
    """

    column: str | None = None
    file: Regex | None = None
    title: Regex | None = None
    sheet: Regex | None = None
    header: bool = False
    fixed: str | None = None
    pattern: Regex | None = None
    year_day: Annotated[str, AfterValidator(_day_of_year)] = "12-31"
    shift_years: int = 0

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        return {"column": value} if isinstance(value, str) else value


class CodeRule(Strict):
    """A dimension written in a column (``map`` from the file's codes to ours) or fixed.

    Without ``map`` sexes and ages are understood from their usual spellings and other codes
    are taken as they are. ``other`` catches all codes that the map does not list. ``sheet``
    finds the text in the name of the sheet (its first group, or all of it).
    """

    column: str | None = None
    fixed: str | None = None
    sheet: Regex | None = None
    map: dict[str, str] = {}
    other: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        return {"column": value} if isinstance(value, str) else value


class AgeRule(CodeRule):
    """Ages; ``last_open``: the highest age of each date stands for "and older";
    ``open_from`` sums everything from that age on into one open group; ``axis`` states all groups
    (``0..100+`` or ``0,3,6,10+``), so that every delivery has the same ones. ``shift`` is added to
    codes that count on from another number than the age (-1: code 1 is age 0); ``birth_year``: the
    texts are years of birth, counted at the end or the beginning of a year."""

    axis: str | None = Field(default=None, pattern=r"^(\d+\.\.\d+\+?|\d+(,\d+)*\+?)$")
    last_open: bool = False
    open_from: int | None = None
    shift: int = Field(default=0, ge=-2000, le=150)
    birth_year: bool = False


class ValueColumn(Strict):
    """A column with numbers and what it stands for in the dimensions that have no column.

    ``pattern`` is a regular expression that must match the whole header; ``{1}`` in the
    coordinates is its first group, so one entry describes all age columns of a wide file.
    """

    column: str | None = None
    pattern: Regex | None = None
    area: str | None = None
    date: str | None = None
    sex: str | None = None
    group: str | None = None
    partner: str | None = None
    age: str | None = None
    subtract: bool = False

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        return {"column": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_way(self) -> ValueColumn:
        if (self.column is None) == (self.pattern is None):
            raise ValueError("give either column or pattern")
        return self


class Control(Strict):
    """A total that the file states itself: a column of the same row, or total rows."""

    column: str
    rows: tuple[RowFilter, ...] = ()


class AreasContent(Strict):
    """Areas of one level, from a layer or table, or listed in the recipe (``list``)."""

    kind: Literal["areas"]
    level: LevelRule
    key: KeyRule | None = None
    name: CodeRule | None = None
    parents: tuple[ParentRule, ...] = ()
    valid_from: DateRule | None = None
    valid_to: DateRule | None = None
    crs: str | None = None
    list: tuple[AreaEntry, ...] = ()
    only: tuple[RowFilter, ...] = ()
    ignore: tuple[RowFilter, ...] = ()
    sheets: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _has_key(self) -> AreasContent:
        if self.key is None and not self.list:
            raise ValueError("areas need a key column or a list")
        return self


class FactContent(Strict):
    """Numbers by area and date: a stock, events or any other variable."""

    kind: Literal[
        "population", "births", "deaths", "moves_in", "moves_out", "moves_within",
        "arrivals_within", "departures_within", "moves_same_area", "completions", "variable",
    ]  # fmt: skip
    dataset: Key
    name: Text
    level: Key
    area: KeyRule | None = None
    date: DateRule
    sex: CodeRule | None = None
    group: CodeRule | None = None
    partner: CodeRule | None = None
    partner_key: KeyRule | None = None
    age: AgeRule | None = None
    values: tuple[ValueColumn, ...] = Field(min_length=1)
    labels: dict[str, Text] = {}
    unit: str = "persons"
    time: TimeReference | None = None
    origin: Origin = Origin.OBSERVED
    absent: Absent = Absent.MISSING
    empty: Absent = Absent.MISSING
    variable: Key | None = None
    aggregation: str = Field(default="sum", pattern=r"^(sum|none|mean:[a-z][a-z0-9_]*)$")
    negative: bool = False
    fractions: bool = False
    unknown_areas: Literal["error", "keep"] = "error"
    unknown_parents: tuple[ParentRule, ...] = ()
    duplicates: Literal["error", "sum"] = "error"
    repair: tuple[Literal["date_from_block"], ...] = ()
    control: Control | None = None
    only: tuple[RowFilter, ...] = ()
    ignore: tuple[RowFilter, ...] = ()
    sheets: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _complete(self) -> FactContent:
        if self.kind == "variable" and self.variable is None:
            raise ValueError("a variable needs its name in `variable`")
        return self

    @property
    def subject(self) -> Kind:
        return Kind(self.kind)

    @property
    def time_reference(self) -> TimeReference:
        """Events belong to a period unless the recipe says otherwise, the rest to a day."""
        if self.time is not None:
            return self.time
        stock = self.subject in (Kind.POPULATION, Kind.VARIABLE)
        return TimeReference.POINT if stock else TimeReference.PERIOD

    @property
    def counts(self) -> bool:
        """Whether the numbers are counts, so that negative or broken ones are wrong."""
        return self.subject is not Kind.VARIABLE or (
            self.aggregation == "sum" and not self.fractions
        )


class AttributeRule(Strict):
    column: str
    number: bool = False

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        return {"column": value} if isinstance(value, str) else value


class FacilitiesContent(Strict):
    """Points: from the geometry of a layer, or from two columns with coordinates."""

    kind: Literal["facilities"]
    dataset: Key
    name: Text
    level: Key = "city"
    x: str | None = None
    y: str | None = None
    crs: str | None = None
    attributes: dict[str, AttributeRule]
    only: tuple[RowFilter, ...] = ()
    ignore: tuple[RowFilter, ...] = ()
    sheets: tuple[str, ...] = ()

    @field_validator("attributes")
    @classmethod
    def _named(cls, value: dict[str, AttributeRule]) -> dict[str, AttributeRule]:
        if "name" not in value:
            raise ValueError("facilities need an attribute `name`")
        return value


class PersonsContent(Strict):
    """One row per person (or event): counted while reading, no row is kept.

    The age is read from ``age`` or computed from ``birth_date`` at the date of the row.
    ``open_from`` is the first age of the open last group.
    """

    kind: Literal["persons"]
    counts: Literal[
        "population", "births", "deaths", "moves_in", "moves_out", "moves_within",
    ]  # fmt: skip
    dataset: Key
    name: Text
    level: Key
    area: KeyRule
    date: DateRule
    sex: CodeRule | None = None
    group: CodeRule | None = None
    partner: CodeRule | None = None
    partner_key: KeyRule | None = None
    age: str | None = None
    birth_date: str | None = None
    open_from: int = Field(default=100, ge=1, le=150)
    labels: dict[str, Text] = {}
    time: TimeReference | None = None
    origin: Origin = Origin.OBSERVED
    unknown_areas: Literal["error", "keep"] = "error"
    only: tuple[RowFilter, ...] = ()
    ignore: tuple[RowFilter, ...] = ()
    sheets: tuple[str, ...] = ()


class BridgeContent(Strict):
    """Shares of old areas in new ones at a territorial reform (Umsteigeschlüssel), one row per
    pair. ``date`` is the first day of the new areas. ``weights`` names the columns with shares of
    inhabitants (``pop``), surface (``area``) and dwellings (``dwellings``); ``percent``: they are
    written as 0..100."""

    kind: Literal["bridge"]
    name: Text
    level: Key
    from_key: KeyRule
    to_key: KeyRule
    date: DateRule
    weights: dict[Literal["pop", "area", "dwellings"], str] = Field(min_length=1)
    percent: bool = False
    only: tuple[RowFilter, ...] = ()
    ignore: tuple[RowFilter, ...] = ()
    sheets: tuple[str, ...] = ()

    @field_validator("weights")
    @classmethod
    def _inhabitants(cls, value: dict[str, str]) -> dict[str, str]:
        if "pop" not in value:
            raise ValueError("a bridge needs the shares of inhabitants in `pop`")
        return value


class BackdropContent(Strict):
    """A layer that is only drawn: water and greenery below the map, lines and borders over it.
    ``layer`` is its key in the project."""

    kind: Literal["backdrop"]
    layer: Key
    name: Text
    look: BackdropLook
    crs: str | None = None
    only: tuple[RowFilter, ...] = ()
    ignore: tuple[RowFilter, ...] = ()
    sheets: tuple[str, ...] = ()


class ProjectsContent(Strict):
    """Planned housing projects, one row each.

    ``dwellings``: type of dwelling -> column with their number; ``start``: column with the year of
    the first occupation; ``shares``: columns with the share that is moved into in that year, the
    next one, …; ``named``: pattern in the name of a project -> type of all its dwellings.
    """

    kind: Literal["projects"]
    dataset: Key
    name: Text
    level: Key
    id: str
    project: str
    area: KeyRule
    start: str
    dwellings: dict[Key, str] = Field(min_length=1)
    named: dict[Regex, Key] = {}
    shares: tuple[str, ...] = ()
    percent: bool = False
    probability: str | None = None
    state: str | None = None
    labels: dict[str, Text] = {}
    only: tuple[RowFilter, ...] = ()
    ignore: tuple[RowFilter, ...] = ()
    sheets: tuple[str, ...] = ()


Content = Annotated[
    AreasContent
    | FactContent
    | FacilitiesContent
    | PersonsContent
    | BridgeContent
    | ProjectsContent
    | BackdropContent,
    Field(discriminator="kind"),
]


class MatchRule(Strict):
    """Which tables a recipe is for: file name patterns (``*``), sheets or layers, and columns
    that must all be there (the fingerprint of the header)."""

    files: tuple[str, ...] = ()
    sheets: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    patterns: tuple[Regex, ...] = ()


class NumberRule(Strict):
    """How numbers are written, where the cells themselves cannot prove it."""

    decimal: Literal[",", "."] | None = None
    thousands: Literal[",", ".", " ", "'", "none"] | None = None
    columns: dict[str, Literal[",", "."]] = {}


class Recipe(Strict):
    """How one delivery is read. ``prefixes``: column -> what stands before every code in it and is
    left away (``C11-`` in ``C11-1``). ``proposed`` lists the reasons of a recipe that was
    guessed."""

    id: Key
    name: Text
    description: Text | None = None
    source: str = ""
    match: MatchRule = MatchRule()
    numbers: NumberRule = NumberRule()
    prefixes: dict[str, str] = {}
    contents: tuple[Content, ...] = Field(min_length=1)
    proposed: tuple[str, ...] = ()

    @property
    def facts(self) -> tuple[FactContent, ...]:
        return tuple(c for c in self.contents if isinstance(c, FactContent))

    def label_of(self, labels: Mapping[str, Text]) -> dict[str, str]:
        return {code: str(text) for code, text in labels.items()}
