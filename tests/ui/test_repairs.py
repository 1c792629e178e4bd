"""One click mends all findings of a kind, in the recipe and nowhere else."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from monitor_app.core.issues import Issue, Severity
from monitor_app.exchange.recipe import load_recipe
from monitor_app.exchange.recipe_model import Recipe
from monitor_app.ui.importpage import CHECK, MAP, ImportPage
from monitor_app.ui.repairs import repairs_for
from monitor_app.ui.window import MainWindow
from tests.ui.conftest import settle
from tests.ui.test_importpage import begin, forward, page  # noqa: F401
from tests.ui.town import KEYS, write_boundaries, write_population

LEFT = Qt.MouseButton.LeftButton


def recipe(**more: object) -> Recipe:
    fact = {
        "kind": "population", "dataset": "population", "name": "Einwohner", "level": "viertel",
        "area": "Nr", "date": "Stichtag", "values": ["Zahl"],
    }  # fmt: skip
    return Recipe.model_validate({"id": "probe", "name": "Probe", "contents": [{**fact, **more}]})


def finding(code: str, value: str | None = None, column: str | None = None) -> Issue:
    return Issue(code, Severity.ERROR, "…", column=column, value=value)


def test_only_safe_kinds_have_a_repair():
    for code in ("duplicate-row", "negative-count", "number-unreadable", "nothing-found"):
        assert repairs_for(code, [finding(code)]) == ()


def test_unknown_areas_are_kept():
    (keep,) = repairs_for("area-unknown", [finding("area-unknown", "999", "Nr")])
    mended = keep.apply(recipe())
    assert mended.facts[0].unknown_areas == "keep"
    assert keep.changes(recipe())
    assert not keep.changes(mended)


def test_total_rows_are_left_out_only_where_all_are_totals():
    totals = [finding("area-unknown", "Insgesamt", "Nr"), finding("area-unknown", "Summe", "Nr")]
    leave, _keep = repairs_for("area-unknown", totals)
    (rule,) = leave.apply(recipe()).facts[0].ignore
    assert (rule.column, rule.role) == ("Nr", "total")
    mixed = [*totals, finding("area-unknown", "999", "Nr")]
    assert len(repairs_for("area-unknown", mixed)) == 1


def test_date_of_the_block():
    (take,) = repairs_for("date-contradicts-block", [finding("date-contradicts-block")])
    assert take.apply(recipe()).facts[0].repair == ("date_from_block",)
    fixed = recipe(date={"fixed": "31.12.2024"})
    assert not take.changes(fixed)


def test_decimal_mark_of_the_column_only():
    found = [finding("number-ambiguous", "1.234", "Zahl")]
    comma, point = repairs_for("number-ambiguous", found)
    assert comma.apply(recipe()).numbers.columns == {"Zahl": ","}
    assert point.apply(recipe()).numbers.columns == {"Zahl": "."}
    assert comma.apply(recipe()).numbers.decimal is None


def _population_in_thousands(folder: Path) -> Path:
    path = folder / "einwohner.csv"
    lines = ["Stadtviertel;Stichtag;Einwohner", *(f"{key};31.12.2024;1.234" for key in KEYS)]
    path.write_text("\r\n".join(lines) + "\r\n", encoding="cp1252")
    return path


@pytest.fixture
def with_areas(qtbot: QtBot, window: MainWindow, page: ImportPage, tmp_path, monkeypatch):  # noqa: F811
    begin(qtbot, window, monkeypatch, write_boundaries(tmp_path))
    for _step in range(4):
        forward(qtbot, window, page)
    return page


def test_ambiguous_numbers_by_one_click(qtbot, window, with_areas, tmp_path, monkeypatch):
    page = with_areas  # noqa: F811
    begin(qtbot, window, monkeypatch, _population_in_thousands(tmp_path))
    forward(qtbot, window, page)
    forward(qtbot, window, page)
    assert page.step == CHECK
    assert page.batch.blocked
    comma, _point = page.check.findings.buttons
    assert comma.text().startswith("Dezimalkomma")
    qtbot.mouseClick(comma, LEFT)
    settle(qtbot, window)
    assert not page.batch.blocked, [i.message for i in page.batch.issues]
    assert page.batch.facts[0].cube.values.sum() == 6 * 1234
    assert page.step == CHECK


def test_repair_is_seen_and_saved_as_recipe(qtbot, window, with_areas, tmp_path, monkeypatch):
    page = with_areas  # noqa: F811
    begin(qtbot, window, monkeypatch, write_population(tmp_path, wrong_key="999"))
    forward(qtbot, window, page)
    forward(qtbot, window, page)
    assert page.batch.blocked
    message = next(i.message for i in page.batch.issues if i.code == "area-unknown")
    assert "viertel" in message
    (keep,) = page.check.findings.buttons
    qtbot.mouseClick(keep, LEFT)
    settle(qtbot, window)
    assert not page.batch.blocked
    qtbot.mouseClick(page.steps.buttons[MAP], LEFT)
    assert page.map.keep.isChecked()
    target = tmp_path / "nächstes Jahr"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a, **_k: (str(target), ""))
    qtbot.mouseClick(page.map.keep_recipe, LEFT)
    written = load_recipe(tmp_path / "nächstes Jahr.yaml")
    assert written.facts[0].unknown_areas == "keep"
    settle(qtbot, window)


def test_missing_reference_system_is_chosen(qtbot, window, page, tmp_path, monkeypatch):  # noqa: F811
    path = tmp_path / "viertel.shp"
    source = json.loads(write_boundaries(tmp_path).read_text("utf-8"))
    shapes = [shapely.geometry.shape(f["geometry"]) for f in source["features"]]
    keys = np.array(KEYS, dtype=object)
    with pytest.warns(UserWarning, match="projection"):
        pyogrio.raw.write(
            path, shapely.to_wkb(shapes), [keys, keys], ["schluessel", "name"],
            geometry_type="Polygon", crs=None,
        )  # fmt: skip
    begin(qtbot, window, monkeypatch, path)
    forward(qtbot, window, page)
    forward(qtbot, window, page)
    assert page.batch.blocked, page.batch.issues
    (button,) = page.check.findings.buttons
    systems = {a.text(): a for a in button.menu().actions()}
    systems["ETRS89 / UTM 32N (EPSG:25832)"].trigger()
    settle(qtbot, window)
    assert not page.batch.blocked, [i.message for i in page.batch.issues]
    assert page.batch.areas[0].crs == "EPSG:25832"
