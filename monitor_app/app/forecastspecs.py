"""What a planner decides about a forecast: drafts, presets, words for it, the data check."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from monitor_app.app.forecasting_events import Source
from monitor_app.app.forecasting_town import (
    Town,
    choose_population,
    component_names,
    method_names,
)
from monitor_app.app.scenarios import PREFIX
from monitor_app.app.session import Session
from monitor_app.core.areas import CITY
from monitor_app.core.batch import ImportBatch
from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _
from monitor_app.core.issues import UserError
from monitor_app.core.planned import DOCUMENT as HOUSING
from monitor_app.forecast.spec import (
    ForecastSpec,
    Scenario,
    Variant,
    dump_spec,
    load_spec,
    make_spec,
    three_scenarios,
)

KIND = PREFIX
#: Draws offered: none, for a look, for publication.
DRAWS = (0, 200, 1000)
#: Years in which migration was unusual in many towns of Germany, Austria and Switzerland.
UNUSUAL = (2015, 2016, 2020, 2021, 2022)
_MIGRATION = ("arrivals", "departures", "moves")


# -- keeping ------------------------------------------------------------------------------------


def stored_specs(session: Session) -> dict[str, ForecastSpec]:
    """Specifications of the project by id; those that cannot be read are left out."""
    found = {}
    for key, text in session.project.documents(KIND).items():
        try:
            found[key] = load_spec(text)
        except UserError:
            continue
    return found


def keep_spec(session: Session, spec: ForecastSpec, label: str = "") -> bool:
    """Store a specification, undoable; changes of one in a row are one step. False where it is
    there already."""
    text = label or _("Assumptions of the forecast “{name}”").format(name=spec_name(spec))
    done = session.project.put_document(
        KIND, spec.id, dump_spec(spec), text, merge=f"{KIND}:{spec.id}"
    )
    return done is not None


def remove_forecast(session: Session, spec: ForecastSpec) -> None:
    """*Slow.* Remove the numbers of a forecast, then its specification."""
    start = f"{spec.id}/"
    own = tuple(k for s in session.scenarios() if s.key.startswith(start) for k in s.datasets)
    label = _("Delete forecast “{name}”").format(name=spec_name(spec))
    if own:
        session.apply(ImportBatch(label, (), removed=own))
    session.project.delete_document(KIND, spec.id, label)


def spec_name(spec: ForecastSpec) -> str:
    return spec.name or (_("Forecast") if spec.id == "main" else spec.id)


def changed(spec: ForecastSpec, **changes: Any) -> ForecastSpec:
    """A specification with other entries; ``UserError`` with the place of what does not fit."""
    return make_spec({**spec.model_dump(mode="json", exclude_defaults=True), **changes})


# -- drafts and presets ---------------------------------------------------------------------------


def offered_levels(session: Session) -> tuple[str, ...]:
    """Levels with a population by age, the whole town included."""
    infos, areas = session.project.datasets(), session.areas
    found = []
    for level in areas.levels:
        try:
            choose_population(infos, areas, level.key)
        except UserError:
            continue
        found.append(level.key)
    return tuple(found)


def draft(session: Session, taken: Collection[str] = ()) -> ForecastSpec | None:
    """A first specification: the shown level, fifteen years, three scenarios, ranges for a look.
    None where no level has a population by age."""
    levels = offered_levels(session)
    if not levels:
        return None
    level = session.view.level if session.view.level in levels else levels[-1]
    number = 2
    key = "main"
    while key in taken:
        key, number = f"forecast_{number}", number + 1
    name = "" if key == "main" else _("Forecast {number}").format(number=number - 1)
    return ForecastSpec(id=key, name=name, level=level, scenarios=three_scenarios(), draws=DRAWS[1])


@dataclass(frozen=True)
class Preset:
    """A ready set of assumptions: ``changes`` of a specification."""

    key: str
    name: str
    about: str
    changes: dict[str, Any]


def presets(years: Sequence[int] = ()) -> tuple[Preset, ...]:
    """Presets; ``years`` of the events that are known, for those that leave some out."""
    usual = [y for y in years if y not in UNUSUAL]
    only = [Scenario(key="middle", label=_("Middle")).model_dump(mode="json")]
    three = [s.model_dump(mode="json") for s in three_scenarios()]
    found = [
        Preset(
            "three", _("Lower, middle and upper scenario"),
            _("Three courses for reports: births ±7 %, moves in ±5 %."),
            {"scenarios": three, "variant": Variant.FULL, "components": {}},
        ),
        Preset(
            "middle", _("Middle scenario only"), _("One course, with probable ranges."),
            {"scenarios": only, "variant": Variant.FULL, "components": {}},
        ),
        Preset(
            "no_housing", _("With and without housing projects"),
            _("What the listed housing projects contribute."),
            {"scenarios": [*only, Scenario(
                key="without_housing", label=_("Without housing projects"), housing=False,
                note=_("No housing project is built.")).model_dump(mode="json")]},
        ),
        Preset(
            "natural", _("Natural change only"),
            _("Births and deaths, nobody moves: shows what migration does."),
            {"scenarios": only, "variant": Variant.NATURAL, "components": {}},
        ),
    ]  # fmt: skip
    if usual and len(usual) < len(years):
        found.append(
            Preset(
                "usual", _("Leave out unusual years of migration"),
                _("Moves without 2015/16 and 2020 to 2022."),
                {"base_years": dict.fromkeys(_MIGRATION, usual)},
            )
        )  # fmt: skip
    return tuple(found)


# -- words ----------------------------------------------------------------------------------------


def part_names() -> dict[str, str]:
    """Components that a scenario can change, in the order of tables."""
    return {
        "births": _("Births"),
        "deaths": _("Deaths"),
        "arrivals": _("Moves in from outside"),
        "departures": _("Moves out of the town"),
        "moves": _("Moves inside the town"),
        "naturalisation": _("Naturalisations"),
    }


def variant_names() -> dict[Variant, tuple[str, str]]:
    """Names of the basic variants, and what each one means."""
    return {
        Variant.FULL: (_("With all moves"), _("Births, deaths, moves across the town limits and"
                                              " inside the town")),
        Variant.EXTERNAL: (_("Without moves inside the town"),
                           _("Births, deaths and moves across the town limits")),
        Variant.NATURAL: (_("Natural change only"), _("Births and deaths, nobody moves")),
    }  # fmt: skip


def keeps_housing(session: Session) -> bool:
    """Whether the project keeps a list of planned housing."""
    return bool(session.project.documents(HOUSING))


def builds(spec: ForecastSpec, planned: bool) -> bool:
    """Whether a forecast has housing projects; ``planned``: the project keeps some."""
    return bool(spec.housing) or (spec.planned_housing and planned)


def scenario_name(scenario: Scenario) -> str:
    known = {"lower": _("Lower"), "middle": _("Middle"), "upper": _("Upper")}
    return scenario.label or known.get(scenario.key, scenario.key)


def scenario_words(spec: ForecastSpec, scenario: Scenario, planned: bool = False) -> str:
    """What a scenario assumes, in a sentence; ``planned``: the project keeps planned housing."""
    names, parts = part_names(), []
    for component, given in scenario.factors.items():
        if not spec.switched_on(component):
            continue
        if isinstance(given, dict):
            steps = ", ".join(
                _("from {year} {share} per cent").format(year=y, share=_percent(f))
                for y, f in sorted(given.items())
            )
            parts.append(f"{names[component]} {steps}")
        elif given != 1.0:
            parts.append(f"{names[component]} {_percent(given)} %")
    text = "; ".join(parts) if parts else _("rates as in the base years")
    if builds(spec, planned):
        text += "; " + (
            _("housing projects as planned") if scenario.housing else _("no housing projects")
        )
    return text[:1].upper() + text[1:] + "."


def _percent(factor: float) -> str:
    share = round(100 * factor, 1)
    return format_number(share, 0 if share == round(share) else 1)


def spec_words(
    spec: ForecastSpec, town: Town | None, level: str, planned: bool = False
) -> tuple[tuple[str, str], ...]:
    """Heading and text of everything that a run will use, for reading before it starts;
    ``planned``: the project keeps planned housing."""
    found = [(_("Level"), level)]
    if town is not None:
        first, last = town.years[-1] + 1, town.years[-1] + spec.years
        found += [
            (
                _("Base"),
                _("{people} people in {areas} areas at the end of {year}").format(
                    people=format_number(float(town.register.stocks[-1].sum())),
                    areas=format_number(len(town.layout.areas)), year=town.years[-1],
                ),
            ),
            (_("Years"), _("{first} to {last}").format(first=first, last=last)),
        ]  # fmt: skip
    else:
        found.append((_("Years"), format_number(spec.years)))
    found.append((_("What changes"), variant_names()[spec.variant][1]))
    off = [n for c, n in part_names().items() if spec.components.get(c) is False]  # type: ignore[call-overload]
    if off:
        found.append((_("Left out"), ", ".join(off)))
    for scenario in spec.scenarios:
        found.append((scenario_name(scenario), scenario_words(spec, scenario, planned)))
    if spec.combination:
        found.append((_("Settings"), _("chosen by the test on the past")))
    for heading, items in (
        (_("Changes of rates by hand"), spec.rates), (_("Rates over time"), spec.changes),
        (_("Demolition"), spec.demolition), (_("People held apart"), spec.special),
        (_("Housing projects"), spec.housing), (_("Targets"), spec.targets),
        (_("Bounds"), spec.bounds), (_("Attractiveness"), spec.attractiveness),
    ):  # fmt: skip
        if items:
            found.append((heading, format_number(len(items))))
    found.append(
        (
            _("Probable ranges"),
            _("{draws} draws, seed {seed}").format(draws=format_number(spec.draws), seed=spec.seed)
            if spec.draws
            else _("none: no draws are made"),
        )
    )
    return tuple(found)


# -- the data check -------------------------------------------------------------------------------


@dataclass(frozen=True)
class PartFound:
    """A component and how it can be forecast: ``grade`` 3 counted, 2 derived, 1 defaults, 0 not
    known; ``wanted``: what would make it better."""

    component: str
    name: str
    grade: int
    method: str
    wanted: str


def grade_names() -> dict[int, str]:
    return {3: _("counted"), 2: _("derived"), 1: _("defaults"), 0: _("not known")}


#: Components that the net migration of a cohort cannot tell apart.
_OF_THE_BALANCE = ("arrivals", "departures", "moves_in", "moves_out")
_GRADES = {
    Source.REGISTER: 3, Source.ALLOTTED: 3, Source.COUNTED_BACK: 2, Source.RESIDUAL: 2,
    Source.DEFAULT: 1, Source.NONE: 0,
}  # fmt: skip


def parts_found(town: Town) -> tuple[PartFound, ...]:
    """Each component of change with its method in plain words."""
    words = method_names(town)
    wishes = {
        "births": _("Births by area, year and age of mother"),
        "deaths": _("Deaths by area, year, sex and age"),
        "arrivals": _("Moves in across the town limits by area, year, sex and age"),
        "departures": _("Moves out across the town limits by area, year, sex and age"),
        "moves_in": _("Moves between areas by year, sex and age"),
        "moves_out": _("Moves between areas by year, sex and age"),
        "naturalised": _("Naturalisations by area, year, sex and age"),
    }
    found = []
    for component, name in component_names().items():
        source = town.sources.get(component, Source.NONE)
        if town.residual and component in _OF_THE_BALANCE:
            if component == "arrivals":
                wanted = f"{wishes['arrivals']}; {wishes['departures']}"
                found.append(
                    PartFound("net_migration", _("Net migration"), 2, words[source], wanted)
                )
            continue
        if component == "naturalised" and len(town.layout.groups) < 2:
            continue  # without nationalities there is nobody to naturalise
        if town.level == CITY and component.startswith("moves_"):
            continue
        wanted = wishes[component] if _GRADES[source] < 3 else ""
        found.append(PartFound(component, name, _GRADES[source], words[source], wanted))
    return tuple(found)


def verdict(town: Town) -> str:
    """Which forecast the data allow, in a sentence for everybody."""
    if town.residual:
        return _(
            "The project knows how many people lived where, but not who moved by age. The forecast"
            " derives migration from what happened to each birth cohort. Totals and age groups can"
            " be forecast this way; moves in and out are not told apart."
        )
    if all(p.grade == 3 for p in parts_found(town)):
        return _(
            "All components of change are counted in the town: the full cohort-component forecast"
            " with the town’s own rates is possible."
        )
    return _(
        "Moves are counted in the town. For the components named below the forecast falls back on"
        " derived numbers or rates of the country."
    )
