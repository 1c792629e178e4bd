"""Small multiples, moving pictures and the legend of layers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from pypdf import PdfReader

from monitor_app.cartography.decor import anchors
from monitor_app.cartography.kinds import bivariate_spec, shared_specs
from monitor_app.cartography.layers import Labels, Layers, PointLayer, Symbols
from monitor_app.core.issues import UserError
from monitor_app.reports.page import Orientation, SheetLayout, write_page
from monitor_app.reports.series import write_animation, write_multiples
from tests.cartography.town import DAYS, shapes, spec


def test_maps_of_three_dates_share_one_legend(tmp_path) -> None:
    drawn = shapes(20)
    first = spec(drawn)
    made = shared_specs(
        [replace(first, day=day, values=first.values + i) for i, day in enumerate(DAYS)]
    )
    path = write_multiples(made, [drawn] * 3, SheetLayout(), tmp_path / "a.pdf")
    text = PdfReader(path).pages[0].extract_text()
    for day in ("31.12.2020", "31.12.2021", "31.12.2024"):
        assert day in text
    assert text.count(made[0].classification.labels[1]) == 1
    with pytest.raises(UserError):
        write_multiples([first, made[1]], [drawn] * 2, SheetLayout(), tmp_path / "b.pdf")


def test_one_legend_of_many_maps_counts_no_areas(tmp_path) -> None:
    """Twenty areas on three dates are not sixty areas."""
    drawn = shapes(20)
    first = spec(drawn)
    made = shared_specs([replace(first, day=day) for day in DAYS])

    def last_words(path) -> set[str]:
        lines = PdfReader(path).pages[0].extract_text().splitlines()
        return {line.split()[-1] for line in lines if line.split()}

    pooled = {str(3 * n) for n in made[0].classification.counts if n > 3}
    for way in Orientation:
        layout = SheetLayout(orientation=way)
        series = last_words(write_multiples(made, [drawn] * 3, layout, tmp_path / "a.pdf"))
        assert "Gebiete" not in series
        assert not pooled & series
        assert "Gebiete" in last_words(write_page(made[0], drawn, layout, tmp_path / "b.pdf"))


def test_a_series_becomes_a_moving_picture(tmp_path) -> None:
    drawn = shapes(12)
    made = [replace(spec(drawn), day=day) for day in DAYS]
    path = write_animation(made, [drawn] * 3, SheetLayout(), tmp_path / "a.gif", dpi=30)
    with Image.open(path) as picture:
        assert picture.n_frames == 3
        picture.seek(2)
        assert picture.info["duration"] == 3000


@pytest.mark.parametrize("orientation", list(Orientation))
def test_the_page_explains_layers(tmp_path, orientation) -> None:
    drawn = shapes(20)
    layers = Layers(
        symbols=Symbols("Kinder unter 6", np.arange(20.0) * 30),
        points=(PointLayer("Kitas", anchors(drawn)[:3], ("frei", "kirchlich", "frei")),),
        labels=Labels(True, True),
    )
    made = replace(spec(drawn), layers=layers)
    path = write_page(made, drawn, SheetLayout(orientation=orientation), tmp_path / "a.pdf")
    text = PdfReader(path).pages[0].extract_text()
    for word in ("Kinder unter 6", "Kitas", "kirchlich", "500"):
        assert word in text


def test_the_page_of_two_measures_has_a_square_of_nine(tmp_path) -> None:
    drawn = shapes(20)
    one = spec(drawn)
    made = bivariate_spec(one, replace(one, title="Einpersonenhaushalte"))
    path = write_page(made, drawn, SheetLayout(), tmp_path / "a.pdf")
    text = PdfReader(path).pages[0].extract_text()
    assert "Nach rechts" in text
    assert "Nach oben: Einpersonenhaushalte" in text.replace("\n", " ")
