"""What a specification changes about rates, in words: for the window, stored data and paper."""

from __future__ import annotations

from monitor_app.app.forecasting_base_years import base_year_words, usual_words
from monitor_app.app.forecasting_town import Town
from monitor_app.app.forecasting_usual import housing_words
from monitor_app.app.forecastspecs import spec_words
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
    return tuple(found)


def special_words(spec: ForecastSpec) -> tuple[str, ...]:
    """One sentence for everything that is not as usual; nothing where all is."""
    found = []
    if spec.age_step == "single" and (given := base_year_words(spec)):
        found.append(_("Base years: {years}").format(years="; ".join(given)))
    if text := housing_words(spec):
        found.append(text)
    return tuple(found)
