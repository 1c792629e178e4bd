"""Boundaries as GeoPackage and Shapefile; time stamps inside the files are pinned."""

from __future__ import annotations

import datetime as dt
import tempfile
import zipfile
from pathlib import Path

import geopandas as gpd
import pyogrio
from shapely import MultiPolygon, Polygon

from town import geometry, plan

STAMP = (2025, 1, 15, 8, 0, 0)
FIRST_DAY = dt.date(2001, 1, 1)
REFORM = dt.date(plan.REFORM_YEAR, 1, 1)


def _multi(shape: Polygon | MultiPolygon) -> MultiPolygon:
    return shape if isinstance(shape, MultiPolygon) else MultiPolygon([shape])


def version_shape(town: geometry.Town, version: plan.Version) -> MultiPolygon:
    return _multi(geometry.union([town.pieces[i] for i in version.pieces]))


def quarters(town: geometry.Town, versions: tuple[plan.Version, ...]) -> gpd.GeoDataFrame:
    shapes = [version_shape(town, v) for v in versions]
    return gpd.GeoDataFrame(
        {
            "VIERTEL_NR": [v.key for v in versions],
            "VIERTEL": [v.name for v in versions],
            "STADTTEIL_NR": [v.district for v in versions],
            "STADTTEIL": [plan.district_name(v.district) for v in versions],
            "BEZIRK_NR": [v.district[:2] for v in versions],
            "BEZIRK": [plan.BEZIRKE[v.district[:2]] for v in versions],
            "GUELTIG_VON": [FIRST_DAY if v.before else REFORM for v in versions],
            "GUELTIG_BIS": [None if v.after else REFORM - dt.timedelta(1) for v in versions],
            "FLAECHE_HA": [round(s.area / 10_000, 1) for s in shapes],
        },
        geometry=shapes,
        crs=plan.CRS,
    )


def _upper(town: geometry.Town, digits: int) -> gpd.GeoDataFrame:
    """Stadtteile (3 digits) or Stadtbezirke (2)."""
    keys = sorted({p.district[:digits] for p in plan.pieces()})
    shapes = [
        _multi(geometry.union([s for p, s in zip(plan.pieces(), town.pieces, strict=True)
                               if p.district.startswith(key)]))
        for key in keys
    ]  # fmt: skip
    area = [round(s.area / 10_000, 1) for s in shapes]
    if digits == 2:
        columns = {"BEZIRK_NR": keys, "BEZIRK": [plan.BEZIRKE[k] for k in keys]}
    else:
        columns = {
            "STADTTEIL_NR": keys,
            "STADTTEIL": [plan.district_name(k) for k in keys],
            "BEZIRK_NR": [k[:2] for k in keys],
            "BEZIRK": [plan.BEZIRKE[k[:2]] for k in keys],
        }
    return gpd.GeoDataFrame({**columns, "FLAECHE_HA": area}, geometry=shapes, crs=plan.CRS)


def _topography(town: geometry.Town) -> dict[str, gpd.GeoDataFrame]:
    water = [("Leinbeke", "Fluss", _multi(town.river))]
    water += [(name, "See", _multi(shape)) for name, shape in town.lakes]
    return {
        "gewaesser": gpd.GeoDataFrame(
            {"NAME": [n for n, _, _ in water], "ART": [k for _, k, _ in water]},
            geometry=[s for _, _, s in water], crs=plan.CRS),
        "flussachse": gpd.GeoDataFrame(
            {"NAME": ["Leinbeke"]}, geometry=[town.river_line], crs=plan.CRS),
        "gruenflaechen": gpd.GeoDataFrame(
            {"NAME": [n for n, _, _ in town.greens], "ART": [k for _, k, _ in town.greens],
             "FLAECHE_HA": [round(s.area / 10_000, 1) for _, _, s in town.greens]},
            geometry=[_multi(s) for _, _, s in town.greens], crs=plan.CRS),
    }  # fmt: skip


def write_gpkg(path: Path, layers: dict[str, gpd.GeoDataFrame]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    pinned = "{}-{:02}-{:02}T{:02}:{:02}:{:02}.000Z".format(*STAMP)
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": pinned})
    try:
        for number, (name, frame) in enumerate(layers.items()):
            pyogrio.write_dataframe(
                frame, path, layer=name, driver="GPKG", append=number > 0, use_arrow=True
            )
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def write_shape_zip(path: Path, frame: gpd.GeoDataFrame) -> None:
    """A zipped Shapefile (cp1252, names of at most ten letters)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    day = "{}-{:02}-{:02}".format(*STAMP[:3])
    with tempfile.TemporaryDirectory() as folder:
        shape = Path(folder) / f"{path.stem}.shp"
        pyogrio.write_dataframe(
            frame, shape, driver="ESRI Shapefile", encoding="CP1252",
            layer_options={"DBF_DATE_LAST_UPDATE": day},
        )  # fmt: skip
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
            for part in sorted(Path(folder).iterdir()):
                info = zipfile.ZipInfo(part.name, STAMP)
                info.compress_type = zipfile.ZIP_DEFLATED
                info.external_attr = 0o644 << 16
                target.writestr(info, part.read_bytes())


def write_maps(folder: Path, town: geometry.Town) -> None:
    layers = {
        "stadtbezirke": _upper(town, 2),
        "stadtteile": _upper(town, 3),
        "stadtviertel": quarters(town, plan.versions()),
    }
    write_gpkg(folder / "grenzen" / "gebietsgliederung.gpkg", layers)
    write_gpkg(folder / "grenzen" / "topographie.gpkg", _topography(town))
    now = quarters(town, plan.system(after=True)).drop(columns=["GUELTIG_VON", "GUELTIG_BIS"])
    now = now.rename(columns={"STADTTEIL_NR": "TEIL_NR"})
    write_shape_zip(folder / "grenzen" / "stadtviertel_2018.zip", now)
