"""Memory and time under load: a large file, cancelling, and opening projects again and again."""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import deliveries
import numpy as np

from monitor_app.app.detach import THREAD_NAME
from monitor_app.core.progress import Cancelled, CancelToken, Progress

PERSONS = 5_000_000
MEMORY_LIMIT_MB = 1536
CANCEL_LIMIT_MS = 200.0
CYCLES = 200
_AREAS = 60
_DAY = date(2024, 12, 31)
_RECIPE = """\
id: personen
name: Personen
source: Musterstadt
contents:
  - kind: persons
    counts: population
    dataset: population
    name: Bevölkerung
    level: viertel
    area: {column: Viertel}
    date: {fixed: "31.12.2024"}
    sex: {column: Geschlecht}
    group: {column: Staat, map: {"000": national}, other: foreign}
    birth_date: Geburt
    open_from: 100
"""


@dataclass
class Measured:
    """One row: what, against which limit, in which unit, and whether it holds."""

    name: str
    tried: int
    outcome: str
    holds: bool


def write_persons(path: Path, count: int, seed: int = 1) -> dict[str, int]:
    """A file with one row per person; returns the counts per area and sex, taken from the numbers
    before they became text."""
    rng = np.random.default_rng(seed)
    days = np.array(
        [(_DAY - timedelta(days=i)).strftime("%d.%m.%Y") for i in range(36_500)], dtype=object
    )
    keys = np.array([f"{i:03d}" for i in range(_AREAS)], dtype=object)
    totals: dict[str, int] = {}
    with path.open("w", encoding="utf-8") as sink:
        sink.write("Lfd;Viertel;Geschlecht;Staat;Geburt\n")
        for start in range(0, count, 250_000):
            n = min(250_000, count - start)
            area, sex = rng.integers(0, _AREAS, n), rng.integers(0, 2, n)
            columns = (
                keys[area], np.array(["m", "w"], dtype=object)[sex],
                np.array(["000", "000", "163"], dtype=object)[rng.integers(0, 3, n)],
                days[rng.integers(0, len(days), n)],
            )  # fmt: skip
            pairs, hits = np.unique(area * 2 + sex, return_counts=True)
            for pair, hit in zip(pairs.tolist(), hits.tolist(), strict=True):
                name = f"{pair // 2:03d}/{'mf'[pair % 2]}"
                totals[name] = totals.get(name, 0) + hit
            rows = zip(range(start, start + n), *columns, strict=True)
            sink.write("".join(f"{i};{a};{s};{c};{b}\n" for i, a, s, c, b in rows))
    return totals


def _context() -> Any:
    from monitor_app.core.areas import CITY, Area, AreaSystem, Level
    from monitor_app.core.batch import ImportContext

    keys = [f"{i:03d}" for i in range(_AREAS)]
    levels = (Level(CITY, "Stadt", 0), Level("viertel", "Viertel", 1))
    return ImportContext(
        AreaSystem(levels, tuple(Area(i, "viertel", k, k) for i, k in enumerate(keys)))
    )


def count_persons(path: Path) -> None:
    """Run in a process of its own: import and print the counts and the peak of memory."""
    from monitor_app.exchange.prepare import prepare_import
    from monitor_app.exchange.recipe import load_recipe

    started = time.monotonic()
    batch = prepare_import([path], load_recipe(_RECIPE), _context())
    (fact,) = batch.facts
    cube = fact.cube.sum(*(d for d in fact.cube.dims if d not in ("area", "sex")))
    found = {
        f"{area}/{sex}": int(cube.values[i, j])
        for i, area in enumerate(cube.labels["area"])
        for j, sex in enumerate(cube.labels["sex"])
    }
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    seconds = time.monotonic() - started
    print(json.dumps({"found": found, "peak_mb": peak, "seconds": seconds}))


def large_file(folder: Path, persons: int = PERSONS) -> Measured:
    path = folder / "personen.csv"
    expected = write_persons(path, persons)
    done = subprocess.run(
        [sys.executable, __file__, "count", str(path)],
        check=False, capture_output=True, text=True, env=_environment(),
    )  # fmt: skip
    size = path.stat().st_size / 1e6
    path.unlink()
    name = f"person file of {persons:,} rows ({size:.0f} MB) aggregated within 1.5 GB"
    if done.returncode != 0:
        return Measured(name, 1, "failed: " + done.stderr[-300:].replace("\n", " "), False)
    answer = json.loads(done.stdout)
    same = answer["found"] == expected
    outcome = (
        f"peak {answer['peak_mb']:.0f} MB, {answer['seconds']:.0f} s; "
        f"{len(expected)} counts per area and sex {'equal' if same else 'DIFFER FROM'} "
        "those taken while writing"
    )
    return Measured(name, 1, outcome, same and answer["peak_mb"] <= MEMORY_LIMIT_MB)


def _environment() -> dict[str, str]:
    root = Path(__file__).resolve().parents[2]
    paths = [str(root), str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in paths if p)}


def _materials(folder: Path) -> dict[str, Path]:
    """Deliveries of each kind that take seconds to import."""
    import geopandas
    import shapely
    import xlsxwriter

    files = {"persons": folder / "p.csv", "csv": folder / "bevoelkerung_20241231.csv",
             "xlsx": folder / "bevoelkerung_20241231.xlsx", "gpkg": folder / "g.gpkg"}  # fmt: skip
    write_persons(files["persons"], 600_000)
    rng = random.Random(1)
    header = ["Schlüssel", "Geschlecht", "unter 3", "3 bis unter 6", "6 und älter", "Stand"]
    rows = [
        [
            f"{i % 60:03d}",
            "mw"[i % 2],
            *(rng.randrange(999) for _n in range(3)),
            f"{1900 + i // 120}-12-31",
        ]
        for i in range(12_000)
    ]
    lines = [";".join(map(str, row)) for row in (header, *rows)]
    files["csv"].write_text("\n".join(lines * 12), encoding="utf-8")
    with xlsxwriter.Workbook(files["xlsx"]) as book:
        sheet = book.add_worksheet()
        for r, row in enumerate([header, *rows]):
            sheet.write_row(r, 0, row)
    shapes = [shapely.Point(i % 150, i // 150).buffer(0.45, 32) for i in range(15_000)]
    geopandas.GeoDataFrame(
        {"key": [f"{i:05d}" for i in range(len(shapes))], "name": "x"}, geometry=shapes,
        crs="EPSG:25832",
    ).to_file(files["gpkg"])  # fmt: skip
    return files


def cancelling(folder: Path, tries: int) -> Measured:
    """Cancel imports of all kinds at random moments; how long until they ended, and whether the
    project is as before."""
    from monitor_app.app import imports
    from monitor_app.app.session import Session
    from monitor_app.app.settings import Settings
    from monitor_app.exchange.recipe import load_recipe
    from tests.project import project_towns as towns

    files, rng = _materials(folder), random.Random(7)
    delays: list[tuple[float, str]] = []
    finished = changed = 0
    session = Session(Settings(), folder / "cw")
    session.create(folder / "c.gpkg")
    project = session.project
    project.apply(towns.batch(towns.quarters(60), towns.districts(15)))
    before = project.content_hash()
    big = towns.batch(towns.quarters(4000), towns.population(range(1900, 2024), areas=200))
    longest = 0.0
    for i in range(tries):
        kind = (*files, "apply")[i % (len(files) + 1)]

        def work(progress: Progress, kind: str = kind) -> None:
            if kind == "apply":
                project.apply(big, progress)
                project.undo()
            else:
                recipes = [load_recipe(_RECIPE)] if kind == "persons" else []
                imports.prepare(session, [files[kind]], recipes, progress)

        took, ended = _cancel(work, rng.random() * rng.choice((0.2, 1.0, 3.0)))
        longest = max(longest, _wait_for_detached())
        finished += not ended
        if ended:
            delays.append((took * 1000, kind))
        changed += project.content_hash() != before or bool(project.check())
    session.close(discard=True)
    times = sorted(t for t, _kind in delays)
    slowest = {
        k: max((t for t, kind in delays if kind == k), default=0.0) for k in (*files, "apply")
    }
    outcome = (
        f"{len(times)} cancelled ({finished} had finished before): "
        f"median {_share(times, 0.5):.0f} ms, 95 % {_share(times, 0.95):.0f} ms, "
        f"longest {times[-1] if times else 0:.0f} ms ("
        + ", ".join(f"{k} {v:.0f}" for k, v in slowest.items())
        + f"); what was left behind ended by itself after at most {longest:.1f} s; "
        f"project changed in {changed} cases"
    )
    return Measured(
        "import cancelled at a random moment ends within 200 ms, project as before", tries,
        outcome, not changed and bool(times) and _share(times, 0.95) <= CANCEL_LIMIT_MS,
    )  # fmt: skip


def _wait_for_detached() -> float:
    """Seconds until work that a cancel left behind had ended."""
    started = time.monotonic()
    for thread in threading.enumerate():
        if thread.name == THREAD_NAME:
            thread.join()
    return time.monotonic() - started


def _share(times: list[float], part: float) -> float:
    return times[min(int(len(times) * part), len(times) - 1)] if times else 0.0


def _cancel(work: Any, delay: float) -> tuple[float, bool]:
    token, ended, stopped = CancelToken(), [0.0], [False]

    def run() -> None:
        try:
            work(Progress(token=token))
        except Cancelled:
            stopped[0] = True
        ended[0] = time.monotonic()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(delay)
    asked = time.monotonic()
    token.cancel()
    thread.join()
    return ended[0] - asked, stopped[0]


def cycles(folder: Path) -> Measured:
    done = subprocess.run(
        [sys.executable, __file__, "cycles", str(folder), str(CYCLES)],
        check=False, capture_output=True, text=True, env=_environment(),
    )  # fmt: skip
    name = f"memory over {CYCLES} cycles of open, change, save, close does not grow"
    if done.returncode != 0:
        return Measured(name, 0, "failed: " + done.stderr[-300:].replace("\n", " "), False)
    sizes = json.loads(done.stdout)
    early, late = float(np.median(sizes[40:80])), float(np.median(sizes[-40:]))
    outcome = f"{early:.1f} MB around cycle 60, {late:.1f} MB around cycle {CYCLES - 20}"
    return Measured(name, CYCLES, outcome, late - early < 8.0)


def run_cycles(folder: Path, count: int) -> None:
    import gc

    from worker import warm

    from monitor_app.app.session import Session
    from monitor_app.app.settings import Settings
    from monitor_app.project.project import Project
    from tests.project import project_towns as towns

    warm()
    path, working = folder / "z.gpkg", folder / "zw"
    with Project.create(path, working_dir=working) as project:
        project.apply(towns.whole_town())
        project.save()
    session = Session(Settings(), working)
    sizes = []
    for number in range(count):
        session.open(path)
        session.apply(towns.batch(towns.population((2023, 2024), seed=number % 5)))
        session.undo()
        session.project.put_document("weighting", "w", deliveries.weights(number), "Gewichte")
        session.save()
        session.close()
        gc.collect()
        status = Path("/proc/self/status").read_text(encoding="ascii")
        sizes.append(int(status.split("VmRSS:")[1].split()[0]) / 1024)
    print(json.dumps(sizes))


def run(folder: Path, *, quick: bool = False) -> Iterator[dict[str, Any]]:
    """Row by row, each as soon as it is measured."""
    yield asdict(large_file(folder, 100_000 if quick else PERSONS))
    yield asdict(cancelling(folder, 10 if quick else 60))
    yield asdict(cycles(folder))


if __name__ == "__main__":
    if sys.argv[1] == "count":
        count_persons(Path(sys.argv[2]))
    else:
        run_cycles(Path(sys.argv[2]), int(sys.argv[3]))
