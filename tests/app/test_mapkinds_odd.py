"""Every kind of map on odd towns: one area, no value, all equal, nobody to divide by."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
import shapely

from monitor_app.app.mapkinds import Kind
from monitor_app.app.maps import shapes_of, shown_map
from monitor_app.app.session import Session
from monitor_app.app.settings import Settings
from monitor_app.app.view import ChangeKind, ViewState
from monitor_app.cartography.alttext import alt_text
from monitor_app.cartography.decor import decor_overlay
from monitor_app.cartography.legend import legend_entries
from monitor_app.cartography.paint import Painter
from monitor_app.cartography.raster import View, rasterise
from monitor_app.core.ages import AgeAxis
from monitor_app.core.areas import Level
from monitor_app.core.batch import AreaTable, FactTable, ImportBatch
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import DatasetSpec
from monitor_app.core.datasets import Kind as DataKind
from monitor_app.core.issues import UserError
from monitor_app.project.project import Project
from monitor_app.reports.page import SheetLayout, compose

RATIO = "altenquotient"
DAYS = (date(2020, 12, 31), date(2024, 12, 31))


def persons(areas: int, name: str) -> np.ndarray:
    """Persons by area, date and age (under 20, 20 to 64, 65 and older)."""
    counts = np.full((areas, 2, 3), 100.0)
    if name == "nobody of working age":
        counts[:, :, 1] = 0
    elif name == "no value":
        counts[:] = np.nan
    elif name == "one value":
        counts[1:] = np.nan
    elif name == "zeros":
        counts[:] = 0
    return counts


TOWNS = {
    "one area": (1, "equal"), "all equal": (6, "equal"), "no value": (6, "no value"),
    "one value": (6, "one value"), "zeros": (6, "zeros"),
    "nobody of working age": (6, "nobody of working age"),
}  # fmt: skip


@pytest.fixture(scope="module", params=TOWNS)
def odd(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    n, numbers = TOWNS[request.param]
    folder: Path = tmp_path_factory.mktemp("seltsam")
    keys = tuple(f"{i:02d}" for i in range(n))
    boxes = tuple(shapely.box(565000 + 900 * i, 0, 565900 + 900 * i, 900) for i in range(n))
    areas = AreaTable(Level("viertel", "Stadtviertel", 2), keys, keys, boxes, "EPSG:25832")
    axis = AgeAxis.from_lows((0, 20, 65))
    cube = Cube.of({"area": keys, "date": DAYS}, persons(n, numbers), ages=axis)
    spec = DatasetSpec("population", DataKind.POPULATION, "Bevölkerung", "viertel")
    path = folder / "p.gpkg"
    with Project.create(path, name="P", working_dir=folder / "w") as project:
        project.apply(ImportBatch("x", (), areas=(areas,), facts=(FactTable(spec, cube),)))
        project.save()
    session = Session(Settings(), working_dir=folder / "w2")
    session.open(path)
    yield session
    session.close(discard=True)


KINDS = [*(k.value for k in Kind), "change", "change_relative"]


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_breaks_and_every_area_has_one_look(odd: Session, kind: str) -> None:
    odd.view = ViewState()
    odd.set_view(
        indicator=RATIO, level="viertel", second="jugendquotient", symbols="einwohner",
        labels="both", targets={RATIO: 50.0},
    )  # fmt: skip
    if kind.startswith("change"):
        change = ChangeKind.RELATIVE if kind.endswith("relative") else ChangeKind.ABSOLUTE
        odd.set_view(compare_to=DAYS[0], change=change)
    else:
        odd.set_view(kind=kind)
    if odd.view.day is None:  # nothing was ever counted
        with pytest.raises(UserError, match="keine Werte"):
            shown_map(odd)
        return
    spec, refused = shown_map(odd)
    assert all(issue.message and issue.repair for issue in refused)
    assert len(spec.codes) == len(spec.keys)
    if spec.pair is None:
        marks = [e.count for e in legend_entries(spec) if e.kind != "mark"]
        assert sum(marks) == len(spec.keys)
    shapes = shapes_of(odd, "viertel", odd.view.day)
    view = View.fit(shapes.extent, 200, 200)
    painter = Painter(rasterise(shapes, view))
    painter.fill(spec)
    decor_overlay(spec, shapes, view)
    compose(spec, shapes, SheetLayout(office="Amt"))
    assert spec.title in alt_text(spec)


def test_zero_has_a_look_of_its_own_on_request(odd: Session) -> None:
    odd.view = ViewState()
    odd.set_view(indicator="einwohner", level="viertel", zeros=True)
    if odd.view.day is None:
        return
    spec, _refused = shown_map(odd)
    counted = int(((spec.values == 0) & (spec.status < 10)).sum())
    zero = [e.count for e in legend_entries(spec) if e.kind == "zero"]
    assert zero == ([counted] if counted else [])
    assert sum(spec.classification.counts) == int((spec.values > 0).sum())
    odd.set_view(zeros=False)
    spec, _refused = shown_map(odd)
    assert not [e for e in legend_entries(spec) if e.kind == "zero"]
