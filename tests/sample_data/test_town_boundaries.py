"""Boundaries: gapless, nested, with holes and exclaves, in two versions."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely


@pytest.fixture(scope="module")
def layers(sample_town: Path) -> dict[str, gpd.GeoDataFrame]:
    path = sample_town / "grenzen" / "gebietsgliederung.gpkg"
    return {
        name: gpd.read_file(path, layer=name)
        for name in ("stadtbezirke", "stadtteile", "stadtviertel")
    }


def valid_on(frame: gpd.GeoDataFrame, day: dt.date) -> gpd.GeoDataFrame:
    when = pd.Timestamp(day)
    ends = frame["GUELTIG_BIS"].isna() | (pd.to_datetime(frame["GUELTIG_BIS"]) >= when)
    return frame[(pd.to_datetime(frame["GUELTIG_VON"]) <= when) & ends]


DAYS = (dt.date(2009, 12, 31), dt.date(2017, 12, 31), dt.date(2018, 1, 1), dt.date(2024, 12, 31))


@pytest.mark.parametrize("day", DAYS)
def test_quarters_tile_the_town_on_each_day(
    layers: dict[str, gpd.GeoDataFrame], day: dt.date
) -> None:
    quarters = valid_on(layers["stadtviertel"], day)
    assert len(quarters) == 60
    assert quarters.crs.to_epsg() == 25832
    shapes = list(quarters.geometry)
    assert all(s.is_valid for s in shapes)
    assert shapely.coverage_is_valid(shapes)
    whole = shapely.union_all(shapes)
    assert whole.geom_type == "Polygon"
    assert not whole.interiors
    assert sum(s.area for s in shapes) == pytest.approx(whole.area, rel=1e-9)


def test_levels_nest_by_key_and_shape(layers: dict[str, gpd.GeoDataFrame]) -> None:
    quarters = valid_on(layers["stadtviertel"], DAYS[-1])
    assert quarters["VIERTEL_NR"].str.fullmatch(r"0[1-4][1-9][1-9]").all()
    assert (quarters["VIERTEL_NR"].str[:3] == quarters["STADTTEIL_NR"]).all()
    for finer, column, level, count in (
        (quarters, "STADTTEIL_NR", "stadtteile", 12),
        (layers["stadtteile"], "BEZIRK_NR", "stadtbezirke", 4),
    ):
        upper = layers[level].set_index(column)
        assert len(upper) == count
        assert upper.index.is_unique
        assert shapely.coverage_is_valid(list(upper.geometry))
        for key, part in finer.groupby(column):
            joined = shapely.union_all(list(part.geometry))
            assert joined.symmetric_difference(upper.geometry[key]).area < 0.01


def test_only_one_name_appears_twice_and_in_different_districts(
    layers: dict[str, gpd.GeoDataFrame],
) -> None:
    quarters = valid_on(layers["stadtviertel"], DAYS[-1])
    twice = quarters[quarters["VIERTEL"].duplicated(keep=False)]
    assert list(twice["VIERTEL"]) == ["Am Kirchberg"] * 2
    assert twice["BEZIRK_NR"].nunique() == 2
    assert layers["stadtviertel"]["VIERTEL_NR"].is_unique


def test_there_are_holes_and_exclaves(layers: dict[str, gpd.GeoDataFrame]) -> None:
    quarters = layers["stadtviertel"].set_index("VIERTEL")
    parts = quarters.geometry.map(lambda s: len(shapely.get_parts(s)))
    assert sorted(quarters.index[parts == 2]) == ["Alt-Steinbrück", "Bruchkamp"]
    holes = quarters.geometry.map(lambda s: sum(len(p.interiors) for p in shapely.get_parts(s)))
    assert sorted(quarters.index[holes == 1]) == ["Alt-Hohenbeck", "Nettelsiek", "Neu-Tannrode"]


def test_borders_wiggle(layers: dict[str, gpd.GeoDataFrame]) -> None:
    """Natural borders have many corners and are longer than those of the convex hull."""
    shapes = valid_on(layers["stadtviertel"], DAYS[-1]).geometry
    corners = shapely.get_num_coordinates(list(shapes))
    assert corners.min() > 60
    assert np.median([s.length / s.convex_hull.length for s in shapes]) > 1.04


def test_reform_shapes_fit_the_bridge_table(
    layers: dict[str, gpd.GeoDataFrame], sample_town: Path
) -> None:
    bridge = pd.read_csv(
        sample_town / "gebietsreform" / "umsteigeschluessel_2018.csv",
        sep=";", encoding="cp1252", decimal=",", dtype={"Viertel_alt": str, "Viertel_neu": str},
    )  # fmt: skip
    shares = bridge.columns[3:]
    assert len(shares) == 3
    sums = bridge.groupby("Viertel_alt")[list(shares)].sum()
    np.testing.assert_allclose(sums, 1.0, atol=1.5e-6)
    assert len(sums) == 60
    shapes = layers["stadtviertel"].set_index("VIERTEL_NR").geometry
    for row in bridge.itertuples():
        old, new = shapes[row.Viertel_alt], shapes[row.Viertel_neu]
        assert old.intersection(new).area / old.area == pytest.approx(row._5, abs=2e-6)
    split = bridge[bridge["Viertel_alt"] == "0431"].set_index("Viertel_neu")["Anteil Einwohner"]
    old = pd.read_csv(
        sample_town / "bevoelkerung" / "bevoelkerung_2009_2017.csv",
        sep=";", encoding="cp1252", skiprows=4, dtype={"Viertel_Nr": str},
        usecols=["Stichtag", "Viertel_Nr", "Insgesamt"],
    )  # fmt: skip
    new = pd.read_csv(
        sample_town / "gebietsreform" / "bevoelkerung_20171231_neuer_gebietsstand.csv",
        sep=";", encoding="cp1252", skiprows=4, dtype={"Viertel_Nr": str},
        usecols=["Stichtag", "Viertel_Nr", "Insgesamt"],
    )  # fmt: skip
    last = old[old["Stichtag"] == "31.12.2017"].groupby("Viertel_Nr")["Insgesamt"].sum()
    then = new.groupby("Viertel_Nr")["Insgesamt"].sum()
    for key, share in split.items():
        assert share == pytest.approx(then[key] / last["0431"], abs=1e-6)


def test_directory_lists_the_same_areas(
    layers: dict[str, gpd.GeoDataFrame], sample_town: Path
) -> None:
    listed = pd.read_csv(
        sample_town / "gebietsreform" / "gebietsverzeichnis.csv",
        sep=";",
        encoding="cp1252",
        dtype=str,
    )
    drawn = layers["stadtviertel"]
    assert list(listed["Viertel_Nr"]) == list(drawn["VIERTEL_NR"])
    assert list(listed["Stadtviertel"]) == list(drawn["VIERTEL"])
    assert list(listed["Gültig bis"].isna()) == list(drawn["GUELTIG_BIS"].isna())


def test_shapefile_is_the_present_version(
    layers: dict[str, gpd.GeoDataFrame], sample_town: Path
) -> None:
    shape = gpd.read_file(sample_town / "grenzen" / "stadtviertel_2018.zip")
    now = valid_on(layers["stadtviertel"], DAYS[-1])
    assert list(shape["VIERTEL_NR"]) == list(now["VIERTEL_NR"])
    assert list(shape["VIERTEL"]) == list(now["VIERTEL"])
    assert shape.crs.to_epsg() == 25832
    for left, right in zip(shape.geometry, now.geometry, strict=True):
        assert left.symmetric_difference(right).area < 0.01


def test_river_runs_through_and_green_lies_inside(
    layers: dict[str, gpd.GeoDataFrame], sample_town: Path
) -> None:
    path = sample_town / "grenzen" / "topographie.gpkg"
    town = shapely.union_all(list(layers["stadtbezirke"].geometry))
    line = gpd.read_file(path, layer="flussachse").geometry[0]
    assert line.length > 10_000
    assert len(shapely.get_parts(shapely.ops.split(town, line))) == 2
    water = gpd.read_file(path, layer="gewaesser").set_index("NAME").geometry
    assert water["Leinbeke"].buffer(1).contains(line)
    green = gpd.read_file(path, layer="gruenflaechen").geometry
    assert len(green) == 12
    assert all(town.buffer(1).contains(g) for g in green)
