"""The printed page: vector, searchable, tagged, with the looks of the screen."""

from __future__ import annotations

import io
import stat
from dataclasses import replace
from datetime import date
from xml.etree import ElementTree

import numpy as np
import pikepdf
import pypdf
import pytest
import shapely
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import to_hex
from PIL import Image

from monitor_app.cartography.classify import Method, classify
from monitor_app.cartography.draw import draw_map, group_rings, pattern_lines
from monitor_app.cartography.figures import Sheet, balanced, shorten, text_width, wrap
from monitor_app.cartography.legend import legend_entries
from monitor_app.cartography.looks import Pattern
from monitor_app.cartography.paint import Painter
from monitor_app.cartography.raster import View, rasterise
from monitor_app.cartography.shapes import AreaShapes
from monitor_app.core.issues import UserError
from monitor_app.reports.page import Orientation, SheetLayout, alt_text, compose, write_page
from tests.cartography.town import EAST, NORTH, shapes, spec

PRINTED = date(2026, 11, 22)
LAYOUT = SheetLayout(office="Amt für Statistik", printed=PRINTED)
LAYOUTS = [LAYOUT, replace(LAYOUT, orientation=Orientation.PORTRAIT)]


@pytest.fixture(scope="module")
def drawn() -> AreaShapes:
    return shapes(40)


@pytest.fixture(scope="module")
def pdf(drawn, tmp_path_factory) -> bytes:
    path = tmp_path_factory.mktemp("page") / "Karte.pdf"
    return write_page(spec(drawn), drawn, LAYOUT, path).read_bytes()


def text_of(data: bytes) -> str:
    text = pypdf.PdfReader(io.BytesIO(data)).pages[0].extract_text()
    return " ".join(text.split())


def test_the_pdf_can_be_searched(pdf) -> None:
    text = text_of(pdf)
    for wanted in (
        "Anteil der unter 18-Jährigen",
        "nach Stadtviertel · Stand 31.12.2024",
        "4,0 bis unter 12,0",
        "keine Daten",
        "geheim gehalten oder",
        "Stadt insgesamt: 17,",
        "Quelle: Einwohnermelderegister, Größenklassen",
        "Stand der Daten: 31.12.2024",
        "Gedruckt am 22.11.2026",
        "Amt für Statistik",
        "Klassenbildung: Quantile",
    ):
        assert wanted in text, wanted


def test_fonts_are_embedded_as_truetype(pdf) -> None:
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    fonts = reader.pages[0]["/Resources"]["/Font"]
    assert len(fonts) >= 2
    for entry in fonts.values():
        font = entry.get_object()
        assert "NotoSans" in font["/BaseFont"]
        inner = font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font
        assert "/FontFile2" in inner["/FontDescriptor"].get_object()


def test_the_page_is_a4_and_holds_no_pixels(pdf) -> None:
    page = pypdf.PdfReader(io.BytesIO(pdf)).pages[0]
    width, height = (float(v) * 25.4 / 72 for v in page.mediabox[2:])
    assert (width, height) == (pytest.approx(297, abs=0.1), pytest.approx(210, abs=0.1))
    assert not page.images


def test_the_pdf_is_tagged_with_alt_text(pdf, drawn) -> None:
    with pikepdf.open(io.BytesIO(pdf)) as document:
        root = document.Root
        assert root.MarkInfo.Marked
        assert str(root.Lang) == "de-DE"
        assert root.ViewerPreferences.DisplayDocTitle
        figure = root.StructTreeRoot.K[0].K[0]
        assert str(figure.S) == "/Figure"
        assert str(figure.Alt) == alt_text(spec(drawn))
        assert str(document.docinfo.Title) == "Anteil der unter 18-Jährigen"
        # All content stands inside of the one marked figure.
        operators = [str(op) for _, op in pikepdf.parse_content_stream(document.pages[0])]
        assert operators[0] == "BDC"
        assert operators[-1] == "EMC"
        with document.open_metadata() as metadata:
            assert metadata["dc:title"] == "Anteil der unter 18-Jährigen"


def test_the_png_has_300_dpi(drawn, tmp_path) -> None:
    path = write_page(spec(drawn), drawn, LAYOUT, tmp_path / "karte.png")
    with Image.open(path) as image:
        assert image.info["dpi"] == (pytest.approx(300, abs=0.1),) * 2
        assert abs(image.width - 3508) <= 1
        assert abs(image.height - 2480) <= 1
        assert "Flächenkarte" in image.info["Description"]


def test_the_svg_keeps_text_as_text(drawn, tmp_path) -> None:
    path = write_page(spec(drawn), drawn, LAYOUTS[1], tmp_path / "karte.svg")
    root = ElementTree.fromstring(path.read_bytes())
    svg = "{http://www.w3.org/2000/svg}"
    words = ["".join(t.itertext()) for t in root.iter(f"{svg}text")]
    assert "Anteil der unter 18-Jährigen" in words
    assert "keine Daten" in words
    assert root.find(f"{svg}desc").text == alt_text(spec(drawn))
    styles = "".join(s.text or "" for s in root.iter(f"{svg}style"))
    assert styles.count("@font-face") == 2
    assert "Noto Sans" in styles
    again = write_page(spec(drawn), drawn, LAYOUTS[1], tmp_path / "zwei.svg")
    assert path.read_bytes() == again.read_bytes()


def test_page_and_screen_have_the_same_colours(drawn) -> None:
    made = spec(drawn)
    page = compose(made, drawn, LAYOUT)
    map_axes = next(a for a in page.sheet.figure.axes if any(
        isinstance(c, PathCollection) and len(c.get_facecolor()) == len(drawn)
        for c in a.collections
    ))  # fmt: skip
    fills = map_axes.collections[0]
    on_page = [to_hex(c) for c in fills.get_facecolor()]
    raster = rasterise(drawn, View.fit(drawn.extent, 300, 300))
    picture = Painter(raster).fill(made).view(np.uint8).reshape(300, 300, 4)
    for i in range(len(drawn)):
        pixels = picture[raster.ids == i + 1][:, :3]
        shown = {"#" + "".join(f"{v:02x}" for v in p) for p in np.unique(pixels, axis=0)}
        if made.swatches[made.codes[i]].pattern is Pattern.NONE:
            assert shown == {on_page[i]}, made.keys[i]
        else:
            assert on_page[i] in shown, made.keys[i]
    # Four states: hatch, cross, dots and horizontal lines are drawn.
    assert sum(isinstance(c, LineCollection) for c in map_axes.collections) >= 3


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda x: x.orientation)
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"title": "Ein sehr langer Titel, der auf keinen Fall in eine Zeile passt, " * 3},
        {"unit": "je 1.000 Einwohnerinnen und Einwohner im Alter von 18 bis unter 65 Jahren"},
        {"source": "Sehr lange Quellenangabe mit vielen Worten. " * 20},
    ],
    ids=["plain", "title", "unit", "source"],
)
def test_nothing_lies_on_anything_else(drawn, layout, changes) -> None:
    page = compose(spec(drawn, **changes), drawn, layout)
    width, height = layout.size
    map_, legend = page.map, page.legend
    # Map and legend are apart, both on the paper.
    beside = legend.left >= map_.left + map_.width
    below = legend.top >= map_.top + map_.height
    assert beside or below
    for frame in (map_, legend):
        assert frame.left >= 10
        assert frame.top >= 10
        assert frame.left + frame.width <= width - 10
        assert frame.top + frame.height <= height - 10
    assert map_.width > 60
    assert map_.height > 60
    # No text leaves the paper, none overlaps another.
    figure = page.sheet.figure
    figure.canvas.draw()
    boxes = [t.get_window_extent() for t in figure.texts]
    for text, box in zip(figure.texts, boxes, strict=True):
        assert box.x0 >= 0, text.get_text()
        assert box.x1 <= figure.bbox.width, text.get_text()
        assert box.y0 >= 0, text.get_text()
    for i, one in enumerate(boxes):
        for j in range(i):
            two = boxes[j]
            across = min(one.x1, two.x1) - max(one.x0, two.x0)
            down = min(one.y1, two.y1) - max(one.y0, two.y0)
            clash = across > 1 and down > 0.35 * min(one.height, two.height)
            assert not clash, (figure.texts[i].get_text(), figure.texts[j].get_text())


def test_legend_rows_are_those_of_the_screen(drawn, pdf) -> None:
    text = text_of(pdf)
    for entry in legend_entries(spec(drawn)):
        for word in entry.label.split():
            assert word in text


def test_a_watermark_on_request(drawn) -> None:
    page = compose(spec(drawn), drawn, replace(LAYOUT, watermark="vorläufig"))
    assert "vorläufig" in [t.get_text() for t in page.sheet.figure.texts]


def test_dollar_signs_are_no_formulas(drawn, tmp_path) -> None:
    made = spec(drawn, title="Kaufkraft in $ und $ je Kopf _x^2")
    data = write_page(made, drawn, LAYOUT, tmp_path / "a.pdf").read_bytes()
    assert "Kaufkraft in $ und $ je Kopf _x^2" in text_of(data)


@pytest.mark.parametrize("n", [0, 1])
@pytest.mark.parametrize("ending", ["pdf", "svg", "png"])
def test_no_area_and_one_area(n, ending, tmp_path) -> None:
    square = shapely.box(EAST, NORTH, EAST + 900, NORTH + 900)
    few = AreaShapes(("a",) * n, (square,) * n)
    path = write_page(spec(few), few, LAYOUT, tmp_path / f"x.{ending}")
    assert path.stat().st_size > 2_000


def test_all_missing(drawn, tmp_path) -> None:
    values, status = np.full(40, np.nan), np.full(40, 10, np.uint8)
    made = spec(drawn, values=values, status=status, classification=classify(values, status))
    text = text_of(write_page(made, drawn, LAYOUT, tmp_path / "x.pdf").read_bytes())
    assert "keine Daten" in text
    assert "Für kein Gebiet liegt ein Wert vor." in text


def test_a_wrong_ending_is_refused(drawn, tmp_path) -> None:
    with pytest.raises(UserError, match="docx") as error:
        write_page(spec(drawn), drawn, LAYOUT, tmp_path / "x.docx")
    assert error.value.issues[0].repair


def test_a_folder_that_is_not_there_leaves_nothing_behind(drawn, tmp_path) -> None:
    with pytest.raises(UserError) as error:
        write_page(spec(drawn), drawn, LAYOUT, tmp_path / "fehlt" / "x.svg")
    assert error.value.issues[0].file == "x.svg"
    assert list(tmp_path.iterdir()) == []


def test_the_old_file_stays_until_the_new_one_is_whole(drawn, tmp_path, monkeypatch) -> None:
    target = tmp_path / "x.svg"
    target.write_text("alt")

    def broken(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fdopen", broken)
    with pytest.raises(UserError, match="Datenträger ist voll"):
        write_page(spec(drawn), drawn, LAYOUT, target)
    assert target.read_text() == "alt"
    assert [p.name for p in tmp_path.iterdir()] == ["x.svg"]


def test_the_file_can_be_read_by_others(drawn, tmp_path) -> None:
    path = write_page(spec(drawn), drawn, LAYOUT, tmp_path / "x.svg")
    assert stat.S_IMODE(path.stat().st_mode) & 0o444 == 0o444


def test_the_scale_bar_tells_the_truth(drawn) -> None:
    page = compose(spec(drawn), drawn, LAYOUT)
    # The town is 10 km wide and high: so many millimetres of the map.
    assert page.metres_per_mm == pytest.approx(10_000 / (page.map.height - 1.2), rel=0.01)
    label = next(t for t in page.sheet.figure.texts if t.get_text() == "2\u202fkm")
    zero = next(
        t for t in page.sheet.figure.texts
        if t.get_text() == "0" and t.get_position()[1] == label.get_position()[1]
    )  # fmt: skip
    end = label.get_position()[0] * page.sheet.width + text_width("2", 7.0) / 2
    length = end - zero.get_position()[0] * page.sheet.width
    assert length * page.metres_per_mm == pytest.approx(2_000, rel=1e-3)


def test_many_areas_are_thinned_and_stay_a_coverage(monkeypatch, drawn) -> None:
    monkeypatch.setattr("monitor_app.cartography.draw.SIMPLIFY_FROM", 10)
    from monitor_app.cartography.draw import thinned

    # Squares with a point every 20 metres, exact in floating point.
    corners = [(EAST + 1000 * (i % 8), NORTH + 1000 * (i // 8)) for i in range(40)]
    wiggly = shapely.segmentize([shapely.box(x, y, x + 1000, y + 1000) for x, y in corners], 20)
    many = AreaShapes(drawn.keys, list(wiggly))
    assert many.is_coverage
    thin = thinned(many, 30.0)
    assert shapely.get_num_coordinates(thin).sum() < shapely.get_num_coordinates(wiggly).sum() / 5
    assert shapely.coverage_is_valid(thin)


def test_group_outlines_close_slivers_between_neighbours() -> None:
    one = shapely.box(EAST, NORTH, EAST + 100, NORTH + 100)
    two = shapely.box(EAST + 100.05, NORTH, EAST + 200, NORTH + 100)
    rings = group_rings(np.array([one, two]), np.array([1, 1]), 0.2, coverage=False)
    assert len(rings) == 1
    assert shapely.area(shapely.polygons(rings[0])) == pytest.approx(20_000, rel=1e-3)


def test_pattern_lines_fill_the_box_evenly() -> None:
    for pattern, slope in ((Pattern.HATCH, 1), (Pattern.BACK_HATCH, -1), (Pattern.HORIZONTAL, 0)):
        found = pattern_lines(pattern, (0, 0, 10, 20), 2.5)
        assert len(found) == {1: 13, -1: 13, 0: 9}[slope]
        for line in found:
            (x0, y0), (x1, y1) = line
            assert (y1 - y0) == pytest.approx(slope * (x1 - x0))


def test_wrapping_text() -> None:
    lines = wrap("Bevölkerungsentwicklung in den Stadtvierteln seit der Gebietsreform", 50, 10)
    assert len(lines) > 1
    assert all(text_width(line, 10) <= 50 for line in lines)
    assert " ".join(lines) == "Bevölkerungsentwicklung in den Stadtvierteln seit der Gebietsreform"
    long = wrap("Donaudampfschifffahrtsgesellschaftskapitänswitwenrente", 30, 10)
    assert all(text_width(line, 10) <= 30 for line in long)
    assert "".join(line.rstrip("-") for line in long).startswith("Donaudampf")
    assert shorten(["a", "b,", "c"], 2) == ["a", "b …"]
    assert wrap("", 10, 10) == []
    text = "eins zwei drei vier fünf sechs sieben acht neun"
    plain, even = wrap(text, 60, 10), balanced(text, 60, 10)
    assert len(plain) == len(even)
    ragged = [np.ptp([text_width(line, 10) for line in lines]) for lines in (plain, even)]
    assert ragged[1] <= ragged[0]


def test_a_map_for_other_areas_is_refused(drawn) -> None:
    sheet = Sheet(100, 100)
    with pytest.raises(ValueError, match="different areas"):
        draw_map(sheet.axes(0, 0, 90, 90), spec(shapes(12)), drawn, 90, 90)


def test_own_breaks_are_named_as_such(drawn) -> None:
    made = spec(drawn)
    own = classify(made.values, made.status, Method.MANUAL, breaks=(10, 20))
    page = compose(replace(made, classification=own), drawn, LAYOUT)
    assert "Klassenbildung: Eigene Klassengrenzen" in [
        t.get_text() for t in page.sheet.figure.texts
    ]


@pytest.mark.realdata
def test_vienna_on_paper(realdata, tmp_path) -> None:
    frame = pytest.importorskip("pyogrio").read_dataframe(
        realdata / "wien" / "tidy" / "wien_gebiete.gpkg", layer="bezirk"
    )
    vienna = AreaShapes(tuple(frame["bezirk"]), tuple(frame.geometry))
    page = compose(spec(vienna), vienna, LAYOUT)
    # The town is 29.4 km wide; both ways its map fits its room.
    west, south, east, north = vienna.extent
    assert (east - west) / page.metres_per_mm <= page.map.width
    assert (north - south) / page.metres_per_mm <= page.map.height
    assert 100 < page.metres_per_mm < 250
