"""Recipes of a project are taken for the tables that they were made for."""

from __future__ import annotations

from pathlib import Path

from monitor_app.exchange.prepare import GOOD_MATCH
from monitor_app.exchange.readers import read_tables
from monitor_app.exchange.recipe import load_recipe, match_score

OWN = """
id: sterbefaelle
name: {de: Sterbefälle, en: Deaths}
match: {files: ["sterbefaelle_????.csv"], columns: [Gebiet, Jahr, Alter, Anzahl]}
contents:
- kind: deaths
  name: {de: Sterbefälle, en: Deaths}
  dataset: sterbefaelle
  level: viertel
  area: {column: Gebiet}
  date: {column: Jahr}
  values: [{column: Anzahl}]
"""


def test_the_same_columns_do_not_make_the_same_table(tmp_path: Path) -> None:
    scores = []
    for name in ("sterbefaelle_2025.csv", "wegzuege_2025.csv"):
        path = tmp_path / name
        path.write_text("Gebiet;Jahr;Alter;Anzahl\n01;2025;30;4\n", encoding="utf-8")
        (table,) = read_tables(path)
        scores.append(match_score(load_recipe(OWN), table))
    assert scores[0] >= GOOD_MATCH
    assert 0 < scores[1] < GOOD_MATCH  # offered, never taken unasked
