"""Published projections, reproduced by the engine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
from anchor_rows import (
    Check,
    Folders,
    anchor,
    cells,
    five_year_layout,
    gap,
    half_of_last_digit,
)

from monitor_app.core.ages import AgeAxis
from monitor_app.forecast import (
    lifetable,
)
from monitor_app.forecast.fertility import fertile_ages
from monitor_app.forecast.projection import project, rates_of_steps
from monitor_app.forecast.published import published_step
from monitor_app.forecast.rates import Scheme, StepRates
from monitor_app.forecast.state import Layout, girls_share


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
    yield "closed, births", gap(run.components["births"][:, 0], births), 1e-6
    book = {(1, 0, 0): 293_573.81, (1, 0, 1): 293_189.18, (1, 0, 17): 131_768.18}
    book |= {(1, 1, 0): 307_798.32, (2, 0, 0): 280_120.5, (2, 0, 17): 141_959.9}
    found = [run.stocks[step, sex, 0, age, 0] for step, sex, age in book]
    yield "closed, printed in the book", gap(found, list(book.values())), 0.5

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
    step = published_step(layout, start, rates, Scheme.UN_EVEN)
    assert step.births_by_mother is not None
    mothers = np.zeros(layout.ages.lows.size)
    mothers[fertile_ages(rates.fertility)] = step.births_by_mother[0, :, 0]
    yield "open, births by mother, printed", gap(mothers, moved.expected_births), 0.5


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
    yield "births", gap(run.components["births"][:, 0], both.births), 1e-6
    yield "deaths", gap(run.components["deaths"][:, 0], both.deaths), 1e-6
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
    yield "totals by group and sex, persons", gap(found, want), 30.0
    yield "total 2055, persons", gap(found[-1].sum(), totals.total.iloc[-1]), 30.0
    for year, printed in _AARGAU_UNROUNDED.items():
        error = gap(found[int(year) - 2025].sum(), float(printed))
        limit = half_of_last_digit(printed)
        yield f"unrounded total {year}", error, limit, f"reference printed as {printed}"
    own = pd.read_csv(folders.validation / "fso_aargau_2025" / "expected_unrounded.csv")
    own = own.sort_values(["year", "sex", "nat", "age"])
    years = sorted(own.year.unique())
    chain = own.n_dec.to_numpy().reshape(len(years), *shape)
    picked = run.stocks[[y - 2024 for y in years]]
    yield "unrounded chain", gap(picked, chain), 1e-6
    yield "balance of every cell", run.imbalance, 1e-8


#: Totals of the unrounded chain as the README prints them.
_AARGAU_UNROUNDED = {"2025": "743137.94", "2030": "781471.56", "2040": "838065.0"}
_AARGAU_UNROUNDED |= {"2055": "893779.6"}


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
    yield "balance of every cell", run.imbalance, 1e-9
    # Ten digits of the birth rates leave 2e-6 in sums over all ages: the totals are made with the
    # rates that the births by mother carry to all digits (births over women at risk).
    women = column("popn_at_risk_2015")[0]
    exact = np.where(rates.fertility > 0, column("births_by_mother_2015")[0] / women, 0.0)
    rates = replace(rates, fertility=exact)
    run = project(layout, start, rates_of_steps([rates]), 1, scheme=Scheme.ONS)
    yield "total 2015", gap(run.final.sum(), known["total_2015"]), 1e-6
    yield "births", gap(run.components["births"].sum(), known["births_total"]), 1e-6


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
