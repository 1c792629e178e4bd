"""What a specification changes about rates, in words: for the window, stored data and paper."""

from __future__ import annotations

import numpy as np

from monitor_app.app.forecasting_base_years import base_year_words, usual_words
from monitor_app.app.forecasting_town import Town
from monitor_app.app.forecasting_usual import housing_note, housing_words
from monitor_app.app.forecastspecs import part_names, spec_words
from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _
from monitor_app.forecast.spec import ForecastSpec


def run_words(
    spec: ForecastSpec, town: Town | None, level: str, planned: bool = False
) -> tuple[tuple[str, str], ...]:
    """Heading and text of everything that a run uses; see ``spec_words``."""
    housing = [(_("Usual building"), text)] if (text := housing_words(spec)) else []
    return (*spec_words(spec, town, level, planned), *rate_words(spec, town), *housing)


def rate_words(spec: ForecastSpec, town: Town | None = None) -> tuple[tuple[str, str], ...]:
    """Heading and text of what the rates rest on, for reading in full."""
    found = []
    if spec.age_step == "single":
        given = base_year_words(spec, town)
        text = "; ".join(given)
        if not given:
            text = usual_words(spec)
        elif "all" not in spec.base_years:
            text = _("{given}; otherwise {usual}").format(given=text, usual=usual_words(spec))
        found.append((_("Base years"), text))
        if trends := trend_words(spec):
            found.append((_("Trends"), "; ".join(trends)))
    else:
        found.append((_("Steps of age"), five_words()))
    return tuple(found)


def five_words() -> str:
    return _("steps of five years in five-year age groups, no age is estimated")


def trend_words(spec: ForecastSpec) -> tuple[str, ...]:
    """Trends that go on, with what is left of their pace each year."""
    names = part_names()
    return tuple(
        _("{component}: the trend goes on, {share} per cent of its pace are left each year").format(
            component=names[component], share=format_number(100 * share))
        for component, share in spec.trends.items()
    )  # fmt: skip


def pace_words(pace: float) -> str:
    """A yearly change of a logarithm in per cent."""
    percent = 100 * (np.exp(pace) - 1)
    return _("{percent} per cent a year").format(percent=format_number(percent, 1, signed=True))


def special_words(spec: ForecastSpec, town: Town | None = None) -> tuple[str, ...]:
    """One sentence for everything that is not as usual; nothing where all is."""
    found = []
    if spec.age_step == "single" and (given := base_year_words(spec, town)):
        found.append(_("Base years: {years}").format(years="; ".join(given)))
    if spec.age_step == "single" and (trends := trend_words(spec)):
        found.append("; ".join(trends))
    if spec.age_step == "five":
        found.append(five_words())
    if text := housing_note(spec):
        found.append(text)
    return tuple(found)
