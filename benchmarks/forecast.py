"""How fast the forecast engine is, beside a clean long-table version of the same model in pandas.

    python benchmarks/forecast.py [--json FILE] [--quick] [--draws N]

Everything is measured in this run on this machine: the pandas model, the engine, and the memory
bandwidth that bounds it. Data are synthetic; both versions must agree on the result. Draws are
measured with numpy alone (two workers are processes) and, where it is installed, with numba (two
workers are threads).
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import platform
import re
import resource
import statistics
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from monitor_app.core.ages import AgeAxis
from monitor_app.core.progress import Progress
from monitor_app.forecast.draws import DrawKernel
from monitor_app.forecast.draws_fast import compiled
from monitor_app.forecast.ensemble import quantiles, run_ensemble
from monitor_app.forecast.factors import FactorModel, Shock, default_factors, places_of
from monitor_app.forecast.moves import OriginDestination, Pool
from monitor_app.forecast.projection import Projection, constant_rates, project
from monitor_app.forecast.rates import StepRates
from monitor_app.forecast.state import Layout

YEARS = 25
BANDS = (slice(0, 3), slice(3, 6), slice(6, 18), slice(18, 65), slice(65, None))
ENSEMBLE_BANDS = tuple(
    slice(lo, hi) for lo, hi in pairwise((0, 3, 6, 10, 14, 18, 25, 35, 50, 65, 75, 85, 101))
)
CHILD_GROUP = np.array([[1.0, 0.0], [0.4, 0.6]])
GIRLS = 100.0 / 205.0


def synthetic(areas: int, moves: str = "pool") -> tuple[Layout, np.ndarray, StepRates]:
    """A made-up city: 2 sexes x 2 groups x 101 ages; births, moves and migration differ by area."""
    random = np.random.default_rng(20261122)
    layout = Layout(
        ("f", "m"), ("de", "nd"), AgeAxis.single_years(), tuple(f"{i:05d}" for i in range(areas))
    )
    x = np.arange(101.0)

    def level(spread: float) -> np.ndarray:
        return random.uniform(1.0 - spread, 1.0 + spread, (1, 1, 1, areas))

    def by_group(first: float, second: float) -> np.ndarray:
        return np.array([first, second])[None, :, None, None]

    mobile = (0.03 + 0.15 * np.exp(-(((x - 25.0) / 8.0) ** 2)))[None, None, :, None]
    fertility = np.zeros((2, 101, areas))
    fertile = 0.1 * np.exp(-(((x[15:50] - 31.0) / 6.0) ** 2))
    fertility[:, 15:50] = fertile[None, :, None] * level(0.2)[0]
    naturalise = np.zeros((1, 2, 101, 1))
    naturalise[0, 1] = 0.01
    stock = random.uniform(2.0, 12.0, layout.shape)
    model: Any = Pool(random.uniform(0.5, 1.5, areas))
    if moves != "pool":
        band = np.arange(101) // 21
        types = np.broadcast_to(band[None, None] + 5 * np.arange(2)[None, :, None], (2, 2, 101))
        model = OriginDestination(random.random((10, areas, areas)), types, full=moves == "od_full")
    rates = StepRates(
        # Mortality by sex, group and age for the whole city: no area has deaths enough of its own.
        death=np.array([0.8, 1.2])[:, None, None, None]
        * by_group(1.0, 0.9)
        * (0.0002 * np.exp(0.085 * x))[None, None, :, None],
        fertility=fertility,
        girls=GIRLS,
        child_group=CHILD_GROUP,
        arrivals=stock * mobile,
        departure=mobile * by_group(0.6, 1.4) * level(0.4),
        move=mobile * by_group(1.0, 1.2) * level(0.4),
        move_model=model,
        naturalise=naturalise,
        naturalise_to=0,
    )
    return layout, stock, rates


def engine(layout: Layout, stock: np.ndarray, rates: StepRates, cells: bool = False) -> Projection:
    """The engine as the application calls it, set-up of the rates included."""
    return project(
        layout,
        stock,
        constant_rates(rates),
        YEARS,
        bands=BANDS,
        keep_stocks=False,
        check_cells=cells,
    )


# --- the same model as an analyst would write it in pandas ----------------------------------

KEYS = ["area", "sex", "group", "age"]


def long_tables(layout: Layout, stock: np.ndarray, rates: StepRates) -> dict[str, pd.DataFrame]:
    """Stocks and rates as long tables; rates are turned into probabilities once, beforehand."""
    index = pd.MultiIndex.from_product(
        [layout.sexes, layout.groups, range(101), layout.areas],
        names=["sex", "group", "age", "area"],
    )

    def column(array: np.ndarray) -> np.ndarray:
        return np.broadcast_to(array, layout.shape).ravel()

    exposure = np.where(np.arange(101) == 0, 0.5, 1.0)[None, None, :, None]
    assert rates.departure is not None
    assert rates.move is not None
    assert rates.naturalise is not None
    assert rates.arrivals is not None
    total = (rates.death + rates.departure + rates.move + rates.naturalise) * exposure
    leave = 1.0 - np.exp(-total)
    share = leave / total * exposure
    table = pd.DataFrame(
        {
            "p_death": column(rates.death * share),
            "p_out": column(rates.departure * share),
            "p_move": column(rates.move * share),
            "p_nat": column(rates.naturalise * share),
            "p_late": column(1.0 - np.exp(-rates.death * exposure / 2.0)),
            "arrivals": column(rates.arrivals),
        },
        index=index,
    ).reset_index()
    women = pd.MultiIndex.from_product(
        [layout.groups, range(101), layout.areas], names=["group", "age", "area"]
    )
    fertility = pd.DataFrame({"asfr": rates.fertility.ravel()}, index=women).reset_index()
    people = pd.DataFrame({"n": stock.ravel()}, index=index).reset_index()
    assert isinstance(rates.move_model, Pool)
    weights = pd.DataFrame({"area": layout.areas, "w": rates.move_model.weights[0]})
    return {
        "people": people,
        "rates": table,
        "fertility": fertility[fertility.asfr > 0],
        "weights": weights,
    }


def pandas_year(people: pd.DataFrame, tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """One year: age, exits, moves, arrivals, then births and the same for the newborns."""
    aged = people.copy()
    aged["age"] = (aged.age + 1).clip(upper=100)
    aged = aged.groupby(KEYS, as_index=False, sort=False).n.sum()
    older = pandas_events(aged, tables)
    women = people[people.sex == "f"].merge(
        older[older.sex == "f"], on=KEYS, suffixes=("_start", "_end")
    )
    women = women.merge(tables["fertility"], on=["area", "group", "age"])
    women["births"] = women.asfr * (women.n_start + women.n_end) / 2.0
    by_mother = women.groupby(["area", "group"], as_index=False).births.sum()
    parts = []
    for mother, row in zip(("de", "nd"), CHILD_GROUP, strict=True):
        for child, kappa in zip(("de", "nd"), row, strict=True):
            for sex, share in (("f", GIRLS), ("m", 1.0 - GIRLS)):
                part = by_mother.loc[by_mother.group == mother, ["area", "births"]]
                part = part.assign(group=child, sex=sex, age=0, n=part.births * kappa * share)
                parts.append(part.drop(columns="births"))
    born = pd.concat(parts).groupby(KEYS, as_index=False, sort=False).n.sum()
    return pd.concat([pandas_events(born, tables), older], ignore_index=True)


def pandas_events(aged: pd.DataFrame, tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    frame = aged.merge(tables["rates"], on=KEYS).merge(tables["weights"], on="area")
    frame["moving"] = frame.n * frame.p_move
    frame["moved_in"] = frame.groupby(["sex", "group", "age"]).moving.transform("sum") * frame.w
    frame["natural"] = frame.n * frame.p_nat
    gained = frame[frame.group == "nd"].assign(group="de")[[*KEYS, "natural"]]
    frame = frame.merge(gained, on=KEYS, how="left", suffixes=("", "_in"))
    stay = 1.0 - frame.p_death - frame.p_out - frame.p_move - frame.p_nat
    inward = (frame.arrivals + frame.moved_in) * (1.0 - frame.p_late)
    frame["n"] = frame.n * stay + inward + frame.natural_in.fillna(0.0)
    return frame[[*KEYS, "n"]]


def pandas_model(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    people = tables["people"]
    for _ in range(YEARS):
        people = pandas_year(people, tables)
    return people


# --- measuring ------------------------------------------------------------------------------


def seconds(function: Callable[[], Any], repeats: int) -> list[float]:
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return times


def bandwidth() -> float:
    """GB/s of ``a = b * c`` on arrays far larger than any cache, one thread, best of five."""
    size = 20_000_000
    a, b, c = np.zeros(size), np.ones(size), np.ones(size)
    best = min(seconds(lambda: np.multiply(b, c, out=a), 5))
    return 3 * 8 * size / best / 1e9


def moved_bytes(layout: Layout) -> float:
    """Bytes that a run must move at least: per year seven tables of rates and arrivals and the
    stock are read, the stock is written."""
    return 9.0 * 8.0 * float(np.prod(layout.shape)) * YEARS


def case(name: str, areas: int, moves: str, repeats: int, speed: float, **options: Any) -> dict:
    layout, stock, rates = synthetic(areas, moves)
    run = engine(layout, stock, rates, **options)
    times, spent = [], []
    for _ in range(repeats):
        before = time.process_time()
        times += seconds(lambda: engine(layout, stock, rates, **options), 1)
        spent.append(time.process_time() - before)
    best = min(times)
    return {
        "case": name,
        "areas": areas,
        "best_s": best,
        "median_s": statistics.median(times),
        "processor_s": min(spent),
        "ns_per_cell_year": best / (np.prod(layout.shape) * YEARS) * 1e9,
        "share_of_bandwidth": moved_bytes(layout) / best / 1e9 / speed,
        "total": float(run.final.sum()),
        "imbalance": run.imbalance,
    }


def ensemble_case(draws: int, slow: float, fast: bool = False) -> dict[str, Any]:
    """400 areas x ``draws`` x 25 years in float32, random numbers included, and all quantiles.

    ``fast``: with numba, kernels and random numbers; else numpy alone.
    """
    layout, stock, rates = synthetic(400)
    district = {area: str(i // 20) for i, area in enumerate(layout.areas)}
    places = places_of(layout.areas, district)
    factors = FactorModel(places, default_factors(), YEARS, 7, Shock(), fast=fast)
    kernel = DrawKernel(layout, stock, rates, YEARS, ENSEMBLE_BANDS, fast=fast)
    found: dict[str, Any] = {"draws": draws, "megabytes_of_workers": 0.0}

    def look(fraction: float | None, _text: str) -> None:
        if fraction is not None and fraction > 0.5 and not found["megabytes_of_workers"]:
            found["megabytes_of_workers"] = megabytes_of_workers()

    halfway = Progress(look)
    run_ensemble(kernel, factors, 2)  # compiled here, not in the measurement
    for workers in (1, 2):
        start, spent = time.perf_counter(), processor_time()
        ensemble = run_ensemble(kernel, factors, draws, workers=workers, progress=halfway)
        found[f"seconds_{workers}"] = time.perf_counter() - start
        found[f"cpu_{workers}"] = processor_time() - spent
        found["megabytes_of_paths"] = ensemble.paths.nbytes / 1e6
        if workers == 1:
            del ensemble  # two sets of paths at once would be a gigabyte
    start = time.perf_counter()
    found["median_total"] = float(np.median(ensemble.paths[-1].sum(axis=(1, 2), dtype=np.float64)))
    quantiles(ensemble.paths)
    found["quantiles_s"] = time.perf_counter() - start
    best = min(found["seconds_1"], found["seconds_2"])
    found["ns_per_cell_year"] = best / (np.prod(layout.shape) * YEARS * draws) * 1e9
    found["ratio_to_pandas"] = slow * draws / best
    found["ratio_of_processor_time"] = slow * draws / found["cpu_1"]
    return found


def processor_time() -> float:
    """Seconds of this process and of those that it started and saw end."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def megabytes_of_workers() -> float:
    """Peak memory of all worker processes that are running, 0 where the system does not say."""
    found = 0.0
    for process in multiprocessing.active_children():
        status = Path(f"/proc/{process.pid}/status")
        if status.exists():
            peak = re.search(r"VmHWM:\s+(\d+)", status.read_text("utf-8"))
            found += int(peak.group(1)) / 1024 if peak else 0.0
    return found


def show_ensemble(name: str, found: dict[str, Any]) -> None:
    print(
        f"400 areas, {found['draws']} draws, {name}: {found['seconds_1']:.1f} s with one worker,"
        f" {found['seconds_2']:.1f} s with two (processor {found['cpu_1']:.1f} and"
        f" {found['cpu_2']:.1f} s), {found['ns_per_cell_year']:.2f} ns/cell-year,"
        f" x{found['ratio_to_pandas']:.0f}; all quantiles {found['quantiles_s']:.2f} s"
    )


def time_pandas(tables: dict[str, pd.DataFrame]) -> tuple[float, float, pd.DataFrame]:
    """Best wall and processor time of two runs, and the people at the end."""
    wall, processor, people = math.inf, math.inf, tables["people"]
    for _ in range(2):
        before, spent = time.perf_counter(), time.process_time()
        people = pandas_model(tables)
        wall = min(wall, time.perf_counter() - before)
        processor = min(processor, time.process_time() - spent)
    return wall, processor, people


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--quick", action="store_true", help="small cases only")
    parser.add_argument("--draws", type=int, help="draws of the ensembles (1000; 100 if quick)")
    options = parser.parse_args()
    speed = bandwidth()
    print(f"memory bandwidth, one thread: {speed:.1f} GB/s")
    rows = [case("400 areas, pool", 400, "pool", 15, speed)]
    rows.append(
        case("400 areas, pool, every flow of every cell", 400, "pool", 7, speed, cells=True)
    )
    rows.append(case("400 areas, od_type", 400, "od_type", 5, speed))
    rows.append(case("400 areas, od_full", 400, "od_full", 3, speed))
    if not options.quick:
        rows.append(case("10,000 areas, pool", 10_000, "pool", 3, speed))
    tables = long_tables(*synthetic(400))
    slow, slow_cpu, people = time_pandas(tables)
    agree = abs(float(people.n.sum()) / rows[0]["total"] - 1.0)
    del tables, people
    for row in rows:
        ratio = slow * row["areas"] / 400 / row["best_s"]
        row["ratio_to_pandas"] = ratio
        # Processor time hardly minds what else the machine is doing.
        row["ratio_of_processor_time"] = slow_cpu * row["areas"] / 400 / row["processor_s"]
        print(
            f"{row['case']:<44}{row['best_s'] * 1e3:>9.1f} ms best {row['median_s'] * 1e3:>9.1f}"
            f" ms median {row['ns_per_cell_year']:>7.2f} ns/cell-year"
            f" {100 * row['share_of_bandwidth']:>5.0f} % of bandwidth  x{ratio:.0f}"
            f" (processor x{row['ratio_of_processor_time']:.0f})"
        )
    print(f"{'400 areas, pandas long table':<44}{slow * 1e3:>9.1f} ms")
    print(f"relative difference of the city totals: {agree:.1e}")
    draws = options.draws or (100 if options.quick else 1000)
    ensembles = {"numpy": ensemble_case(draws, slow)}
    if compiled("float32") is not None:
        ensembles["numba"] = ensemble_case(draws, slow, fast=True)
        off = ensembles["numba"]["median_total"] / ensembles["numpy"]["median_total"] - 1.0
        print(f"relative difference of the median totals, numba and numpy: {abs(off):.1e}")
    for name, found in ensembles.items():
        show_ensemble(name, found)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    workers = ensembles["numpy"]["megabytes_of_workers"]
    print(f"peak memory: {memory:.0f} MB, and {workers:.0f} MB of two worker processes")
    if options.json:
        report = {
            "machine": platform.processor() or platform.machine(),
            "numpy": np.__version__,
            "pandas": pd.__version__,
            "bandwidth_gb_s": speed,
            "pandas_s": slow,
            "pandas_processor_s": slow_cpu,
            "agreement": agree,
            "peak_memory_mb": memory,
            "cases": rows,
            "ensembles": ensembles,
        }
        options.json.write_text(json.dumps(report, indent=1))
    return 0 if agree < 1e-9 else 1


if __name__ == "__main__":
    sys.exit(main())
