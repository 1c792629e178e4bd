"""Hold the forecast engine against published and hand-checked results.

    python benchmarks/anchors.py DIR [--realdata DIR2] [--json FILE]

DIR is the folder of anchors (one sub-folder each, with a README that names source and tolerance);
real data are looked for beside it. Prints one row per anchor (largest error, tolerance, ok or MISS)
and ends with code 1 on any miss. This script reads files and calls the engine; it computes nothing
that a forecast would compute.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from monitor_app.core.ages import AgeAxis
from monitor_app.forecast import (
    a0_rules,
    control,
    housing,
    leslie,
    lifetable,
    naive,
    rng,
    rounding,
    scores,
)
from monitor_app.forecast.fertility import fertile_ages
from monitor_app.forecast.moves import OriginDestination, Pool
from monitor_app.forecast.projection import project, rates_of_steps
from monitor_app.forecast.published import published_step
from monitor_app.forecast.rates import Scheme, StepRates
from monitor_app.forecast.state import Layout, girls_share


@dataclass(frozen=True)
class Folders:
    validation: Path
    realdata: Path


@dataclass(frozen=True)
class Row:
    """One line of the report: the largest error of a check and what is allowed."""

    anchor: str
    check: str
    error: float
    tolerance: float

    @property
    def ok(self) -> bool:
        return self.error <= self.tolerance  # NaN is a miss


Check = tuple[str, float, float]  # what, largest error, tolerance
ANCHORS: dict[str, Callable[[Folders], Iterator[Check]]] = {}


def anchor(function: Callable[[Folders], Iterator[Check]]) -> Callable[[Folders], Iterator[Check]]:
    """Register a check under the name of its folder."""
    ANCHORS[function.__name__.removeprefix("check_")] = function
    return function


def gap(got: Any, expected: Any) -> float:
    """Largest absolute difference; arrays of different shapes are infinitely far apart."""
    a, b = np.asarray(got, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    return float(np.max(np.abs(a - b), initial=0.0)) if a.shape == b.shape else float("inf")


def relative_gap(got: Any, expected: Any) -> float:
    """Largest difference in relation to the expected value (absolute below 1)."""
    a, b = np.asarray(got, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    return float(np.max(np.abs(a - b) / np.maximum(np.abs(b), 1.0), initial=0.0))


def cells(*columns: Any) -> np.ndarray:
    """Columns by age, one per sex, as ``[sex, 1, age, 1]``."""
    return np.stack([np.asarray(c, dtype=np.float64) for c in columns])[:, None, :, None]


def five_year_layout(last: int, sexes: tuple[str, ...]) -> Layout:
    return Layout(sexes, ("all",), AgeAxis.from_lows(tuple(range(0, last + 1, 5))), ("x",))


# --- projections ----------------------------------------------------------------------------


@anchor
def preston_sweden_1993(folders: Folders) -> Iterator[Check]:
    folder = folders.validation / "preston_sweden_1993"
    given = pd.read_csv(folder / "inputs.csv")
    closed = pd.read_csv(folder / "expected_closed.csv")
    layout = five_year_layout(85, ("f", "m"))
    ratios = lifetable.survival_ratios(
        np.stack([given.L_f, given.L_m]).astype(float), radix=1e5, width=5.0
    )
    rates = StepRates(
        death=lifetable.death_probabilities(ratios)[:, None, :, None],
        fertility=given.asfr.to_numpy()[None, :, None],
    )
    start = cells(given.pop_f_1993, given.pop_m_1993)
    run = project(layout, start, rates_of_steps([rates]), 2, scheme=Scheme.UN_END)
    assert run.stocks is not None
    expected = cells(closed.f_1998, closed.m_1998), cells(closed.f_2003, closed.m_2003)
    yield "closed, 1998", gap(run.stocks[1], expected[0]), 1e-6
    yield "closed, 2003", gap(run.stocks[2], expected[1]), 1e-6
    births = closed.births_1993_98_by_age.sum(), closed.births_1998_03_by_age.sum()
    yield "closed, births", gap(run.components["births"][:, 0], births), 1e-5

    moved = pd.read_csv(folder / "open_migration_even.csv")
    death = lifetable.death_probabilities(moved.survival_ratio_into_age)
    rates = StepRates(
        death=cells(death, death),
        fertility=moved.asfr.to_numpy()[None, :, None],
        arrivals=cells(moved.net_migrants_5yr, moved.net_migrants_5yr),
    )
    start = cells(moved.pop_f_begin, moved.pop_f_begin)
    run = project(layout, start, rates_of_steps([rates]), 1, scheme=Scheme.UN_EVEN)
    women, births_now = run.final[0, 0, :, 0], float(run.components["births"][0, 0])
    yield "open, unrounded", gap(women, moved.unrounded_pop_f_end), 1e-6
    yield "open, births", gap(births_now, moved.unrounded_births.sum()), 1e-6
    yield "open, printed", gap(women, moved.expected_pop_f_end), 1.1


@anchor
def unwpp_canada_1x1(folders: Folders) -> Iterator[Check]:
    folder = folders.validation / "unwpp_canada_1x1"
    base, given = pd.read_csv(folder / "base_1950.csv"), pd.read_csv(folder / "rates_1950_1959.csv")
    ratio = pd.read_csv(folder / "srb.csv").set_index("year").srb
    by_year = [
        StepRates(
            death=lifetable.death_probabilities(cells(rows.Sx_f, rows.Sx_m)),
            fertility=rows.asfr.to_numpy()[None, :, None],
            girls=girls_share(float(ratio[year])),
            arrivals=cells(rows.mig_f, rows.mig_m),
        )
        for year, rows in given.groupby("year")
    ]
    layout = Layout(("f", "m"), ("all",), AgeAxis.single_years(), ("Canada",))
    run = project(
        layout, cells(base.female, base.male), rates_of_steps(by_year), 10, scheme=Scheme.UN_END
    )
    assert run.stocks is not None
    expected = pd.read_csv(folder / "expected_pop.csv")
    for year, rows in expected.groupby("year"):
        found = run.stocks[int(year) - 1950]
        yield f"population {year}", gap(found, cells(rows.female, rows.male)), 1e-6
    events = pd.read_csv(folder / "expected_births_deaths.csv")
    both = events[events.sex == "both"].sort_values("year")
    yield "births", gap(run.components["births"][:, 0], both.births), 1e-5
    yield "deaths", gap(run.components["deaths"][:, 0], both.deaths), 1e-5
    yield "balance of every cell", run.imbalance, 1e-8


@anchor
def fso_aargau_2025(folders: Folders) -> Iterator[Check]:
    given = pd.read_csv(folders.realdata / "aargau_ccm" / "fso_parameters_2025_2055.csv.gz")
    given = given[given.scen == "reference"].sort_values(["year", "sex", "nat", "age"])
    shape = (2, 2, 101, 1)  # sexes f, m; groups ch, int

    def column(rows: pd.DataFrame, *names: str) -> np.ndarray:
        return rows[list(names)].sum(axis=1).to_numpy(dtype=np.float64).reshape(shape)

    by_year = []
    for _, rows in given.groupby("year"):
        swiss = float(rows.int_mothers.max())
        by_year.append(
            StepRates(
                death=column(rows, "mor"),
                fertility=column(rows, "birthrate")[0],
                girls=100.0 / 205.0,
                child_group=np.array([[1.0, 0.0], [swiss, 1.0 - swiss]]),
                arrivals=column(rows, "imm_int_n", "imm_nat_n"),
                departure=column(rows, "emi_int", "emi_nat"),
                naturalise=column(rows, "acq"),
                naturalise_to=0,
            )
        )
    # start_n is the stock already one age on; age 99 and 100+ are one group there.
    aged = column(given[given.year == 2025], "start_n")
    start = np.concatenate([aged[:, :, 1:], np.zeros((2, 2, 1, 1))], axis=2)
    layout = Layout(("f", "m"), ("ch", "int"), AgeAxis.single_years(), ("Aargau",))
    run = project(layout, start, rates_of_steps(by_year), len(by_year), scheme=Scheme.FSO)
    assert run.stocks is not None
    published = column_stack(given, shape)
    yield "31 years, every cell", gap(run.stocks[1:], published), 0.52
    totals = pd.read_csv(folders.validation / "fso_aargau_2025" / "expected_totals_2025_2055.csv")
    found = run.stocks[1:].sum(axis=3).sum(axis=3).reshape(len(by_year), 4)
    want = totals[["ch_f", "int_f", "ch_m", "int_m"]].to_numpy()
    yield "totals by group and sex, per cent", 100.0 * float(np.max(np.abs(found / want - 1))), 0.02
    yield "total 2055, persons", gap(found[-1].sum(), totals.total.iloc[-1]), 30.0
    own = pd.read_csv(folders.validation / "fso_aargau_2025" / "expected_unrounded.csv")
    own = own.sort_values(["year", "sex", "nat", "age"])
    years = sorted(own.year.unique())
    chain = own.n_dec.to_numpy().reshape(len(years), *shape)
    picked = run.stocks[[y - 2024 for y in years]]
    yield "unrounded chain", gap(picked, chain), 1e-6
    yield "balance of every cell", run.imbalance, 1e-8


def column_stack(given: pd.DataFrame, shape: tuple[int, ...]) -> np.ndarray:
    return given.fso_projection_n.to_numpy(dtype=np.float64).reshape(-1, *shape)


@anchor
def ons_bristol_2015(folders: Folders) -> Iterator[Check]:
    folder = folders.validation / "ons_bristol_2015"
    given = pd.read_csv(folder / "one_step.csv").sort_values(["sex", "age"])
    known = json.loads((folder / "totals.json").read_text())

    def column(name: str) -> np.ndarray:
        return given[name].to_numpy(dtype=np.float64).reshape(2, 1, 91, 1)

    layout = Layout(("f", "m"), ("all",), AgeAxis.single_years(90), ("Bristol",))
    rates = StepRates(
        death=column("mean_death_rate_2010_2014"),
        fertility=column("asfr_2015")[0],
        girls=100.0 / 205.0,
        arrivals=column("net_migration_2015"),
    )
    start = column("pop_2014")
    run = project(layout, start, rates_of_steps([rates]), 1, scheme=Scheme.ONS)
    yield "population 2015", gap(run.final, column("expected_pop_2015")), 1e-6
    step = published_step(layout, start, rates, Scheme.ONS)
    yield "deaths", gap(step.flows.deaths, column("deaths_2015")), 1e-6
    assert step.births_by_mother is not None
    fertile = fertile_ages(rates.fertility)
    mothers = column("births_by_mother_2015")[0, 0, fertile, 0]
    yield "births by mother", gap(step.births_by_mother[0, :, 0], mothers), 1e-6
    # The rates in the file carry nine digits, which leaves 2e-6 in sums over all ages.
    yield "total 2015", gap(run.final.sum(), known["total_2015"]), 3e-6
    yield "births", gap(run.components["births"].sum(), known["births_total"]), 3e-6
    yield "balance of every cell", run.imbalance, 1e-9


@anchor
def wpp_2024(folders: Folders) -> Iterator[Check]:
    folder = folders.realdata / "wpp"
    stock = pd.read_csv(folder / "wpp2024_5x5_population.csv.gz")
    deaths = pd.read_csv(folder / "wpp2024_5x5_mortality_mx.csv.gz")
    pattern = pd.read_csv(folder / "wpp2024_5x5_fertility_pattern.csv.gz")
    level = pd.read_csv(folder / "wpp2024_5x5_tfr_srb_e0.csv")
    net = pd.read_csv(folder / "wpp2024_5x5_migration_by_age.csv.gz")
    layout = five_year_layout(100, ("f", "m"))
    ages = layout.ages.lows
    for country in ("DE", "AT", "CH"):
        own = [t[t.country == country] for t in (stock, deaths, pattern, level, net)]
        periods = [
            _wpp_rates(*(t[t.year == y] for t in own[1:]), ages=ages) for y in range(2023, 2100, 5)
        ]
        counted = [own[0][own[0].year == y].sort_values("age_from") for y in range(2020, 2101, 5)]
        known = np.stack([cells(t.popF, t.popM) for t in counted])
        run = project(layout, known[0], rates_of_steps(periods), 16, scheme=Scheme.UN_EVEN)
        assert run.stocks is not None
        found, want = run.stocks.sum(axis=(1, 2, 3, 4)), known.sum(axis=(1, 2, 3, 4))
        worst = 100.0 * float(np.max(np.abs(found / want - 1.0)))
        yield f"{country} 2020-2100, totals, per cent", worst, 0.5
        # Sum of absolute errors over ages (both sexes) in per cent of the total.
        by_age = np.abs((run.stocks - known).sum(axis=(1, 2, 4))).sum(axis=1)
        yield f"{country} 2020-2100, age sums, per cent", 100.0 * float(np.max(by_age / want)), 1.0


def _wpp_rates(
    deaths: pd.DataFrame,
    pattern: pd.DataFrame,
    level: pd.DataFrame,
    net: pd.DataFrame,
    *,
    ages: np.ndarray,
) -> StepRates:
    deaths, net = deaths.sort_values("age_from"), net.sort_values("age_from")
    widths = lifetable.interval_widths(deaths.age_from)
    ratios = []
    for sex, column in (("f", "mxF"), ("m", "mxM")):
        m = deaths[column].to_numpy()
        a = lifetable.separation_factors(m, widths, sex, "coale-demeny")
        lived = lifetable.merge_infants(lifetable.life_table(m, a, widths).L)
        ratios.append(lifetable.survival_ratios(lived, width=5.0))
    share = pattern.set_index("age_from").pasfr.reindex(ages, fill_value=0.0).to_numpy()
    # pasfr is per cent of the TFR in a group of five years.
    fertility = share / 100.0 * float(level.tfr.iloc[0]) / 5.0
    return StepRates(
        death=lifetable.death_probabilities(np.stack(ratios))[:, None, :, None],
        fertility=fertility[None, :, None],
        girls=girls_share(float(level.srb.iloc[0])),
        arrivals=cells(net.migF, net.migM),
    )


# --- matrices and life tables ---------------------------------------------------------------


@anchor
def keyfitz_goodman_leslie(folders: Folders) -> Iterator[Check]:
    folder = folders.validation / "keyfitz_goodman_leslie"
    given = pd.read_csv(folder / "vital_registration.csv")
    tables = pd.read_csv(folder / "expected_lifetables.csv")
    known = json.loads((folder / "expected_leslie.json").read_text())
    printed = {"ven": 1.20665326, "mad": 1.12034856, "usa": 1.03757333}
    widths = lifetable.interval_widths(given.age)
    for country, want in known.items():
        people, births = given[f"{country}.nKx"], given[f"{country}.bx"]
        m = (given[f"{country}.nDx"] / people).to_numpy()
        a = lifetable.separation_factors(m, widths, "f", "keyfitz")
        table = lifetable.life_table(m, a, widths)
        rows = tables[tables.country == country]
        pairs = [(table.q, rows.nqx), (table.l, rows.lx), (table.L, rows.nLx), (table.e, rows.ex)]
        # The printed columns carry ten digits.
        yield f"{country} life table", max(relative_gap(g, w) for g, w in pairs), 1e-8
        women = np.append(people[0] + people[1], people[2:])
        children = np.append(births[0] + births[1], births[2:])
        matrix = leslie.leslie_matrix(lifetable.merge_infants(table.L), children / women)
        found = leslie.growth(matrix)
        yield f"{country} growth", gap(found.growth, want["lambda_5yr"]), 1e-9
        yield f"{country} r", gap(np.log(found.growth) / 5.0, want["r_per_year"]), 1e-9
        first_row = np.zeros_like(matrix)
        first_row[0] = matrix[0]
        yield f"{country} R0", gap(leslie.net_reproduction(matrix, first_row), want["R0"]), 1e-9
        yield f"{country} e0", gap(table.e[0], want["e0"]), 1e-9
        yield f"{country} stable ages", gap(found.stable, want["stable_age_5yr_classes"]), 1e-9
        yield f"{country} growth, printed elsewhere", gap(found.growth, printed[country]), 2e-4


@anchor
def caswell_matrices(folders: Folders) -> Iterator[Check]:
    folder = folders.validation / "caswell_matrices"
    whale = json.loads((folder / "whale.json").read_text())
    found = leslie.growth(whale["A"])
    yield "whale growth", gap(found.growth, whale["lambda1"]), 1e-9
    yield "whale stable stages", gap(found.stable, whale["stable"]), 1e-6
    value = gap(found.reproductive_value, whale["reproductive_value"])
    yield "whale reproductive value", value, 1e-6
    # Given to five digits.
    yield "whale damping", gap(found.damping, whale["damping_ratio"]), 1e-5
    yield "whale generation time", gap(found.generation_time, whale["generation_time"]), 1e-5
    yield "whale R0", gap(found.net_reproduction, whale["R0"]), 1e-6
    run = leslie.matrix_projection(whale["A"], whale["n0"], 49)
    totals = [run[int(t)].sum() for t in whale["totals_at_t"]]
    yield "whale totals", gap(totals, list(whale["totals_at_t"].values())), 1e-4
    yield "whale year 49", gap(run[[9, 49]], [whale["vector_t9"], whale["vector_t49"]]), 1e-6
    tortoise = json.loads((folder / "tortoise.json").read_text())
    growth = leslie.growth(tortoise["A_med_high"]).growth
    yield "tortoise growth", gap(growth, tortoise["lambda1"]), 1e-9


@anchor
def lifetable_single_wpp(folders: Folders) -> Iterator[Check]:
    given = pd.read_csv(folders.validation / "lifetable_single_wpp" / "canada_1950_2019.csv")
    for (year, sex), rows in given.groupby(["year", "sex"]):
        widths = lifetable.interval_widths(rows.age)
        table = lifetable.life_table(rows.nMx, rows.nAx, widths, radix=1e5)
        ratios = lifetable.survival_ratios(table.L, radix=1e5)
        pairs = {"nqx": table.q, "lx": table.l, "ndx": table.d, "nLx": table.L}
        pairs |= {"Sx": ratios, "Tx": table.T, "ex": table.e}
        worst = max(
            float(np.max(np.abs(got / rows[name].to_numpy() - 1.0))) for name, got in pairs.items()
        )
        yield f"{year} {sex}, all columns, relative", worst, 1e-9
        rule = lifetable.separation_factors(rows.nMx, widths, sex[0], "coale-demeny")
        yield f"{year} {sex}, a0", gap(rule[0], rows.nAx.iloc[0]), 1e-9


@anchor
def lifetable_abridged(folders: Folders) -> Iterator[Check]:
    folder = folders.validation / "lifetable_abridged"
    given = pd.read_csv(folder / "austria_males_1992.csv")
    widths = lifetable.interval_widths(given.age)
    m = given.nDx / given.nNx
    table = lifetable.life_table(m, given.nax, widths, radix=1e5)
    pairs = {"nmx": table.m, "nqx": table.q, "lx": table.l, "ndx": table.d, "nLx": table.L}
    pairs |= {"Tx": table.T, "ex": table.e}
    for name, got in pairs.items():
        yield f"Austria 1992 {name}, relative", relative_gap(got, given[name]), 1e-9
    yield "Austria 1992 e0, printed", gap(table.e[0], 72.889), 5e-4
    yield "Austria 1992 lx, printed", gap(table.l, given.lx_book), 0.5
    for name, sex, first, last in (
        ("un1982_p34_males", "m", 0, 14),
        ("mortpak1988_p82_females", "f", 0, None),
        ("pas_ltpopdth_north_males_imr01", "m", 1, None),
    ):
        rows = pd.read_csv(folder / f"{name}.csv")
        rates = (rows.nMx if "nMx" in rows else rows.deaths / rows.exposure).to_numpy()
        widths = lifetable.interval_widths(rows.age)
        a = lifetable.separation_factors(rates, widths, sex, "coale-demeny")
        found = lifetable.life_table(rates, a, widths).e
        yield f"{name} e(x), years", gap(found[first:last], rows.ex_published[first:last]), 0.05
    pas = lifetable.life_table(rates, a, widths, q0=0.1)
    yield "pas e0 with q0 = IMR, years", gap(pas.e[0], rows.ex_published.iloc[0]), 0.05


@anchor
def check_a0_rules(folders: Folders) -> Iterator[Check]:
    folder = folders.validation / "a0_rules"
    given = pd.read_csv(folder / "a0_from_m0.csv")
    regions = {"w": "west", "n": "north", "e": "east", "s": "south"}
    for sex in ("m", "f"):
        found = a0_rules.andreev_kingkade_from_m0(given.m0, sex)
        yield f"Andreev-Kingkade from m0, {sex}", gap(found, given[f"ak_{sex}"]), 1e-9
        worst = max(
            gap(a0_rules.coale_demeny_from_m0(given.m0, sex, name), given[f"cd_{code}_{sex}"])
            for code, name in regions.items()
        )
        yield f"Coale-Demeny from m0, 4 regions, {sex}", worst, 1e-9
    given = pd.read_csv(folder / "a0_from_q0_andreev_kingkade.csv")
    for sex in ("m", "f"):
        found = a0_rules.andreev_kingkade_from_q0(given.q0, sex)
        yield f"Andreev-Kingkade from q0, {sex}", gap(found, given[f"ak_{sex}"]), 1e-9
    given = pd.read_csv(folder / "a4_1_from_m0_coale_demeny_west.csv")
    for sex in ("m", "f"):
        found = a0_rules.coale_demeny_west_a1(given.m0, sex)
        yield f"Coale-Demeny 4a1, {sex}", gap(found, given[f"a1_{sex}"]), 1e-9


# --- adding up and rounding -----------------------------------------------------------------


@anchor
def ipf_raking(folders: Folders) -> Iterator[Check]:
    known = json.loads((folders.validation / "ipf_raking" / "cases.json").read_text())
    for name in ("two_by_two", "wikipedia_4x4", "structural_zeros"):
        case = known[name]
        margins = [((0,), case["rows"]), ((1,), case["cols"])]
        for order, label in ((margins, name), (margins[::-1], f"{name}, columns first")):
            table, report = control.rake(case["seed"], order)
            yield label, gap(table, case["expected"]) if report.converged else np.inf, 1e-9
        again, _ = control.rake(table, margins)
        yield f"{name}, again", gap(again, table), 1e-10
        scaled, _ = control.rake(1e3 * np.asarray(case["seed"]), margins)
        yield f"{name}, scaled seed", gap(scaled, case["expected"]), 1e-9
    case = known["three_way"]
    margins = [
        ((0, 1), case["margin_01"]),
        ((1, 2), case["margin_12"]),
        ((0, 2), case["margin_02"]),
    ]
    table, report = control.rake(case["seed"], margins)
    yield "three_way", gap(table, case["expected"]) if report.converged else np.inf, 1e-9
    case = known["infeasible"]
    _, report = control.rake(case["seed"], [((0,), case["rows"]), ((1,), case["cols"])])
    yield "infeasible is reported", float(report.converged), 0.0


@anchor
def integer_rounding(folders: Folders) -> Iterator[Check]:
    folder = folders.validation / "integer_rounding"
    for case in json.loads((folder / "largest_remainder.json").read_text()):
        found = rounding.largest_remainder(case["values"], case["total"])
        yield f"largest remainder {case['expected']}", gap(found, case["expected"]), 0.0
    case = json.loads((folder / "controlled_2d.json").read_text())
    table, real = rounding.controlled_rounding(case["table"]), np.asarray(case["table"])
    yield "controlled, cells", _beyond(table, real), 0.0
    yield "controlled, rows", _beyond(table.sum(axis=1), np.asarray(case["row_totals"])), 0.0
    yield "controlled, columns", _beyond(table.sum(axis=0), np.asarray(case["col_totals"])), 0.0
    yield "controlled, grand total", gap(table.sum(), case["grand"]), 0.0


def _beyond(found: np.ndarray, real: np.ndarray) -> float:
    """How far a rounded value lies outside of floor and ceiling of the real one."""
    near = np.where(np.abs(real - np.rint(real)) < 1e-9, np.rint(real), real)
    return float(np.max(np.maximum(np.floor(near) - found, found - np.ceil(near)), initial=0.0))


@anchor
def od_moves_small(folders: Folders) -> Iterator[Check]:
    known = json.loads((folders.validation / "od_moves_small" / "cases.json").read_text())
    case = known["open_markov"]
    layout = Layout(("t",), ("all",), AgeAxis.single_years(2), ("a", "b", "c"))
    types = np.zeros((1, 1, 3), dtype=np.int64)
    start = np.zeros(layout.shape)
    start[0, 0, 1] = case["pop"]
    zero = np.zeros((1, 1, 1, 1))
    pool = known["pool"]
    models = {
        "open_markov, by type": (OriginDestination(case["dest_prob"], types), case),
        "open_markov, full": (OriginDestination(case["dest_prob"], types, full=True), case),
        "pool": (Pool(pool["weights"]), pool),
    }
    for name, (model, want) in models.items():
        # The cases give probabilities; the GLA order of events takes them as they are.
        rates = StepRates(
            death=zero,
            fertility=np.zeros((1, 3, 1)),
            move=np.asarray(case["out_rate"])[None, None, None],
            move_model=model,
        )
        run = project(layout, start, rates_of_steps([rates]), 1, scheme=Scheme.GLA)
        yield f"{name}, out", gap(run.components["moves_out"][0], want["out"]), 1e-9
        yield f"{name}, in", gap(run.components["moves_in"][0], want["inflow"]), 1e-9
        yield f"{name}, after", gap(run.final[0, 0, 2], want["pop_after"]), 1e-9
        yield f"{name}, city", gap(run.final.sum(), start.sum()), 1e-9
    case = known["top_down"]
    scaled, _ = control.rake(case["pop"], [((), case["target_total"])])
    yield "top down", gap(scaled, case["pop_scaled"]), 1e-9
    case = known["housing"]
    new = housing.first_occupants(
        np.array([[case["dwellings"]]]),
        np.array([case["persons_per_dwelling"]]),
        np.array([list(case["age_shares"].values())]),
    )
    inside, outside = housing.split_origin(new, case["share_from_city"])
    yield "housing, by age", gap(new[:, 0], case["by_age"]), 1e-9
    got = [new.sum(), inside.sum(), outside.sum()]
    want_totals = [case["new_residents"], case["internal"], case["external"]]
    yield "housing, origin", gap(got, want_totals), 1e-9


# --- random numbers, scores, benchmarks -----------------------------------------------------


def _differ(got: Any, expected: Any) -> float:
    """0 where two sequences are equal to the last bit, else 1."""
    return 0.0 if list(got) == list(expected) else 1.0


@anchor
def rng_philox(folders: Folders) -> Iterator[Check]:
    known = json.loads((folders.validation / "rng_philox" / "kat.json").read_text())
    for number, case in enumerate(known["philox4x64_10"]):
        counter = [int(w, 16) for w in case["ctr"]]
        key = int(case["key"][0], 16), int(case["key"][1], 16)
        words = [f"{int(w):016x}" for w in rng.philox(counter, key)]
        yield f"known answer {number}", _differ(words, case["out_hex"]), 0.0
    case = known["numpy_check"]
    key, counter = tuple(case["key"]), case["counter"]
    after = [counter[0] + 1, *counter[1:]]
    words = [f"{int(w):016x}" for w in rng.philox(after, key)]
    yield "numpy's first block", _differ(words, case["first_4_raw_hex"]), 0.0
    raw = rng.bit_generator(key, counter).random_raw(4)
    yield "numpy raw", _differ([f"{int(w):016x}" for w in raw], case["first_4_raw_hex"]), 0.0
    case = known["seedsequence"]
    states = rng.child_states(case["entropy"], len(case["child_state_u64"]))
    found = [f"{int(w):016x}" for w in states.ravel()]
    yield "children of a seed", _differ(found, np.ravel(case["child_state_u64"])), 0.0
    case = known["generator"]
    blocks = [rng.philox([counter[0] + i, *counter[1:]], key) for i in (1, 2)]
    doubles = rng.uniform(np.array([int(w) for b in blocks for w in b], dtype=np.uint64))
    yield "doubles", _differ(doubles[:5], case["random_5"]), 0.0
    if np.__version__ == case["numpy"]:  # numpy does not promise this stream
        drawn = np.random.Generator(rng.bit_generator(key, counter)).standard_normal(5)
        yield "numpy normals", _differ(drawn, case["standard_normal_5"]), 0.0


@anchor
def forecast_metrics(folders: Folders) -> Iterator[Check]:
    known = json.loads((folders.validation / "forecast_metrics" / "cases.json").read_text())
    case = known["point"]
    found = scores.point_scores(case["projected"], case["observed"])
    ape = np.abs(scores.percentage_errors(case["projected"], case["observed"]))
    yield "APE", gap(ape, case["APE"]), 1e-10
    for name, got in {
        "MAPE": found.mape,
        "MdAPE": found.mdape,
        "MALPE": found.malpe,
        "APE90_linear": found.ape90,
        "wMAPE": found.wmape,
        "RMSE": found.rmse,
        "total_PE": found.total_error,
        "misallocated_share_percent": scores.misallocation(case["projected"], case["observed"]),
    }.items():
        yield name, gap(got, case[name]), 1e-10
    normal = [
        gap(scores.crps_normal(c["mu"], c["sigma"], c["y"]), c["crps"])
        for c in known["crps_normal"]
    ]
    yield "CRPS of a normal", max(normal), 1e-10
    case = known["crps_ensemble"]
    for fair, name in ((False, "crps_nn"), (True, "crps_fair")):
        got = scores.crps_ensemble(case["ensemble"], case["y"], fair=fair)
        yield name, gap(got, case[name]), 1e-10
    losses = [gap(scores.pinball(c["q"], c["tau"], c["y"]), c["loss"]) for c in known["pinball"]]
    yield "pinball", max(losses), 1e-10
    intervals = [
        gap(scores.interval_score(c["lower"], c["upper"], c["alpha"], c["y"]), c["score"])
        for c in known["interval_score"]
    ]
    yield "interval score", max(intervals), 1e-10
    case = known["coverage"]
    bounds = case["lower"], case["upper"], case["y"]
    yield "inside", _differ(scores.inside(*bounds), case["inside"]), 0.0
    yield "coverage", gap(scores.coverage(*bounds), case["coverage"]), 1e-10
    grid = (np.arange(20_000) + 0.5) / 20_000
    draws = np.array(known["crps_ensemble"]["ensemble"], dtype=np.float64)
    quantiles = np.quantile(draws, grid, method="inverted_cdf")
    mean = float(np.mean(2.0 * scores.pinball(quantiles, grid, 110.0)))
    # A sum over a grid of 20,000 levels: exact up to half a cell of the grid at each jump.
    yield "twice the mean pinball is the CRPS", gap(mean, known["crps_ensemble"]["crps_nn"]), 1e-3


@anchor
def extrapolation_benchmarks(folders: Folders) -> Iterator[Check]:
    known = json.loads((folders.validation / "extrapolation_benchmarks" / "cases.json").read_text())
    for name in ("growing", "declining"):
        case = known[name]
        series, horizons = np.array(case["series"])[:, None], [5, 10]
        want = {k: [case["expected"][str(h)].get(k) for h in horizons] for k in _METHODS}
        found = {
            "constant": naive.constant(series, horizons),
            "linear": naive.linear(series, horizons),
            "exponential": naive.exponential(series, horizons),
            "LINEXP_value": naive.lin_exp(series, horizons),
        }
        if "city" in case:
            city, later = case["city"], [case["city_forecast"][str(h)] for h in horizons]
            share = naive.constant_share(series, city, later)
            found["constant_share_of_population"] = share
            growth = naive.constant_share_of_growth(series, city, later)
            found["constant_share_of_growth"] = growth
            mean = (found["linear"] + found["exponential"] + share) / 3.0
            found["average_lin_exp_cs"] = mean
        for method, values in found.items():
            yield f"{name}, {method}", gap(values[:, 0], want[method]), 1e-9
    case = known["hamilton_perry"]
    before, after = np.array(case["pop_t0"], float), np.array(case["pop_t5"], float)
    childbearing = slice(case["childbearing_classes"][0], case["childbearing_classes"][-1] + 1)
    ratios = naive.cohort_change_ratios(before, after)
    yield "cohort change ratios", gap(ratios[1:], case["ccr"][1:]), 1e-9
    child = naive.child_ratio(after, after, childbearing)
    yield "child-woman ratio", gap(child, case["child_woman_ratio"]), 1e-9
    later = naive.hamilton_perry(after, ratios, child, childbearing)
    yield "Hamilton-Perry", gap(later, case["expected_t10"]), 1e-9


_METHODS = (
    "constant",
    "linear",
    "exponential",
    "LINEXP_value",
    "constant_share_of_population",
    "constant_share_of_growth",
    "average_lin_exp_cs",
)


@anchor
def backtest_aargau_2018(folders: Folders) -> Iterator[Check]:
    folder = folders.validation / "backtest_aargau_2018"
    given = pd.read_csv(folder / "cells.csv").dropna(subset="projected")
    known = pd.read_csv(folder / "expected_metrics.csv").set_index("label")
    ages = {"0-2": (0, 2), "3-5": (3, 5), "6-9": (6, 9), "65+": (65, 200)}
    for year, rows in given.groupby("year"):
        sets = {f"{year} cells (nat,sex,age)": (rows.projected, rows.observed)}
        for label, (lo, hi) in ages.items():
            part = rows[rows.age.between(lo, hi)]
            pair = [part.projected.sum()], [part.observed.sum()]
            sets[f"{year} age {label} both sexes, both nat"] = pair
        sets[f"{year} total"] = [rows.projected.sum()], [rows.observed.sum()]
        for label, (projected, observed) in sets.items():
            got, want = scores.point_scores(projected, observed), known.loc[label]
            found = [got.n, got.mape, got.mdape, got.malpe, got.mdalpe, got.ape90, got.wmape]
            found += [got.total_error]
            columns = ["n", "MAPE", "MdAPE", "MALPE", "MdALPE", "APE90", "wMAPE", "total_PE"]
            yield label, gap(found, want[columns].astype(float)), 1e-6
            # The RMSE is given to four digits, everything else to six.
            yield f"{label}, RMSE", gap(got.rmse, want.RMSE), 1e-4


# --- report ---------------------------------------------------------------------------------


def run_anchor(name: str, folders: Folders) -> list[Row]:
    """All checks of one anchor; an anchor whose files are missing is a miss."""
    try:
        return [Row(name, check, error, limit) for check, error, limit in ANCHORS[name](folders)]
    except FileNotFoundError as missing:
        return [Row(name, f"file missing: {Path(missing.filename).name}", float("inf"), 0.0)]


def folders_of(given: Path, realdata: Path | None) -> Folders:
    """DIR may be the folder of anchors or the one that holds it and the real data."""
    validation = given / "validation" if (given / "validation").is_dir() else given
    return Folders(validation, realdata or validation.parent / "realdata")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--realdata", type=Path)
    parser.add_argument("--json", type=Path, help="write every check to this file")
    parser.add_argument("--all", action="store_true", help="print every check, not one per anchor")
    options = parser.parse_args()
    folders = folders_of(options.folder, options.realdata)
    found = {name: run_anchor(name, folders) for name in ANCHORS}
    print(f"{'anchor':<26}{'checks':>7}{'largest error':>16}{'tolerance':>12}   ok")
    for name, rows in found.items():
        # The check that comes closest to its tolerance (or is furthest beyond it) stands for all.
        worst = max(rows, key=_strain)
        ok = all(row.ok for row in rows)
        print(
            f"{name:<26}{len(rows):>7}{worst.error:>16.3g}{worst.tolerance:>12.3g}"
            f"   {'ok' if ok else 'MISS'}   {worst.check}"
        )
        for row in rows:
            if options.all or not row.ok:
                mark = "ok" if row.ok else "MISS"
                print(f"    {row.check:<48}{row.error:>16.3g}{row.tolerance:>12.3g}   {mark}")
    if options.json:
        every = [vars(row) | {"ok": row.ok} for rows in found.values() for row in rows]
        options.json.write_text(json.dumps(every, indent=1))
    return 0 if all(row.ok for rows in found.values() for row in rows) else 1


def _strain(row: Row) -> float:
    if np.isnan(row.error):
        return float("inf")
    return row.error / row.tolerance if row.tolerance > 0 else (np.inf if row.error > 0 else 0.0)


if __name__ == "__main__":
    sys.exit(main())
