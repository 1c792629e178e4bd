"""Boundaries: coordinate systems, invalid polygons, gaps, overlaps and parents."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from shapely.geometry import Point, Polygon, box

from monitor_app.core.batch import ImportContext
from monitor_app.core.issues import Severity
from monitor_app.exchange.areas import MappedAreas, map_areas
from monitor_app.exchange.boundaries import choose_crs, reproject, utm_zone
from monitor_app.exchange.recipe_model import AreasContent
from tests.exchange.mapping_tools import codes, only, recipe_of, table

UTM = "EPSG:25832"
CONTENT = """\
  - kind: areas
    level: {key: viertel, name: Stadtviertel, rank: 2}
    key: {column: Nr}
    name: {column: Name}
"""


def content_of(text: str) -> AreasContent:
    content = recipe_of(text).contents[0]
    assert isinstance(content, AreasContent)
    return content


def areas_of(
    shapes: list[Any],
    crs: str | None = UTM,
    text: str = CONTENT,
    keys: list[str] | None = None,
    earlier: Any = None,
) -> MappedAreas:
    names = keys or [f"{i + 1:02d}" for i in range(len(shapes))]
    raw = table(("Nr", "Name"), [(k, f"Viertel {k}") for k in names], geometries=shapes, crs=crs)
    return map_areas(content_of(text), [raw], UTM, ImportContext(), earlier or {})


SQUARES = [box(0, 0, 100, 100), box(100, 0, 200, 100)]


def test_a_layer_becomes_areas_with_keys_and_names() -> None:
    mapped = areas_of(SQUARES)
    assert mapped.table is not None
    assert not mapped.issues
    assert mapped.table.keys == ("01", "02")
    assert mapped.table.names[0] == "Viertel 01"
    assert mapped.table.crs == UTM
    assert mapped.table.level.key_width == 2


def test_a_missing_crs_is_an_error_that_the_recipe_can_answer() -> None:
    issue = only(areas_of(SQUARES, crs=None).issues, "crs-missing")
    assert issue.severity is Severity.ERROR
    assert issue.file == "datei.csv"
    answered = areas_of(SQUARES, crs=None, text=CONTENT + f"    crs: {UTM}\n")
    assert not answered.issues
    assert answered.table is not None
    assert answered.table.geometries[0].area == pytest.approx(10_000)


def test_invalid_polygons_are_repaired_and_named() -> None:
    bow_tie = Polygon([(0, 0), (100, 100), (100, 0), (0, 100)])
    mapped = areas_of([bow_tie, SQUARES[1]])
    issue = only(mapped.issues, "boundary-invalid")
    assert (issue.row, issue.value) == (2, "01")
    assert mapped.table is not None
    repaired = mapped.table.geometries[0]
    assert repaired.is_valid
    assert repaired.area == pytest.approx(5_000)  # two triangles of 100 x 50 / 2


def test_points_are_no_areas() -> None:
    issue = only(areas_of([Point(0, 0), SQUARES[1]]).issues, "boundary-no-area")
    assert issue.severity is Severity.ERROR


def test_areas_without_geometry_stay_as_areas_without_place() -> None:
    mapped = areas_of([SQUARES[0], None])
    assert mapped.table is not None
    assert mapped.table.geometries[1] is None
    assert only(mapped.issues, "boundary-missing").count == 1


def test_overlaps_and_holes_are_measured() -> None:
    mapped = areas_of([box(0, 0, 110, 100), box(100, 0, 200, 100)])
    issue = only(mapped.issues, "boundaries-do-not-join")
    assert issue.severity is Severity.WARNING
    assert "1.000" in issue.message  # 10 m x 100 m, in the user's writing
    ring = box(0, 0, 300, 300).difference(box(100, 100, 200, 200))
    holed = areas_of([ring, box(300, 0, 400, 300)])
    assert "10.000" in only(holed.issues, "boundaries-leave-holes").message


def test_islands_of_one_area_are_joined_but_two_names_are_an_error() -> None:
    raw = table(
        ("Nr", "Name"), [("01", "Insel"), ("01", "Insel"), ("02", "A"), ("02", "B")],
        geometries=[*SQUARES, box(0, 100, 100, 200), box(100, 100, 200, 200)], crs=UTM,
    )  # fmt: skip
    mapped = map_areas(content_of(CONTENT), [raw], UTM, ImportContext(), {})
    assert only(mapped.issues, "area-in-pieces").value == "01"
    assert only(mapped.issues, "area-twice").severity is Severity.ERROR
    assert mapped.table is not None
    assert mapped.table.geometries[0].area == pytest.approx(20_000)


def test_parents_come_from_the_largest_common_surface() -> None:
    upper = areas_of(
        [box(0, 0, 100, 200), box(100, 0, 200, 200)],
        text=CONTENT.replace("viertel, name: Stadtviertel, rank: 2", "teil, name: Teil, rank: 1"),
        keys=["A", "B"],
    ).table
    assert upper is not None
    spatial = CONTENT + "    parents: [{level: teil, spatial: true}]\n"
    shapes = [box(0, 0, 90, 90), box(90, 0, 190, 90), box(130, 100, 160, 150), box(500, 0, 600, 9)]
    mapped = areas_of(shapes, text=spatial, earlier={"teil": upper})
    assert mapped.table is not None
    assert [p.get("teil") for p in mapped.table.parents] == ["A", "B", "B", None]
    assert mapped.table.level.parents == ("teil",)
    assert only(mapped.issues, "parent-missing").value == "04"
    assert "parent-uncertain" not in codes(mapped.issues)  # 90 % of area 02 lie in B
    weak = areas_of([box(50, 0, 110, 10)], text=spatial, earlier={"teil": upper})
    assert only(weak.issues, "parent-uncertain").value == "01"


def test_parents_from_the_key_must_exist() -> None:
    upper = areas_of(SQUARES, text=CONTENT.replace("viertel", "teil", 1), keys=["0", "7"]).table
    text = CONTENT + "    parents: [{level: teil, from_key: true, take_first: 1}]\n"
    mapped = areas_of(SQUARES, text=text, keys=["01", "12"], earlier={"teil": upper})
    issue = only(mapped.issues, "parent-unknown")
    assert (issue.severity, issue.value) == (Severity.ERROR, "1")


def test_listed_areas_need_no_file() -> None:
    text = """\
  - kind: areas
    level: {key: teil, name: Stadtteil, rank: 1}
    list: [{key: a, name: Altstadt}, {key: b, name: Neustadt}]
"""
    mapped = map_areas(content_of(text), [], None, ImportContext(), {})
    assert mapped.table is not None
    assert mapped.table.names == ("Altstadt", "Neustadt")
    assert mapped.table.geometries == (None, None)


def test_the_projected_crs_of_a_layer_is_taken_before_a_utm_zone() -> None:
    lonlat = np.array([box(16.3, 48.1, 16.4, 48.2)], dtype=object)
    plane = np.array(SQUARES, dtype=object)
    assert choose_crs("EPSG:3035", [("EPSG:4326", lonlat)]) == "EPSG:3035"
    assert choose_crs(None, [("EPSG:4326", lonlat), ("EPSG:31256", plane)]) == "EPSG:31256"
    assert choose_crs(None, [("EPSG:4326", lonlat)]) == "EPSG:25833"
    assert choose_crs(None, []) is None
    assert utm_zone(9.0, 50.0) == "EPSG:25832"
    assert utm_zone(-70.0, -33.0) == "EPSG:32719"


def test_reprojection_keeps_neighbours_joined_and_axis_order() -> None:
    lonlat = np.array([box(9.0, 50.0, 9.1, 50.1), box(9.1, 50.0, 9.2, 50.1)], dtype=object)
    moved = reproject(lonlat, "EPSG:4326", UTM)
    # 9° E is the central meridian of zone 32: false easting 500 km exactly
    assert shapely.bounds(moved[0])[0] == pytest.approx(500_000, abs=0.01)
    # northing of 50° N: meridian arc of GRS80 (5 540 847.04 m) times 0.9996
    assert shapely.bounds(moved[0])[1] == pytest.approx(5_540_847.04 * 0.9996, abs=1.0)
    assert shapely.coverage_is_valid(moved)
