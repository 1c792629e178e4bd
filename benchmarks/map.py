"""Hold the map engine against QGIS, matplotlib and geopandas in one run.

    python benchmarks/map.py [--sizes 400,2000,10000,100000] [--realdata DIR] [--json FILE]
    python benchmarks/map.py --report FILE.json … [--to docs/performance.md]

One row per case: median milliseconds of this engine and of each peer in turns, and their ratio.
A picture has 1,600 × 1,000 pixels and shows the whole city. QGIS needs the Debian packages qgis
and python3-qgis; real polygons are looked for in DIR/polygons. What is missing is left out with a
reason.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import shapely
from map_cities import city, write_wkb
from map_report import report
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PySide6.QtGui import QImage, QPainter

from monitor_app.cartography.borders import border_overlay, outline
from monitor_app.cartography.classify import Classification, classify
from monitor_app.cartography.mapspec import MapSpec
from monitor_app.cartography.paint import Painter
from monitor_app.cartography.pixels import Order
from monitor_app.cartography.raster import View, rasterise
from monitor_app.cartography.shapes import AreaShapes

SIZE = (1600, 1000)
ROUNDS = 7
CASES = ("value", "weight", "classes", "year", "view", "hover")
REAL = {
    "LSOA": ("ew_lsoa_2011.parquet", "34,753 real areas (England and Wales)"),
    "OA": ("ew_output_areas_2011_simplified.parquet", "181,408 real areas (England and Wales)"),
}
#: Beyond this a peer would take minutes.
GEOPANDAS_UP_TO, MATPLOTLIB_UP_TO = 2_000, 10_000


@dataclass(frozen=True)
class Row:
    """One case: our median and, where there is one, the peer's (milliseconds)."""

    city: str
    areas: int
    case: str
    ms: float
    peer: str = ""
    peer_ms: float | None = None
    goal: float | None = None  # smallest ratio, or largest milliseconds where there is no peer

    @property
    def ratio(self) -> float | None:
        return None if self.peer_ms is None else self.peer_ms / self.ms

    @property
    def ok(self) -> bool:
        if self.goal is None:
            return True
        return self.ms <= self.goal if self.ratio is None else self.ratio >= self.goal


class Ours:
    """The engine as the window uses it: recolour one buffer, lay the borders over it."""

    def __init__(self, geometries: list[Any]) -> None:
        n = len(geometries)
        keys = tuple(f"{i:06d}" for i in range(n))
        self.shapes = AreaShapes(keys, geometries)
        self.data = np.random.default_rng(1).normal(size=(8, n))
        self.status = np.zeros(n, dtype=np.uint8)
        self.base = classify(self.data[0], self.status, k=7)
        self.spec = self._map(self.data[0], self.base)
        self.home = View.fit(self.shapes.extent, *SIZE)
        self.screen = QImage(*SIZE, QImage.Format.Format_RGB32)
        self._look(self.home)

    def _map(self, values: NDArray[Any], found: Classification) -> MapSpec:
        keys = self.shapes.keys
        return MapSpec(keys, keys, values, self.status, found)

    def _look(self, view: View) -> None:
        self.raster = rasterise(self.shapes, view)
        self.painter = Painter(self.raster, Order.ARGB32)
        self.painter.fill(self.spec)
        self.borders = border_overlay(self.raster, self.spec.borders, Order.ARGB32)

    def _show(self) -> None:
        """As the widget's paint event does."""
        painter = QPainter(self.screen)
        for buffer, kind in (
            (self.painter.picture, QImage.Format.Format_RGB32),
            (self.borders, QImage.Format.Format_ARGB32_Premultiplied),
        ):
            rows, columns = buffer.shape
            painter.drawImage(0, 0, QImage(buffer.data, columns, rows, columns * 4, kind))
        painter.end()

    def _recolour(self, spec: MapSpec) -> None:
        self.painter.fill(spec)
        self._show()

    def value(self, turn: int) -> None:
        values = self.data[0].copy()
        values[turn % len(values)] = turn / 10
        self._recolour(self._map(values, self.base.apply(values, self.status)))

    def weight(self, turn: int) -> None:
        values = (np.ones(8) + 0.05 * turn * np.arange(8)) @ self.data
        self._recolour(self._map(values, classify(values, self.status, k=7)))

    def classes(self, turn: int) -> None:
        found = classify(self.data[0], self.status, k=5 + turn % 3)
        self._recolour(self._map(self.data[0], found))

    def year(self, turn: int) -> None:
        values = self.data[turn % 2]
        self._recolour(self._map(values, self.base.apply(values, self.status)))

    def view(self, turn: int) -> None:
        self._look(self.home.panned(-0.002 * SIZE[0] * (turn % 7), 0))
        self._show()

    def hover(self, turn: int) -> float:
        """Per point, with the outline of the area found."""
        points = np.random.default_rng(turn + 1).uniform(size=(100, 2)) * SIZE
        start = time.perf_counter()
        for x, y in points:
            self.raster.at(x, y)
        return (time.perf_counter() - start) * 1000 / len(points)

    def hover_outline(self, turn: int) -> None:
        found = None
        points = np.random.default_rng(turn + 1).uniform(0.2, 0.8, size=(50, 2)) * SIZE
        for x, y in points:
            found = self.raster.at(x, y)
            if found is not None:
                break
        outline(self.raster, () if found is None else (found,), order=Order.ARGB32)


class Matplotlib:
    """One collection whose values are set anew; the canvas draws itself as a picture."""

    def __init__(self, ours: Ours) -> None:
        self.ours = ours
        self.figure = Figure(figsize=(16, 10), dpi=100)
        self.canvas = FigureCanvasAgg(self.figure)
        axes = self.figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        parts = shapely.get_parts(ours.shapes.polygons, return_index=True)
        self.owner = parts[1]
        rings = [shapely.get_coordinates(r) for r in shapely.get_exterior_ring(parts[0])]
        self.collection = PolyCollection(
            rings, array=ours.data[0][self.owner], cmap="YlGnBu",
            edgecolors="white", linewidths=0.5,
        )  # fmt: skip
        axes.add_collection(self.collection)
        axes.autoscale_view()
        axes.set_aspect("equal")
        self.canvas.draw()

    def weight(self, turn: int) -> None:
        values = (np.ones(8) + 0.05 * turn * np.arange(8)) @ self.ours.data
        found = classify(values, k=7)
        self.collection.set_array(found.classes[self.owner])
        self.canvas.draw()


class Geopandas:
    """A new figure for every picture, as in a notebook."""

    def __init__(self, ours: Ours) -> None:
        import geopandas

        self.ours = ours
        self.frame = geopandas.GeoDataFrame(geometry=list(ours.shapes.polygons))

    def weight(self, turn: int) -> None:
        values = (np.ones(8) + 0.05 * turn * np.arange(8)) @ self.ours.data
        figure = Figure(figsize=(16, 10), dpi=100)
        canvas = FigureCanvasAgg(figure)
        axes = figure.add_axes((0, 0, 1, 1))
        column = classify(values, k=7).classes
        self.frame.plot(column=column, ax=axes, cmap="YlGnBu", edgecolor="white", linewidth=0.5)
        canvas.draw()


class Qgis:
    """QGIS in a process of its own, kept running."""

    def __init__(self, python: str) -> None:
        script = Path(__file__).with_name("map_peer_qgis.py")
        # Our own libraries must not reach the system's Python.
        kept = {
            k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL", "QT"))
        }
        with tempfile.TemporaryFile("w+") as errors:
            self.process = subprocess.Popen(
                [python, str(script)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True,
                env=kept | {"QT_QPA_PLATFORM": "offscreen"},
            )  # fmt: skip
            try:
                self.version = self._answer()["version"]
            except (json.JSONDecodeError, KeyError) as error:
                errors.seek(0)
                last = errors.read().strip().splitlines()[-1:]
                raise RuntimeError("; ".join(last) or "QGIS does not start") from error

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer

    def ask(self, **request: Any) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def load(self, geometries: list[Any]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "city.wkb"
            write_wkb(path, geometries)
            self.ask(load=str(path), size=SIZE)

    def time(self, case: str, turn: int) -> float:
        return float(self.ask(case=case, round=turn)["ms"])

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=30)


def timed(function: Callable[[int], float | None], turn: int) -> float:
    """Milliseconds of one call; a function that measures itself says so by its answer."""
    start = time.perf_counter()
    own = function(turn)
    return (time.perf_counter() - start) * 1000 if own is None else own


def goal_of(areas: int, case: str, peer: str) -> float | None:
    """The smallest ratio to a peer that is promised."""
    if peer == "QGIS" and case == "view":
        return 1.0
    if peer == "QGIS" and case != "hover":
        return next(
            (g for n, g in ((100_000, 100.0), (10_000, 30.0), (2_000, 10.0)) if areas >= n), None
        )
    return 25.0 if peer == "matplotlib" and areas == 10_000 else None


def measure(name: str, geometries: list[Any], qgis: Qgis | None, real: bool) -> Iterator[Row]:
    """All cases of one city; engines take turns, so that a noisy machine is noisy for all."""
    n = len(geometries)
    ours = Ours(geometries)
    if qgis is not None:
        qgis.load(geometries)
    for case in CASES:
        mine, theirs = [], []
        for turn in range(-1, ROUNDS):  # the first turn warms up
            mine.append(timed(getattr(ours, case), turn))
            if qgis is not None:
                theirs.append(qgis.time(case, turn))
        row = Row(name, n, case, median(mine[1:]))
        if theirs:
            goal = None if real and case != "view" else goal_of(n, case, "QGIS")
            yield replace(row, peer="QGIS", peer_ms=median(theirs[1:]), goal=goal)
        elif case != "hover":
            yield row
        if case == "hover":
            yield replace(row, goal=1.0)
            mine = [timed(ours.hover_outline, turn) for turn in range(ROUNDS + 1)]
            yield Row(name, n, "hover with outline", median(mine[1:]))
        if case == "weight" and n > 150_000:
            yield replace(row, case="slider frame", goal=16.0)
    if real:
        return
    peers: list[tuple[str, Any, int]] = [
        ("matplotlib", Matplotlib, MATPLOTLIB_UP_TO),
        ("geopandas", Geopandas, GEOPANDAS_UP_TO),
    ]
    for peer, make, most in peers:
        if n > most:
            continue
        other = make(ours)
        mine, theirs = [], []
        for turn in range(-1, 7):
            mine.append(timed(ours.weight, turn))
            theirs.append(timed(other.weight, turn))
        goal = goal_of(n, "weight", peer)
        yield Row(name, n, "weight", median(mine[1:]), peer, median(theirs[1:]), goal)


def real_polygons(folder: Path, file: str) -> list[Any]:
    import geopandas

    frame = geopandas.read_parquet(folder / "polygons" / file)
    return list(frame.to_crs(27700).geometry)


def print_row(row: Row) -> None:
    peer = f"{row.peer} {row.peer_ms:.1f}" if row.peer_ms is not None else ""
    ratio = f"{row.ratio:.1f}x" if row.ratio is not None else ""
    goal = "" if row.goal is None else "ok" if row.ok else f"MISS (goal {row.goal:g})"
    print(
        f"{row.city:>8} {row.case:<20}{row.ms:>10.3f} ms  {peer:<20}{ratio:>9}  {goal}", flush=True
    )


def as_json(rows: list[Row], skipped: list[str], qgis: Qgis | None) -> dict[str, Any]:
    about = {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "qgis": None if qgis is None else qgis.version,
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "rounds": ROUNDS,
    }
    table = [asdict(r) | {"ratio": r.ratio, "ok": r.ok} for r in rows]
    return {"about": about, "skipped": skipped, "rows": table}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--sizes", default="400,2000,10000,100000")
    parser.add_argument("--realdata", type=Path, default=None)
    parser.add_argument("--real", default="LSOA,OA", help="which real sets, empty for none")
    parser.add_argument("--qgis-python", default="/usr/bin/python3")
    parser.add_argument("--json", type=Path)
    parser.add_argument(
        "--report", type=Path, nargs="+", help="only write a page from earlier --json files"
    )
    parser.add_argument("--to", type=Path, default=None)
    arguments = parser.parse_args()
    if arguments.report:
        page = report([json.loads(f.read_text(encoding="utf-8")) for f in arguments.report])
        if arguments.to:
            arguments.to.write_text(page, encoding="utf-8")
        else:
            print(page)
        return 0
    skipped: list[str] = []
    qgis: Qgis | None = None
    try:
        qgis = Qgis(arguments.qgis_python)
    except (OSError, RuntimeError) as error:
        skipped.append(f"QGIS left out: {error} (apt-get install qgis python3-qgis)")
    rows: list[Row] = []
    jobs: list[tuple[str, Callable[[], list[Any]], bool]] = [
        (f"{int(n):,}", lambda n=int(n): city(n), False) for n in arguments.sizes.split(",") if n
    ]
    for key in filter(None, arguments.real.split(",")):
        file, label = REAL[key]
        folder = arguments.realdata or Path("realdata")
        if (folder / "polygons" / file).is_file():
            jobs.append((key, lambda f=folder, p=file: real_polygons(f, p), True))
        else:
            skipped.append(
                f"{label} left out: {file} is not in {folder.name}/polygons (--realdata)"
            )
    for name, make, real in jobs:
        for row in measure(name, make(), qgis, real):
            print_row(row)
            rows.append(row)
        if arguments.json:  # a long run that is stopped leaves what it has
            found = as_json(rows, skipped, qgis)
            arguments.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(*skipped, sep="\n")
    if qgis is not None:
        qgis.close()
    return 0 if all(row.ok for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
