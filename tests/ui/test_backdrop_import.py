"""A layer that is only drawn, from the file to the map, by clicks."""

from __future__ import annotations

from pathlib import Path

import shapely
from pytestqt.qtbot import QtBot

from monitor_app.cartography.layers import Ground
from monitor_app.ui.importpage import CHECK, CONFIRM, MAP, READ
from monitor_app.ui.window import MainWindow
from tests.exchange.test_backdrops import _geojson
from tests.ui.conftest import settle
from tests.ui.test_importpage import begin, forward


def test_water_goes_from_the_file_onto_the_map(
    qtbot: QtBot, opened: MainWindow, tmp_path: Path, monkeypatch
):
    bench = opened.workbench
    page = bench.import_
    river = shapely.box(565000, 5930900, 568000, 5931100)
    begin(qtbot, opened, monkeypatch, _geojson(tmp_path / "gewaesser.geojson", [river]))
    assert page.step == READ
    forward(qtbot, opened, page)
    assert page.step == MAP
    assert page.map.name.isVisible()
    page.map.name.selectAll()
    qtbot.keyClicks(page.map.name, "Leine")
    forward(qtbot, opened, page)
    assert page.step == CHECK
    assert not page.batch.blocked
    forward(qtbot, opened, page)
    assert page.step == CONFIRM
    forward(qtbot, opened, page)
    settle(qtbot, opened)
    (ground,) = bench.map.picture.spec.layers.backgrounds
    assert (ground.ground, ground.title) == (Ground.WATER, "Leine")
    assert "Leine" in bench.map.legend.key.rows
    assert bench.map.legend.layers.background.isVisible()
    x, y = bench.map.map.view.to_pixel(566500, 5931050)
    before = bench.map.map.picture().pixelColor(round(x), round(y))
    bench.session.set_view(background=False)
    settle(qtbot, opened)
    assert bench.map.map.picture().pixelColor(round(x), round(y)) != before
