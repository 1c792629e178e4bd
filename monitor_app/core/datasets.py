"""What a project holds: data sets, their origin and where they came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


class Kind(StrEnum):
    POPULATION = "population"  # stock at a day
    BIRTHS = "births"  # events of a year, by age of mother where known
    DEATHS = "deaths"
    MOVES_IN = "moves_in"  # from outside the town; partner = origin type
    MOVES_OUT = "moves_out"
    MOVES_WITHIN = "moves_within"  # area = origin, partner = destination area key
    ARRIVALS_WITHIN = "arrivals_within"  # margins of moves inside the town, no partner
    DEPARTURES_WITHIN = "departures_within"
    MOVES_SAME_AREA = "moves_same_area"  # changes of address inside one area
    COMPLETIONS = "completions"  # dwellings completed; group = house type
    VARIABLE = "variable"  # anything else by area and date
    FACILITIES = "facilities"  # points with attributes


class TimeReference(StrEnum):
    POINT = "point"  # a day (Stichtag)
    PERIOD = "period"  # the calendar year that ends on the stored day


class Origin(StrEnum):
    OBSERVED = "observed"
    ESTIMATED = "estimated"
    PROJECTION = "projection"  # a forecast made elsewhere and imported
    FORECAST = "forecast"  # made here


class Absent(StrEnum):
    """What a combination means that a delivery does not list."""

    MISSING = "missing"
    ZERO = "zero"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """Provenance of a delivery. ``sha256`` of the bytes as read, hex."""

    name: str
    sha256: str
    size: int
    modified: datetime | None = None
    sheet: str | None = None


@dataclass(frozen=True, slots=True)
class DatasetSpec:
    """Everything about a data set except its numbers.

    ``key`` is unique in a project (e.g. ``population``, ``population_single_age``,
    ``variable_mean_income``). Two groupings of one subject are two data sets side by side.
    ``variable`` names the quantity for Kind.VARIABLE (``mean_income``) as formulas see it.
    ``aggregation``: how values of areas make the value of a larger area: ``sum``, ``none`` or
    ``mean:<variable key>`` (weighted by another variable or ``mean:population``).
    """

    key: str
    kind: Kind
    name: str
    level: str
    unit: str = "persons"
    time: TimeReference = TimeReference.POINT
    origin: Origin = Origin.OBSERVED
    absent: Absent = Absent.MISSING
    variable: str | None = None
    aggregation: str = "sum"
    source: str = ""  # as cited on the page, e.g. "Datenquelle: Stadt Wien – data.wien.gv.at"
    labels: dict[str, str] = field(default_factory=dict)  # code -> name, e.g. {"AUT": "Österreich"}


@dataclass(frozen=True, slots=True)
class DatasetInfo:
    """A data set as listed: its spec, extent and totals."""

    spec: DatasetSpec
    dims: tuple[str, ...]
    dates: tuple[date, ...]
    totals: dict[date, float]
    areas: int
    age_axis: str | None
    sources: tuple[SourceFile, ...] = ()
    files: dict[date, tuple[SourceFile, ...]] = field(default_factory=dict)  # per date
    imported_at: datetime | None = None
