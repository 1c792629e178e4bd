"""Matrices, life tables, raking, rounding and moves, reproduced by the engine."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pandas as pd
from anchor_rows import (
    Check,
    Folders,
    anchor,
    gap,
    half_of_last_digit,
    relative_gap,
)

from monitor_app.core.ages import AgeAxis
from monitor_app.forecast import (
    a0_rules,
    control,
    housing,
    leslie,
    lifetable,
    rounding,
)
from monitor_app.forecast.moves import OriginDestination, Pool
from monitor_app.forecast.projection import project, rates_of_steps
from monitor_app.forecast.rates import Scheme, StepRates
from monitor_app.forecast.state import Layout


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
        yield f"{country} life table", max(relative_gap(g, w) for g, w in pairs), 1e-9
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
    damping = whale["damping_ratio"]
    limit = half_of_last_digit(damping)
    yield "whale damping", gap(found.damping, damping), limit, f"reference printed as {damping}"
    yield "whale generation time", gap(found.generation_time, whale["generation_time"]), 1e-6
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
