"""Small deliveries of a town of three quarters: right ones, and each kind of wrong one."""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

HEAD = "Stichtag;Viertel;Geschlecht;Einwohner"
KEYS = ("01", "02", "03")
NAMES = ("Altstadt", "Nordstadt", "Südstadt")

RECIPES = {
    "boundaries": """
id: kleinstadt_viertel
name: {de: Kleinstadt – Viertel, en: Small town – quarters}
match: {columns: [NR, NAME]}
contents:
  - kind: areas
    level: {key: viertel, name: {de: Viertel, en: Quarter}, rank: 1}
    key: {column: NR}
    name: {column: NAME}
""",
    "stock": """
id: kleinstadt_bestand
name: {de: Kleinstadt – Bestand, en: Small town – stock}
match: {columns: [Stichtag, Viertel, Geschlecht, Einwohner]}
contents:
  - kind: population
    dataset: population
    name: {de: Bevölkerung, en: Population}
    level: viertel
    area: {column: Viertel}
    date: {column: Stichtag}
    sex: {column: Geschlecht}
    values: [{column: Einwohner}]
""",
    "rent": """
id: kleinstadt_miete
name: {de: Kleinstadt – Miete, en: Small town – rent}
match: {columns: [Stichtag, Viertel, Miete]}
contents:
  - kind: variable
    dataset: variable_rent
    variable: rent
    name: {de: Mittlere Miete, en: Mean rent}
    level: viertel
    area: {column: Viertel}
    date: {column: Stichtag}
    unit: "EUR/m²"
    aggregation: none
    fractions: true
    values: [{column: Miete}]
""",
}


def recipe(folder: Path, name: str) -> Path:
    path = folder / f"rezept_{name}.yaml"
    path.write_text(RECIPES[name], encoding="utf-8")
    return path


def boundaries(folder: Path) -> Path:
    """Three quarters of about 0.7 × 1.1 km side by side, GeoJSON."""
    features = []
    for i, (key, name) in enumerate(zip(KEYS, NAMES, strict=True)):
        x, y = 9 + 0.01 * i, 50.0
        ring = [[x, y], [x + 0.01, y], [x + 0.01, y + 0.01], [x, y + 0.01], [x, y]]
        shape = {"type": "Polygon", "coordinates": [ring]}
        features.append(
            {"type": "Feature", "properties": {"NR": key, "NAME": name}, "geometry": shape}
        )
    path = folder / "viertel.geojson"
    path.write_text(
        json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8"
    )
    return path


def rows(years: Sequence[int] = (2022, 2023)) -> list[str]:
    """Lines of a right delivery: two sexes, three quarters, the years."""
    return [
        f"31.12.{year};{key};{sex};{100 * int(key) + year - 2000 + (sex == 'w')}"
        for year in years
        for key in KEYS
        for sex in "mw"
    ]


def total(year: int) -> int:
    return 2 * (100 + 200 + 300) + 6 * (year - 2000) + 3


def text(lines: Sequence[str]) -> str:
    return "\n".join((HEAD, *lines)) + "\n"


def layer(path: Path, geometries: Sequence[BaseGeometry | None], crs: str | None) -> Path:
    """The three quarters with these geometries as GeoPackage or Shapefile."""
    frame = gpd.GeoDataFrame({"NR": KEYS, "NAME": NAMES}, geometry=list(geometries), crs=crs)
    with warnings.catch_warnings():
        # Writing a layer without a reference system is what some deliveries are about.
        warnings.filterwarnings("ignore", message="'crs' was not provided")
        frame.to_file(path, engine="pyogrio")
    return path


def squares() -> list[BaseGeometry]:
    """Three squares of a kilometre in metres of EPSG:25832."""
    return [
        Polygon([(x, 5_500_000), (x + 1000, 5_500_000), (x + 1000, 5_501_000), (x, 5_501_000)])
        for x in (500_000, 501_000, 502_000)
    ]


def bow_tie() -> BaseGeometry:
    """A ring that crosses itself."""
    return Polygon(
        [(500_000, 5_500_000), (501_000, 5_501_000), (501_000, 5_500_000), (500_000, 5_501_000)]
    )
