"""Layers that are only drawn: read, moved to the project's CRS, kept, taken back."""

from __future__ import annotations

import json
from pathlib import Path

import pyogrio
import pytest
import shapely

from monitor_app.core.backdrops import DOCUMENT, Backdrop, BackdropLook
from monitor_app.exchange.prepare import prepare_import
from monitor_app.exchange.recipe import load_recipe
from monitor_app.project.project import Project

RECIPE = """
id: plan
name: Plan
match: {files: ["plan*"]}
contents:
  - kind: backdrop
    layer: tram
    name: {de: Straßenbahn, en: Tram}
    look: line
"""


def _geojson(path: Path, shapes: list[shapely.Geometry | None], crs: str = "EPSG::25832") -> Path:
    features = [
        {"type": "Feature", "properties": {"n": str(i)},
         "geometry": None if s is None else shapely.geometry.mapping(s)}
        for i, s in enumerate(shapes)
    ]  # fmt: skip
    named = {"type": "name", "properties": {"name": f"urn:ogc:def:crs:{crs}"}}
    text = json.dumps({"type": "FeatureCollection", "crs": named, "features": features})
    path.write_text(text, encoding="utf-8")
    return path


def _layers(batch) -> dict[str, Backdrop]:
    return {key: Backdrop.load(t) for (kind, key), t in batch.documents.items() if kind == DOCUMENT}


def test_water_and_greenery_of_the_sample_town(sample_town: Path) -> None:
    file = sample_town / "grenzen" / "topographie.gpkg"
    found = _layers(prepare_import([file], None))
    assert {k: v.look for k, v in found.items()} == {
        "water": BackdropLook.WATER, "greenery": BackdropLook.GREEN,
    }  # fmt: skip
    for key, layer in (("water", "gewaesser"), ("greenery", "gruenflaechen")):
        _meta, _ids, raw, _fields = pyogrio.raw.read(file, layer=layer)
        area = sum(shapely.area(shapely.from_wkb(raw)))
        assert sum(shapely.area(found[key].geometries)) == pytest.approx(area, rel=1e-6)


def test_lines_are_moved_into_the_project(tmp_path: Path) -> None:
    # The central meridian of zone 32 on the equator: easting 500 km, northing 0 by definition.
    line = shapely.LineString([(9.0, 0.0), (9.0, 0.001)])
    file = _geojson(tmp_path / "plan.geojson", [line], "OGC:1.3:CRS84")
    first = _geojson(tmp_path / "plan0.geojson", [shapely.LineString([(500000, 0), (500000, 1)])])
    batch = prepare_import([first, file], load_recipe(RECIPE))
    drawn = _layers(batch)["tram"]
    assert not batch.blocked
    assert drawn.crs == "EPSG:25832"
    assert shapely.get_coordinates(drawn.geometries[1])[0] == pytest.approx((500000, 0), abs=0.02)


def test_points_and_gaps_are_told(tmp_path: Path) -> None:
    shapes = [shapely.Point(1, 1), None, shapely.box(0, 0, 5, 5)]
    batch = prepare_import([_geojson(tmp_path / "plan.geojson", shapes)], load_recipe(RECIPE))
    assert ("backdrop-not-drawn", 2) in [(i.code, i.count) for i in batch.issues]
    assert len(_layers(batch)["tram"].geometries) == 1


def test_nothing_to_draw_is_an_error(tmp_path: Path) -> None:
    file = _geojson(tmp_path / "plan.geojson", [shapely.Point(1, 1)])
    batch = prepare_import([file], load_recipe(RECIPE))
    assert batch.blocked
    assert "Straßenbahn" in " ".join(i.message for i in batch.issues)


def test_undo_takes_a_layer_back(tmp_path: Path) -> None:
    file = _geojson(tmp_path / "plan.geojson", [shapely.box(0, 0, 5, 5)])
    batch = prepare_import([file], load_recipe(RECIPE))
    with Project.create(tmp_path / "p.gpkg", working_dir=tmp_path / "w") as project:
        project.apply(batch)
        assert list(project.documents(DOCUMENT)) == ["tram"]
        project.undo()
        assert project.documents(DOCUMENT) == {}
        project.redo()
        again = Backdrop.load(project.documents(DOCUMENT)["tram"])
        assert shapely.area(again.geometries[0]) == 25


@pytest.mark.parametrize(
    ("name", "shape", "look"),
    [
        ("strassenbahn", shapely.LineString([(0, 0), (9, 9)]), BackdropLook.LINE),
        ("flusslauf", shapely.LineString([(0, 0), (9, 9)]), BackdropLook.WATER),
        ("Gewässer_2024", shapely.box(0, 0, 5, 5), BackdropLook.WATER),
        ("gruenflaechen", shapely.box(0, 0, 5, 5), BackdropLook.GREEN),
        ("stadtteile", shapely.box(0, 0, 5, 5), None),
        ("waldstadt_wasserburg_seestadt", shapely.box(0, 0, 5, 5), None),
        ("kitas_am_fluss", shapely.Point(1, 1), None),
    ],
)
def test_what_is_only_drawn_is_proposed_by_shape_and_name(
    tmp_path: Path, name, shape, look
) -> None:
    batch = prepare_import([_geojson(tmp_path / f"{name}.geojson", [shape])], None)
    assert [layer.look for layer in _layers(batch).values()] == ([look] if look else [])
    if look:
        assert not batch.blocked
        assert not batch.areas
