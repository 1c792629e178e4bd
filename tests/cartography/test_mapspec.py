"""From an indicator table to a map, its legend and its words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor_app.cartography.alttext import alt_text
from monitor_app.cartography.classify import Method, classify
from monitor_app.cartography.fonts import font_paths
from monitor_app.cartography.legend import EntryKind, legend_entries, legend_title
from monitor_app.cartography.mapspec import (
    MapKind,
    MapStyle,
    change_spec,
    difference,
    group_levels,
    value_spec,
)
from monitor_app.cartography.scalebar import scale_bar
from monitor_app.cartography.shapes import AreaShapes
from monitor_app.core.i18n import DOMAINS, LANGUAGE
from monitor_app.core.resources import resource_path
from monitor_app.core.status import Status
from tests.cartography.town import DAYS, area_system, shapes, spec, table


def test_values_meet_their_areas_by_key() -> None:
    areas = area_system()
    made = value_spec(table(), areas, DAYS[1])
    drawn = AreaShapes.of_level(areas, "quarter", DAYS[1])
    assert made.keys == drawn.keys
    assert made.values[:11].tolist() == [i + 10.0 for i in range(11)]
    # The area without a row is missing, the one that cannot be located is not on the map.
    assert np.isnan(made.values[11])
    assert made.status[11] == Status.MISSING
    assert "999" not in made.keys
    assert made.city_value == 15.0
    assert made.date_text == "31.12.2021"
    assert group_levels(areas, "quarter") == ("district",)
    assert set(drawn.groups) == {"district"}


def test_breaks_stay_through_the_series_by_default() -> None:
    made = [value_spec(table(), area_system(), day, MapStyle(k=4)) for day in DAYS]
    assert len({m.classification.breaks for m in made}) == 1
    single = value_spec(table(), area_system(), DAYS[0], MapStyle(k=4, whole_series=False))
    assert single.classification.breaks != made[0].classification.breaks


def test_a_change_is_later_minus_earlier() -> None:
    made = change_spec(table(), area_system(), DAYS[0], DAYS[2])
    assert made.values[:11].tolist() == [20.0] * 11
    assert made.unit == "%-Punkte"
    assert made.kind is MapKind.CHANGE_ABSOLUTE
    assert made.date_text == "31.12.2020 bis 31.12.2024"
    assert made.city_value == 20.0
    relative = change_spec(table(), area_system(), DAYS[0], DAYS[2], relative=True)
    # Area 000 begins at zero: a relative change is not applicable, not infinite and not zero.
    assert relative.status[0] == Status.NOT_APPLICABLE
    assert np.isnan(relative.values[0])
    assert relative.values[4] == pytest.approx(500.0)
    assert relative.unit == "%"
    assert relative.classification.midpoint == 0.0


def test_a_difference_keeps_the_stronger_status() -> None:
    change, marks = difference(
        np.array([1.0, np.nan, 3.0]), np.array([0, 11, 5], np.uint8),
        np.array([2.0, 5.0, 1.0]), np.array([0, 0, 0], np.uint8),
    )  # fmt: skip
    assert change[0] == 1.0
    assert np.isnan(change[1])
    assert marks.tolist() == [0, 11, 5]


@given(
    st.lists(
        st.tuples(st.sampled_from([0, 2, 4, 5, 10, 11, 12, 13, 14]), st.floats(0, 9)),
        min_size=1,
        max_size=30,
    )
)
def test_legend_counts_add_up_to_all_areas(pairs) -> None:
    status = np.array([s for s, _ in pairs], np.uint8)
    values = np.array([v for _, v in pairs])
    n = len(pairs)
    made = replace(
        spec(shapes(1)), keys=("k",) * n, names=("n",) * n, values=values, status=status,
        classification=classify(values, status),
    )  # fmt: skip
    entries = legend_entries(made)
    counted = [e.count for e in entries if e.kind is not EntryKind.MARK]
    assert sum(counted) == n
    # Only states and marks that occur are listed.
    assert all(e.count for e in entries if e.kind is not EntryKind.CLASS)
    for entry in entries:
        if entry.kind is EntryKind.MARK:
            assert entry.count == np.sum(status == (5 if entry.label == "Prognose" else 4))


def test_the_legend_in_words() -> None:
    made = spec(shapes(40))
    labels = [e.label for e in legend_entries(made)]
    assert labels[0] == "4,0 bis unter 12,0"
    assert labels[5:] == [
        "keine Daten",
        "geheim gehalten oder unbekannt",
        "zu geringe Fallzahl",
        "Aussage nicht sinnvoll",
    ]
    assert legend_title(made) == "%"
    assert legend_title(replace(made, kind=MapKind.CHANGE_RELATIVE)) == "Veränderung (%)"


def test_alt_text_says_what_the_map_shows() -> None:
    words = alt_text(spec(shapes(40)))
    assert words.startswith("Flächenkarte: Anteil der unter 18-Jährigen, Einheit: %")
    assert "36 Gebiete mit Werten von 4,0\u202f% bis 39,0\u202f%" in words
    assert "Am höchsten: Viertel 039 (39,0\u202f%), Viertel 038" in words
    assert "Am niedrigsten: Viertel 004" in words
    assert "1 Gebiet ohne Wert (geheim gehalten oder unbekannt)" in words
    assert words.endswith("Quelle: Einwohnermelderegister, Größenklassen.")
    values = np.full(5, np.nan)
    status = np.full(5, 10, np.uint8)
    drawn = shapes(5)
    empty = spec(drawn, values=values, status=status, classification=classify(values, status))
    assert "Für kein Gebiet liegt ein Wert vor." in alt_text(empty)


def test_alt_text_does_not_depend_on_the_order_of_areas() -> None:
    made = spec(shapes(40))
    order = np.random.default_rng(0).permutation(40)
    other = replace(
        made,
        keys=tuple(made.keys[i] for i in order), names=tuple(made.names[i] for i in order),
        values=made.values[order], status=made.status[order],
        classification=classify(made.values[order], made.status[order]),
    )  # fmt: skip
    assert alt_text(made) == alt_text(other)


def test_arrays_of_different_length_are_refused() -> None:
    made = spec(shapes(12))
    with pytest.raises(ValueError, match="one entry per key"):
        replace(made, names=("only one",))
    with pytest.raises(ValueError, match="other areas"):
        replace(made, classification=classify([1.0, 2.0]))


@pytest.mark.parametrize(
    ("longest", "length", "label"),
    [(7300, 5000, "5\u202fkm"), (1999, 1000, "1\u202fkm"), (2000, 2000, "2\u202fkm"),
     (990, 500, "500\u202fm"), (0.73, 0.5, "0,5\u202fm"), (2.4e6, 2e6, "2.000\u202fkm")],
)  # fmt: skip
def test_scale_bars_are_round(longest, length, label) -> None:
    bar = scale_bar(longest)
    assert bar is not None
    assert (bar.length, bar.label) == (pytest.approx(length), label)


@given(st.floats(1e-3, 1e8))
def test_scale_bars_fit(longest) -> None:
    bar = scale_bar(longest)
    assert bar is not None
    assert longest / 2.5 <= bar.length <= longest * (1 + 1e-9)


def test_no_scale_without_a_map() -> None:
    assert scale_bar(0) is None
    assert scale_bar(float("nan")) is None


def test_the_font_has_all_signs_and_tabular_figures() -> None:
    ttf = pytest.importorskip("fontTools.ttLib")
    for path in font_paths():
        with ttf.TTFont(path) as font:
            known, widths = font.getBestCmap(), font["hmtx"]
            missing = [c for c in "äöüÄÖÜß–−…‰²€§·„“\u202f×" if ord(c) not in known]
            assert not missing, path.name
            assert len({widths[known[ord(d)]][0] for d in "0123456789"}) == 1
            assert font["OS/2"].fsType == 0  # may be embedded
    assert "SIL OPEN FONT LICENSE" in resource_path("fonts", "OFL.txt").read_text(encoding="utf-8")


def test_every_text_of_the_drawing_rooms_is_german() -> None:
    ast = pytest.importorskip("ast")
    source = resource_path().parent / "monitor_app"
    assert LANGUAGE.code == "de"
    assert {"cartography", "reports"} <= set(DOMAINS)
    same = {"Quantile", "Boxplot", "Median", "{count} Gebiet", "{level} in {upper}",
            "Index, {day} = 100"}  # fmt: skip
    for room in ("cartography", "reports"):
        for path in sorted((source / room).glob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
                if called and node.func.id in ("_", "ngettext"):
                    text = node.args[0].value
                    german = (
                        LANGUAGE.text(text)
                        if node.func.id == "_"
                        else LANGUAGE.plural(text, node.args[1].value, 2)
                    )
                    assert german not in (text,) or german in same, f"{path.name}: {text}"


def test_methods_have_names() -> None:
    from monitor_app.cartography.classify import method_name

    assert len({method_name(m) for m in Method}) == len(Method)
