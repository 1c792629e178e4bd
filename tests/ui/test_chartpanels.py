"""The charts below the map, driven by real mouse events."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot
from scipy.stats import linregress

from monitor_app.cartography.mapspec import MapSpec
from monitor_app.core.ages import AgeAxis
from monitor_app.core.batch import FactTable, ImportBatch
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import Absent, DatasetSpec, Kind, TimeReference
from monitor_app.project.project import Project
from monitor_app.ui.chartpanel import ChartPanel
from monitor_app.ui.window import MainWindow
from tests.ui.conftest import settle
from tests.ui.town import DAYS, KEYS, NAMES, batch

LEFT = Qt.MouseButton.LeftButton
AGES = AgeAxis.from_lows((0, 3, 6, 18, 20, 65))
#: Persons (area, date, sex, age), no two areas alike.
PERSONS = np.array(
    [[[[5 + i, 6, 20 + d, 8 + i * (s + 1), 300 - 20 * i, 40 + 9 * i * i % 50 + 3 * d]
       for s in range(2)] for d in range(3)] for i in range(6)], dtype=float,
)  # fmt: skip
#: Moves (origin, destination) in 2024, and what else changed the population then.
MOVES = np.arange(36, dtype=float).reshape(6, 6)
BIRTHS, DEATHS, IN, OUT = 7.0, 4.0, 20.0, 11.0


def rich_batch() -> ImportBatch:
    """Persons by sex and age, births, deaths, moves."""
    plain = batch()
    people = Cube.of({"area": KEYS, "date": DAYS, "sex": ("m", "f")}, PERSONS, ages=AGES)
    facts = [
        FactTable(DatasetSpec("population", Kind.POPULATION, "Bevölkerung", "viertel"), people)
    ]
    year = (date(2024, 12, 31),)
    for key, kind, number in (
        ("births", Kind.BIRTHS, BIRTHS), ("deaths", Kind.DEATHS, DEATHS),
        ("moves_in", Kind.MOVES_IN, IN), ("moves_out", Kind.MOVES_OUT, OUT),
    ):  # fmt: skip
        cube = Cube.of({"area": KEYS, "date": year}, np.full((6, 1), number))
        spec = DatasetSpec(key, kind, key, "viertel", time=TimeReference.PERIOD)
        facts.append(FactTable(spec, cube))
    pairs = Cube.of({"area": KEYS, "date": year, "partner": KEYS}, MOVES[:, None, :])
    spec = DatasetSpec(
        "umzuege", Kind.MOVES_WITHIN, "Umzüge", "viertel", time=TimeReference.PERIOD,
        absent=Absent.ZERO,
    )  # fmt: skip
    facts.append(FactTable(spec, pairs))
    return ImportBatch("Import", (), areas=plain.areas, facts=tuple(facts))


@pytest.fixture
def rich(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> MainWindow:
    """The window with six areas that have everything charts need."""
    path = tmp_path / "Reichstadt.gpkg"
    with Project.create(path, name="Reichstadt", working_dir=tmp_path / "work") as project:
        project.apply(rich_batch())
        project.save()
    window.open_path(path)
    settle(qtbot, window)
    return window


def panel(qtbot: QtBot, window: MainWindow, name: str, mode: str | None = None) -> ChartPanel:
    """A panel in front, its chart drawn."""
    page = window.workbench.map
    page.raise_dock(name)
    found = page.docks[name].widget()
    qtbot.waitUntil(found.isVisible)
    if mode is not None:
        found.mode.setCurrentIndex(found.mode.findData(mode))
        found.mode.activated.emit(found.mode.currentIndex())
    drawn(qtbot, window, found)
    return found


def drawn(qtbot: QtBot, window: MainWindow, found: ChartPanel) -> None:
    def ready() -> bool:
        if window.jobs.busy or found._busy or found._stale:
            return False
        return found.view.drawn if found.view.spec is not None else bool(found.view.words)

    qtbot.waitUntil(ready)


def middle(found: ChartPanel, mark: int) -> QPoint:
    left, top, right, bottom = found.view.marks.boxes[mark]
    return QPoint(round((left + right) / 2), round((top + bottom) / 2))


def keys(window: MainWindow) -> tuple[str, ...]:
    return window.workbench.session.selection.keys


def show(qtbot: QtBot, window: MainWindow, **changes: object) -> None:
    window.workbench.change_view(**changes)
    settle(qtbot, window)


def test_scatter_point_and_map_are_one_selection(qtbot, rich: MainWindow):
    show(qtbot, rich, indicator="altenquotient")
    found = panel(qtbot, rich, "relation", "scatter")
    spec = found.view.spec
    line = linregress(spec.x, spec.y)
    assert (spec.line.slope, spec.line.r, spec.line.p) == pytest.approx(
        (line.slope, line.rvalue, line.pvalue)
    )
    mark = found.view.marks.of("003")[0]
    qtbot.mouseMove(found.view, middle(found, mark))
    qtbot.waitUntil(lambda: rich.workbench.session.selection.hovered == "003")
    assert found.view.tip.startswith(NAMES[2])
    qtbot.mouseClick(found.view, LEFT, pos=middle(found, mark))
    assert keys(rich) == ("003",)
    # and back: a click on the map marks the point, without drawing the chart again
    view = rich.workbench.map.map
    i = KEYS.index("005")
    x, y = view.view.to_pixel(565500 + 1000 * (i % 3), 5930500 + 1000 * (i // 3))
    before, image = found.view.grab().toImage(), found.view._image
    qtbot.mouseClick(view, LEFT, pos=QPoint(round(x), round(y)))
    assert keys(rich) == ("005",)
    assert found.view._image is image
    box = found.view.marks.boxes[found.view.marks.of("005")[0]]
    after = found.view.grab().toImage()
    ratio = after.devicePixelRatio()
    spots = [
        (round(px * ratio), round(py * ratio))
        for px in np.arange(box[0] - 3, box[2] + 3)
        for py in np.arange(box[1] - 3, box[3] + 3)
    ]
    assert any(before.pixel(*s) != after.pixel(*s) for s in spots)


def test_hover_on_the_map_is_told_in_the_chart(qtbot, rich: MainWindow):
    found = panel(qtbot, rich, "relation", "scatter")
    image = found.view._image
    rich.workbench.session.selection.hover("002")
    assert NAMES[1] in found.view.tip
    assert found.view._image is image
    rich.workbench.session.selection.hover(None)
    assert found.view.tip == ""


def test_a_box_selects_the_points_inside_and_ctrl_adds(qtbot, rich: MainWindow):
    found = panel(qtbot, rich, "relation", "scatter")
    view = found.view
    places = [middle(found, view.marks.of(k)[0]) for k in KEYS]
    half = sorted(p.x() for p in places)[3]
    expected = {k for k, p in zip(KEYS, places, strict=True) if p.x() < half - 2}
    assert 0 < len(expected) < 6
    qtbot.mousePress(view, LEFT, pos=QPoint(2, 2))
    qtbot.mouseMove(view, QPoint(half - 2, view.height() - 2))
    qtbot.mouseRelease(view, LEFT, pos=QPoint(half - 2, view.height() - 2))
    assert set(keys(rich)) == expected
    other = next(k for k in KEYS if k not in expected)
    qtbot.mouseClick(
        view, LEFT, Qt.KeyboardModifier.ControlModifier, middle(found, view.marks.of(other)[0])
    )
    assert set(keys(rich)) == {*expected, other}
    qtbot.mouseClick(view, LEFT, pos=QPoint(2, view.height() - 2))
    assert keys(rich) == ()


def test_keys_reach_every_mark(qtbot, rich: MainWindow):
    found = panel(qtbot, rich, "relation", "scatter")
    found.view.setFocus()
    qtbot.keyClick(found.view, Qt.Key.Key_Right)
    first = rich.workbench.session.selection.hovered
    qtbot.keyClick(found.view, Qt.Key.Key_Return)
    assert keys(rich) == (first,)


def test_histogram_bar_selects_its_areas(qtbot, rich: MainWindow):
    found = panel(qtbot, rich, "distribution", "histogram")
    spec, marks = found.view.spec, found.view.marks
    mark = max(range(len(marks)), key=lambda m: len(marks.keys[m]))
    qtbot.mouseClick(found.view, LEFT, pos=middle(found, mark))
    low, high = spec.edges[mark], spec.edges[mark + 1]
    shown = rich.workbench.map.picture.spec
    inside = {
        k for k, v in zip(shown.keys, shown.values, strict=True)
        if low <= v < high or (v == high == spec.edges[-1])
    }  # fmt: skip
    assert set(keys(rich)) == inside


def test_boxes_without_districts_show_the_town(qtbot, rich: MainWindow):
    found = panel(qtbot, rich, "distribution", "")
    (box,) = found.view.spec.boxes
    assert box.n == 6
    assert box.median == np.median(PERSONS[:, 2].sum(axis=(1, 2)))


def test_residuals_go_to_the_map_and_back(qtbot, rich: MainWindow):
    show(qtbot, rich, indicator="altenquotient")
    found = panel(qtbot, rich, "relation", "scatter")
    spec = found.view.spec
    expected = dict(zip(spec.keys, spec.residuals, strict=True))
    qtbot.mouseClick(found.residuals, LEFT)
    page = rich.workbench.map
    qtbot.waitUntil(lambda: "residuals" in page.banners.names)
    shown: MapSpec = page.picture.spec
    assert dict(zip(shown.keys, shown.values, strict=True)) == pytest.approx(expected)
    assert abs(shown.values.sum()) < 1e-9
    assert shown.classification.split is not None  # diverges around zero
    qtbot.mouseClick(page.banners.banner("residuals").button, LEFT)
    settle(qtbot, rich)
    assert not page.picture.spec.signed
    assert not found.residuals.isChecked()


def test_residuals_follow_the_second_indicator_and_no_late_job(qtbot, rich: MainWindow):
    show(qtbot, rich, indicator="altenquotient")
    found = panel(qtbot, rich, "relation", "scatter")
    page = rich.workbench.map
    found.residuals.click()  # a job …
    rich.workbench.session.set_view(day=DAYS[0])  # … of another date than this
    drawn(qtbot, rich, found)
    settle(qtbot, rich)
    assert "residuals" not in page.banners.names
    assert page.picture.spec.title.startswith("Altenquotient")
    assert not found.residuals.isChecked()
    found.residuals.click()
    settle(qtbot, rich)
    before = page.picture.spec.title
    assert "residuals" in page.banners.names
    other = next(
        c.definition.id
        for c in rich.workbench.session.choices("viertel")
        if c.ready and c.definition.id not in ("altenquotient", found.second.current)
    )
    found.second.set_current(other)
    found.second.chosen.emit(other)
    drawn(qtbot, rich, found)
    settle(qtbot, rich)
    assert page.picture.spec.title != before
    name = rich.workbench.session.catalogue.get(other).name.shown
    assert name in page.picture.spec.title


def test_cell_of_the_matrix_opens_the_scatter(qtbot, rich: MainWindow):
    show(qtbot, rich, indicator="altenquotient")
    found = panel(qtbot, rich, "relation", "correlation")
    matrix = found.view.spec
    assert matrix.keys[0] == "altenquotient"
    qtbot.mouseClick(found.view, LEFT, pos=middle(found, 0))
    drawn(qtbot, rich, found)
    assert found.mode.currentData() == "scatter"
    assert found.view.spec.line.r == pytest.approx(matrix.r[1, 0])


def test_pyramid_follows_the_selection(qtbot, rich: MainWindow):
    found = panel(qtbot, rich, "pyramid")
    town = found.view.spec
    assert town.base.men.sum() == PERSONS[:, 2, 0].sum()
    assert town.overlay is None
    rich.workbench.session.selection.set(("002",))
    drawn(qtbot, rich, found)
    one = found.view.spec
    assert one.base.women.tolist() == PERSONS[1, 2, 1].tolist()
    assert one.overlay.women.tolist() == PERSONS[:, 2, 1].sum(axis=0).tolist()
    assert one.share
    found.against.setCurrentIndex(found.against.findData(f"day:{DAYS[0]}"))
    found.against.activated.emit(found.against.currentIndex())
    drawn(qtbot, rich, found)
    assert found.view.spec.overlay.men.tolist() == PERSONS[1, 0, 0].tolist()
    assert not found.view.spec.share


def test_the_box_says_whether_the_pyramid_is_in_per_cent(qtbot, rich: MainWindow):
    found = panel(qtbot, rich, "pyramid")
    rich.workbench.session.selection.set(("003",))
    drawn(qtbot, rich, found)
    assert found.view.spec.share  # an area beside the town: shares, without being asked
    assert found.share.isChecked()
    found.share.click()  # persons, please
    drawn(qtbot, rich, found)
    assert not found.view.spec.share
    assert not found.share.isChecked()


def test_radar_shows_selected_areas_and_takes_ticks(qtbot, rich: MainWindow):
    found = panel(qtbot, rich, "radar")
    rich.workbench.session.selection.set(("001", "004"))
    drawn(qtbot, rich, found)
    assert [line.label for line in found.view.spec.lines[1:]] == [NAMES[0], NAMES[3]]
    count = len(found.view.spec.axes)
    assert count == len(found.pick.chosen) >= 3
    qtbot.mouseClick(found.pick, LEFT)
    item = next(
        found.pick.list.item(i) for i in range(found.pick.list.count())
        if found.pick.list.item(i).checkState() is Qt.CheckState.Unchecked
    )  # fmt: skip
    item.setCheckState(Qt.CheckState.Checked)
    found.pick.popup.hide()
    drawn(qtbot, rich, found)
    assert len(found.view.spec.axes) == count + 1


def test_components_and_moves(qtbot, rich: MainWindow):
    found = panel(qtbot, rich, "change", "components")
    spec = found.view.spec
    assert spec.places == ("2024",)
    assert spec.parts[:2, 0].tolist() == [6 * (BIRTHS - DEATHS), 6 * (IN - OUT)]
    rich.workbench.session.selection.set(("003",))
    drawn(qtbot, rich, found)
    inner = MOVES[:, 2].sum() - MOVES[2].sum()
    assert found.view.spec.parts[:3, 0].tolist() == [BIRTHS - DEATHS, IN - OUT, inner]
    found = panel(qtbot, rich, "change", "matrix")
    assert found.view.spec.moves.tolist() == MOVES.tolist()
    cell = 1 * 6 + 4  # from the second to the fifth area
    qtbot.mouseClick(found.view, LEFT, pos=middle(found, cell))
    assert keys(rich) == (KEYS[1], KEYS[4])
    found = panel(qtbot, rich, "change", "ring")
    assert found.view.spec.chord


@pytest.mark.parametrize("ending", [".png", ".svg", ".pdf", ".xlsx", ".csv"])
def test_every_format_is_written(qtbot, rich: MainWindow, tmp_path, monkeypatch, ending):
    found = panel(qtbot, rich, "relation", "scatter")
    target = tmp_path / f"bild{ending}"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a, **k: (str(target), ""))
    found.menu.export.trigger()
    settle(qtbot, rich)
    starts = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF", ".xlsx": b"PK"}
    assert target.read_bytes().startswith(starts.get(ending, b"\xef\xbb\xbf"))
    if ending == ".csv":
        lines = target.read_text("utf-8-sig").splitlines()
        assert sum(any(name in line for name in NAMES) for line in lines) == 6


def test_charts_are_copied_as_picture_drawing_and_numbers(qtbot, rich: MainWindow):
    found = panel(qtbot, rich, "distribution", "histogram")
    found.menu.copy_picture.trigger()
    settle(qtbot, rich)
    data = QGuiApplication.clipboard().mimeData()
    assert QGuiApplication.clipboard().image().width() > 500
    assert bytes(data.data("image/svg+xml")).lstrip().startswith(b"<?xml")
    found.menu.copy_numbers.trigger()
    settle(qtbot, rich)
    rows = QGuiApplication.clipboard().text().splitlines()
    assert sum(int(row.split("\t")[2]) for row in rows[1:]) == 6


def test_ranking_and_time_line_have_the_same_menu(qtbot, rich: MainWindow, tmp_path, monkeypatch):
    from monitor_app.ui.chartmenu import ChartMenu

    page = rich.workbench.map
    for view in (page.ranking, page.lines):
        (menu,) = view.findChildren(ChartMenu)
        target = tmp_path / f"{type(view).__name__}.csv"
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a, t=target, **k: (str(t), ""))
        menu.export.trigger()
        settle(qtbot, rich)
        assert len(target.read_text("utf-8-sig").splitlines()) >= len(DAYS) + 1


def test_what_the_data_cannot_give_is_said(qtbot, opened: MainWindow):
    """The plain town has no sex and no moves."""
    for name, mode, word in (
        ("pyramid", None, "Geschlecht"), ("change", "components", "Geburten"),
        ("change", "matrix", "Herkunft"), ("change", "ring", "Herkunft"),
    ):  # fmt: skip
        found = panel(qtbot, opened, name, mode)
        assert found.view.spec is None
        assert word in found.view.words
        assert "Lesen Sie" in found.view.words
        assert not found.button.isVisible()


def test_one_area_and_no_selection(qtbot, rich: MainWindow):
    rich.workbench.map.table.filter.setText(NAMES[0])
    for name in ("pyramid", "relation", "distribution", "radar", "change"):
        found = panel(qtbot, rich, name)
        assert found.view.spec is not None or found.view.words


def test_hidden_panels_compute_nothing(qtbot, rich: MainWindow):
    page = rich.workbench.map
    page.raise_dock("ranking")
    settle(qtbot, rich)
    radar = page.docks["radar"].widget()
    assert radar.view.spec is None
    assert radar._stale


def test_closing_the_project_empties_the_charts(qtbot, rich: MainWindow):
    found = panel(qtbot, rich, "relation", "scatter")
    rich.workbench.run("close")
    settle(qtbot, rich)
    assert found.view.spec is None
    assert not found.button.isVisible()


def test_enlarging_gives_the_chart_most_of_the_page(qtbot, rich: MainWindow):
    found = panel(qtbot, rich, "radar")
    before = found.height()
    qtbot.mouseClick(found.large, LEFT)
    qtbot.waitUntil(lambda: found.height() > before + 60)
    drawn(qtbot, rich, found)
    qtbot.mouseClick(found.large, LEFT)
    qtbot.waitUntil(lambda: abs(found.height() - before) < 8)


def test_time_line_paints_the_hovered_area_over_its_picture(qtbot, rich: MainWindow):
    show(qtbot, rich, indicator="altenquotient")
    page = rich.workbench.map
    page.raise_dock("lines")
    lines = page.lines
    qtbot.waitUntil(lambda: lines._image is not None and not lines._soon.isActive())
    image, before = lines._image, lines.grab().toImage()
    rich.workbench.session.selection.hover("003")
    after = lines.grab().toImage()
    assert lines._image is image
    # the line goes through the value of the hovered area at each date
    table = page.picture.table
    row = table.areas.index("003")
    ratio = after.devicePixelRatio()
    for (x, _day), value in zip(lines._places[:2], table.values[row], strict=False):
        y = lines._origin[1] + value * lines._slope[1]
        spot = round((x + 0.5) * ratio), round(y * ratio)
        assert any(
            before.pixel(spot[0], spot[1] + d) != after.pixel(spot[0], spot[1] + d)
            for d in (-1, 0, 1)
        )
    # places agree with those of the figure: the points of the town lie on its own line
    ink = lines._theme.colour("text").rgb()
    town = table.city_values[0]
    spot = lines._places[0][0] * ratio, (lines._origin[1] + town * lines._slope[1]) * ratio
    near = [
        before.pixel(round(spot[0]) + dx, round(spot[1]) + dy)
        for dx in (0, 1) for dy in (-1, 0, 1)
    ]  # fmt: skip
    assert ink in near


def test_charts_of_very_many_parts_are_drawn_in_a_job(qtbot, rich: MainWindow, monkeypatch):
    import threading

    from monitor_app.ui import chartview

    drawers = []
    plain = chartview.chart_picture

    def spied(*args):
        drawers.append(threading.current_thread())
        return plain(*args)

    monkeypatch.setattr(chartview, "chart_picture", spied)
    monkeypatch.setattr(chartview, "MANY", 3)
    found = panel(qtbot, rich, "relation", "scatter")
    assert drawers
    assert threading.main_thread() not in drawers
    assert len(found.view.marks) == 6
    # a job that is still drawing when the window closes leaves nothing behind
    found.view.resize(found.view.width() - 40, found.view.height())
    rich.workbench.change_view(indicator="jugendquotient")


@pytest.mark.parametrize("size", [(200, 200), (3840, 2160)])
def test_windows_of_any_size(qtbot, rich: MainWindow, size):
    found = panel(qtbot, rich, "relation", "scatter")
    rich.resize(*size)
    for name in ("pyramid", "distribution", "radar", "change"):
        found = rich.workbench.map.docks[name].widget()
        rich.workbench.map.raise_dock(name)
        qtbot.waitUntil(lambda: not rich.jobs.busy)
        found.view._redraw()
        found.view.grab()
