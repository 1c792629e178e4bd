"""Rates for towns that lack events of their own, from the shipped tables with their source."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import yaml
from pydantic import BaseModel, ConfigDict

from monitor_app.core.i18n import LANGUAGE, _
from monitor_app.core.issues import fail
from monitor_app.core.resources import resource_path
from monitor_app.forecast.state import Array

_FOLDER = ("catalogue", "forecast")


class CountryTables(BaseModel):
    """One country's file: rates by mid-year of five-year periods."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    country: str
    name: dict[str, str]
    source: str
    death_ages: tuple[int, ...]
    deaths_m: dict[int, tuple[float, ...]]
    deaths_f: dict[int, tuple[float, ...]]
    birth_ages: tuple[int, ...]
    births: dict[int, tuple[float, ...]]
    boys_per_girl: float


@dataclass(frozen=True, eq=False)
class Defaults:
    """Schedules of a country at a year. ``death`` (sex m, f; ages) annual hazards of the cohort
    that reaches an age; ``fertility`` (ages,) births per woman by completed age; ``girls`` share of
    girls; ``mortality_slope`` yearly change of the log of the death rates."""

    source: str
    death: Array
    fertility: Array
    girls: float
    mortality_slope: float


def countries() -> tuple[str, ...]:
    """Codes of the countries that tables are shipped for."""
    return tuple(sorted(p.stem for p in resource_path(*_FOLDER).glob("[A-Z][A-Z].yaml")))


@cache
def _tables(country: str) -> CountryTables:
    path = resource_path(*_FOLDER, f"{country}.yaml")
    if country not in countries():
        raise fail(
            "forecast-country",
            _("There are no default rates for the country “{country}”.").format(country=country),
            value=country,
            repair=_("Known are: {names}.").format(names=", ".join(countries())),
        )
    return CountryTables.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


def country_name(country: str) -> str:
    """Name of a country in the user's language."""
    name = _tables(country).name
    return name.get(LANGUAGE.code, name["en"])


def defaults(country: str, year: int, ages: int) -> Defaults:
    """Rates as they could be known in ``year``: periods that had ended by then, carried on by
    their own trend. ``ages`` counts single years, the last one open. ``UserError`` for a country
    without tables."""
    tables = _tables(country)
    death = np.array([_death(tables, sex, year, ages, year) for sex in ("m", "f")])
    earlier = np.array([_death(tables, sex, year - 10, ages, year) for sex in ("m", "f")])
    old = slice(min(40, ages - 1), min(90, ages))
    slope = float(np.mean(np.log(death[:, old] / earlier[:, old]))) / 10.0
    return Defaults(
        tables.source, death, _births(tables, year, ages),
        1.0 / (1.0 + tables.boys_per_girl), min(slope, 0.0),
    )  # fmt: skip


def _known(series: dict[int, tuple[float, ...]], year: int) -> list[int]:
    """Mid-years of periods that lie in the past, at least the two oldest."""
    known = sorted(series)
    past = [y for y in known if y + 2 <= year]
    return past if len(past) > 1 else known[:2]


def _at(series: dict[int, tuple[float, ...]], year: int, seen_in: int) -> Array:
    """Logarithms at a year by what was known in ``seen_in``: between two periods, or carried on
    from the last ones."""
    known = _known(series, seen_in)
    logs = np.log(np.maximum(np.array([series[y] for y in known], dtype=np.float64), 1e-9))
    if year >= known[-1]:
        # Half the pace of the last ten years: a trend that is carried on is often too bold.
        back = max(len(known) - 3, 0)
        pace = (logs[-1] - logs[back]) / (known[-1] - known[back])
        return np.asarray(logs[-1] + 0.5 * pace * (year - known[-1]), dtype=np.float64)
    right = int(np.searchsorted(known, year))
    if right == 0:
        return np.asarray(logs[0], dtype=np.float64)
    part = (year - known[right - 1]) / (known[right] - known[right - 1])
    return np.asarray(logs[right - 1] * (1 - part) + logs[right] * part, dtype=np.float64)


def _death(tables: CountryTables, sex: str, year: int, ages: int, seen_in: int) -> Array:
    """Hazards (ages,) of the cohorts that reach an age: half a year of each of two ages."""
    logs = _at(tables.deaths_m if sex == "m" else tables.deaths_f, year, seen_in)
    lows = np.array(tables.death_ages, dtype=np.float64)
    middle = lows + np.append(np.diff(lows), 5.0) / 2.0
    years = np.arange(ages + 20) + 0.5
    rates = np.exp(np.interp(years, middle, logs))
    rates[0] = np.exp(logs[0])
    cohort = np.append(rates[0], (rates[1:] + rates[:-1]) / 2.0)
    # The open group dies as a stationary population of its ages would.
    alive = np.exp(-np.cumsum(rates))
    cohort[ages - 1] = np.average(cohort[ages - 1 :], weights=alive[ages - 1 :])
    return cohort[:ages]


def _births(tables: CountryTables, year: int, ages: int) -> Array:
    """Births per woman (ages,) by single age, the five-year totals kept."""
    rates = np.exp(_at(tables.births, year, year))
    lows = np.array(tables.birth_ages)
    width = int(lows[1] - lows[0])
    middle = np.concatenate([[lows[0] - 1.0], lows + width / 2.0, [lows[-1] + width + 1.0]])
    years = np.arange(ages) + 0.5
    found = np.interp(years, middle, np.concatenate([[0.0], rates, [0.0]]))
    for low, rate in zip(lows, rates, strict=True):
        part = slice(int(low), int(low) + width)
        total = found[part].sum()
        found[part] *= rate * width / total if total > 0 else 0.0
    found[: int(lows[0])] = 0.0
    found[int(lows[-1]) + width :] = 0.0
    return np.asarray(found, dtype=np.float64)


class _Childhood(BaseModel):
    level: float
    fall: float


class _Labour(BaseModel):
    level: float
    peak: float
    fall: float
    rise: float


class MobilityModel(BaseModel):
    """The model migration schedule."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str
    childhood: _Childhood
    labour: _Labour
    constant: float
    crude_rate: float


@cache
def _mobility() -> MobilityModel:
    text = resource_path(*_FOLDER, "migration.yaml").read_text(encoding="utf-8")
    return MobilityModel.model_validate(yaml.safe_load(text))


def mobility(ages: int) -> Array:
    """Moves per person and year (ages,) by the model schedule, about ``crude_rate`` on average."""
    model, x = _mobility(), np.arange(ages, dtype=np.float64)
    after = x - model.labour.peak
    shape = (
        model.childhood.level * np.exp(-model.childhood.fall * x)
        + model.labour.level
        * np.exp(-model.labour.fall * after - np.exp(-model.labour.rise * after))
        + model.constant
    )
    return np.asarray(shape * (model.crude_rate / shape[:80].mean()), dtype=np.float64)
