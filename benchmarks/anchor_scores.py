"""Random numbers, scores and naive forecasts, reproduced by the engine."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pandas as pd
from anchor_rows import (
    Check,
    Folders,
    anchor,
    differ,
    gap,
)

from monitor_app.forecast import (
    naive,
    rng,
    scores,
)


@anchor
def rng_philox(folders: Folders) -> Iterator[Check]:
    known = json.loads((folders.validation / "rng_philox" / "kat.json").read_text())
    for number, case in enumerate(known["philox4x64_10"]):
        counter = [int(w, 16) for w in case["ctr"]]
        key = int(case["key"][0], 16), int(case["key"][1], 16)
        words = [f"{int(w):016x}" for w in rng.philox(counter, key)]
        yield f"known answer {number}", differ(words, case["out_hex"]), 0.0
    case = known["numpy_check"]
    key, counter = tuple(case["key"]), case["counter"]
    after = [counter[0] + 1, *counter[1:]]
    words = [f"{int(w):016x}" for w in rng.philox(after, key)]
    yield "numpy's first block", differ(words, case["first_4_raw_hex"]), 0.0
    raw = rng.bit_generator(key, counter).random_raw(4)
    yield "numpy raw", differ([f"{int(w):016x}" for w in raw], case["first_4_raw_hex"]), 0.0
    case = known["seedsequence"]
    states = rng.child_states(case["entropy"], len(case["child_state_u64"]))
    found = [f"{int(w):016x}" for w in states.ravel()]
    yield "children of a seed", differ(found, np.ravel(case["child_state_u64"])), 0.0
    case = known["generator"]
    blocks = [rng.philox([counter[0] + i, *counter[1:]], key) for i in (1, 2)]
    doubles = rng.uniform(np.array([int(w) for b in blocks for w in b], dtype=np.uint64))
    yield "doubles", differ(doubles[:5], case["random_5"]), 0.0
    if np.__version__ == case["numpy"]:  # numpy does not promise this stream
        drawn = np.random.Generator(rng.bit_generator(key, counter)).standard_normal(5)
        yield "numpy normals", differ(drawn, case["standard_normal_5"]), 0.0


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
    yield "inside", differ(scores.inside(*bounds), case["inside"]), 0.0
    yield "coverage", gap(scores.coverage(*bounds), case["coverage"]), 1e-10
    grid = (np.arange(20_000) + 0.5) / 20_000
    draws = np.array(known["crps_ensemble"]["ensemble"], dtype=np.float64)
    quantiles = np.quantile(draws, grid, method="inverted_cdf")
    mean = float(np.mean(2.0 * scores.pinball(quantiles, grid, 110.0)))
    # The levels are a multiple of the members, so that every jump falls between two levels.
    yield "twice the mean pinball is the CRPS", gap(mean, known["crps_ensemble"]["crps_nn"]), 1e-10


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
            yield f"{label}, RMSE", gap(got.rmse, want.RMSE), 1e-6
