"""Colours: shipped palettes are safe, and the checker agrees with an independent library."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor_app.cartography.colour import (
    VISION,
    from_lab,
    hex_of,
    mix,
    rgb_of,
    seen,
    smallest_distance,
    to_lab,
)
from monitor_app.cartography.palettes import (
    DEFAULT_DIVERGING,
    DEFAULT_SEQUENTIAL,
    all_palettes,
    check_colours,
    load_palette,
    palette,
    use_palettes,
)
from monitor_app.core.issues import UserError

colours = st.tuples(*[st.floats(0, 1)] * 3)


@given(st.lists(colours, min_size=1, max_size=5))
def test_lab_agrees_with_colorspacious(rgb) -> None:
    oracle = pytest.importorskip("colorspacious")
    array = np.array(rgb)
    theirs = oracle.cspace_convert(array, "sRGB1", "CIELab")
    np.testing.assert_allclose(to_lab(array), theirs, atol=0.1)
    np.testing.assert_allclose(from_lab(to_lab(array)), array, atol=1e-6)


@given(colours, st.sampled_from(["deuteranopia", "protanopia"]))
def test_colour_blind_vision_agrees_with_colorspacious(rgb, vision) -> None:
    oracle = pytest.importorskip("colorspacious")
    kind = vision.replace("opia", "omaly")
    space = {"name": "sRGB1+CVD", "cvd_type": kind, "severity": 100}
    theirs = np.clip(oracle.cspace_convert(np.array(rgb), space, "sRGB1"), 0, 1)
    np.testing.assert_allclose(seen(np.array([rgb]), vision)[0], theirs, atol=2e-3)


def test_red_and_green_are_found_out() -> None:
    # Five classes of red-yellow-green: their smallest grey distance is 0.3 in the literature,
    # and readers with a red-green weakness lose a class.
    bad = ["#d7191c", "#fdae61", "#ffffbf", "#a6d96a", "#1a9641"]
    codes = {issue.code for issue in check_colours(bad)}
    assert {"palette.deuteranopia", "palette.grey"} <= codes


@pytest.mark.parametrize("shipped", all_palettes(), ids=lambda p: p.id)
def test_shipped_palettes_are_safe_with_five_classes(shipped) -> None:
    codes = {issue.code for issue in check_colours(shipped.colours(5))}
    # No diverging scheme can be read in grey on both sides; all others must be.
    assert codes <= ({"palette.grey"} if shipped.kind == "diverging" else set())


@pytest.mark.parametrize("shipped", all_palettes("sequential"), ids=lambda p: p.id)
@pytest.mark.parametrize("k", range(2, 8))
def test_sequential_palettes_get_darker(shipped, k) -> None:
    light = to_lab(np.array([rgb_of(c) for c in shipped.colours(k)]))[:, 0]
    assert (np.diff(light) < 0).all()


def test_defaults_exist_and_have_names() -> None:
    assert palette(DEFAULT_SEQUENTIAL).kind == "sequential"
    assert palette(DEFAULT_DIVERGING).kind == "diverging"
    assert palette("not there").id == DEFAULT_SEQUENTIAL
    assert palette("ylgnbu").title == "Gelb–Grün–Blau"


@pytest.mark.parametrize("shipped", all_palettes(), ids=lambda p: p.id)
@pytest.mark.parametrize("k", range(8))
def test_as_many_different_colours_as_classes(shipped, k) -> None:
    found = shipped.colours(k)
    assert len(set(found)) == k
    assert shipped.colours(k, reverse=True) == tuple(reversed(found))


@pytest.mark.parametrize("shipped", all_palettes("diverging"), ids=lambda p: p.id)
@pytest.mark.parametrize(("low", "high"), [(1, 1), (2, 3), (1, 4), (3, 3), (0, 3), (4, 0), (5, 2)])
def test_sides_of_a_diverging_palette_do_not_mix(shipped, low, high) -> None:
    found = shipped.colours(low + high, low)
    assert len(set(found)) == low + high
    lab = to_lab(np.array([rgb_of(c) for c in found]))
    ends = to_lab(np.array([rgb_of(c) for c in shipped.colours(7)]))
    # Each colour leans from the neutral middle towards the hue of its own end.
    lean = (lab - ends[3])[:, 1:] @ (ends[6] - ends[0])[1:]
    assert list(lean < 0) == [True] * low + [False] * high
    # Within each side colours get darker away from the midpoint.
    assert (np.diff(lab[:low, 0]) > 0).all()
    assert (np.diff(lab[low:, 0]) < 0).all()


def test_a_broken_palette_file_says_what_is_wrong(tmp_path) -> None:
    file = tmp_path / "office.yaml"
    file.write_text("id: office\nname: {de: Amt}\nkind: sequential\ncolours: {3: ['#fff']}\n")
    with pytest.raises(UserError) as error:
        load_palette(file)
    assert error.value.issues[0].file == "office.yaml"
    file.write_text("id: [")
    with pytest.raises(UserError):
        load_palette(file)


def test_small_colour_helpers() -> None:
    assert hex_of(rgb_of("#12ab9f")) == "#12ab9f"
    assert mix("#000000", "#ffffff", 0.5) == "#808080"
    assert smallest_distance(["#123456"]) == float("inf")
    assert set(VISION) == {"deuteranopia", "protanopia"}
    with pytest.raises(ValueError, match="not a colour"):
        rgb_of("red")


def test_an_office_brings_its_own_palettes(tmp_path) -> None:
    (tmp_path / "stadt.yaml").write_text(
        "id: stadt\nname: {de: Stadtfarben}\nkind: sequential\ncolours:\n"
        '  7: ["#f7fbff", "#deebf7", "#c6dbef", "#9ecae1", "#6baed6", "#3182bd", "#08519c"]\n',
        encoding="utf-8",
    )
    (tmp_path / "kaputt.yaml").write_text("id: 7", encoding="utf-8")
    try:
        issues = use_palettes(tmp_path)
        assert {issue.file for issue in issues} >= {"kaputt.yaml"}
        assert all_palettes()[0].id == "stadt"
        assert palette("stadt").colours(7)[0] == "#f7fbff"
    finally:
        assert use_palettes(tmp_path / "nirgends") == ()
    assert palette("stadt").id == "ylgnbu"
