"""Kinds of maps and layers from a view: held against values worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import shapely

from monitor_app.app.exports import map_svg, write_map
from monitor_app.app.mapkinds import Kind, kind_name, type_names, usual_target
from monitor_app.app.maplayers import point_choices, point_layer
from monitor_app.app.maps import compute_view, is_ready, map_spec, shapes_of, shown_map
from monitor_app.app.session import Session
from monitor_app.app.settings import Settings
from monitor_app.app.view import ChangeKind, ViewState
from monitor_app.cartography.mapspec import MapKind
from monitor_app.core.backdrops import DOCUMENT, Backdrop, BackdropLook
from monitor_app.core.batch import ImportBatch, PointTable
from monitor_app.core.datasets import DatasetSpec
from monitor_app.core.datasets import Kind as DataKind
from monitor_app.core.issues import UserError
from tests.ui.town import PERSONS, make_project, old_age_ratio

RATIO = "altenquotient"
OPERATORS = ("Stadt", "Kirche", "Stadt", "Verein", "Kirche", "Stadt", "", "DRK")


def layers_batch(operators: tuple[str, ...] = OPERATORS) -> ImportBatch:
    """Eight day-care centres, a river and a park."""
    n = len(operators)
    spec = DatasetSpec("kitas", DataKind.FACILITIES, "Kitas", "city", aggregation="none")
    points = PointTable(
        spec, 565100.0 + 350 * np.arange(n), np.full(n, 5930500.0), "EPSG:25832",
        {"id": tuple(f"K{i}" for i in range(n)), "name": tuple(f"Kita {i}" for i in range(n)),
         "operator": operators},
    )  # fmt: skip
    water = Backdrop("water", "Fluss", BackdropLook.WATER, "EPSG:25832",
                     (shapely.box(565000, 5930900, 568000, 5931100),))  # fmt: skip
    tram = Backdrop("tram", "Straßenbahn", BackdropLook.LINE, "EPSG:25832",
                    (shapely.LineString([(565000, 5930000), (568000, 5932000)]),))  # fmt: skip
    documents = {(DOCUMENT, b.key): b.dump() for b in (water, tram)}
    return ImportBatch("Ebenen", (), points=(points,), documents=documents)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("karten")
    made = Session(Settings(), working_dir=folder / "work")
    made.open(make_project(folder))
    made.apply(layers_batch())
    yield made
    made.close(discard=True)


@pytest.fixture
def session(opened: Session) -> Session:
    opened.view = ViewState()
    opened.set_view(indicator=RATIO, level="viertel")
    return opened


def city_ratio(day: int) -> float:
    return 100 * PERSONS[:, day, 2].sum() / PERSONS[:, day, 1].sum()


def test_deviation_is_value_minus_the_ratio_of_the_sums(session: Session) -> None:
    session.set_view(kind="deviation")
    spec = map_spec(session)
    expected = [old_age_ratio(i, 2) - city_ratio(2) for i in range(6)]
    assert spec.values == pytest.approx(expected)
    assert (spec.kind, spec.signed, spec.reference) == (
        MapKind.DEVIATION, True, pytest.approx(city_ratio(2)),
    )  # fmt: skip
    # no class holds areas of both signs
    for c in range(spec.classification.k):
        signs = {v >= 0 for v in spec.values[spec.classification.classes == c]}
        assert len(signs) <= 1


def test_deviation_in_per_cent_of_the_city(session: Session) -> None:
    session.set_view(kind="deviation_relative")
    spec = map_spec(session)
    expected = [100 * (old_age_ratio(i, 2) / city_ratio(2) - 1) for i in range(6)]
    assert spec.values == pytest.approx(expected)
    assert spec.unit == "%"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("target", lambda v: v - 30),
        ("target_relative", lambda v: 100 * (v - 30) / 30),
        ("threshold", lambda v: v),
    ],
)
def test_a_target_of_the_user(session: Session, kind: str, expected) -> None:
    session.set_view(kind=kind, targets={RATIO: 30.0})
    spec = map_spec(session)
    assert spec.values == pytest.approx([expected(old_age_ratio(i, 2)) for i in range(6)])
    assert spec.reference == 30
    middle = 30 if kind == "threshold" else 0
    side = {bool(v >= middle): set() for v in spec.values}
    for v, c in zip(spec.values, spec.classification.classes, strict=True):
        side[bool(v >= middle)].add(int(c))
    assert not set.intersection(*side.values()) or len(side) == 1
    assert "30" in spec.title


def test_types_by_city_value_and_development(session: Session) -> None:
    session.set_view(kind="types")
    spec = map_spec(session)
    names = type_names()
    for i in range(6):
        now, before = old_age_ratio(i, 2), old_age_ratio(i, 0)
        wanted = names[(0 if now > city_ratio(2) else 2) + (0 if now > before else 1)]
        assert spec.classification.names[spec.classification.classes[i]] == wanted
    assert sum(spec.classification.counts) == 6
    # charts and tables still show the values themselves
    assert spec.values == pytest.approx([old_age_ratio(i, 2) for i in range(6)])


def test_two_indicators_in_thirds(session: Session) -> None:
    session.set_view(kind="bivariate", second="jugendquotient")
    spec = map_spec(session)
    assert spec.pair is not None
    assert spec.pair.second == pytest.approx(
        [100 * PERSONS[i, 2, 0] / PERSONS[i, 2, 1] for i in range(6)]
    )
    assert sum(spec.classification.counts) == 6
    x, y = spec.classification.classes % 3, spec.classification.classes // 3
    assert np.array_equal(np.bincount(x), [2, 2, 2])
    assert np.array_equal(np.bincount(y), [2, 2, 2])
    assert (np.diff(spec.values[np.argsort(x, kind="stable")].reshape(3, 2).mean(1)) > 0).all()


@pytest.mark.parametrize(
    ("view", "code"),
    [
        ({"indicator": "einwohner", "kind": "deviation"}, "kind.count"),
        ({"indicator": "einwohner", "kind": "types"}, "kind.count"),
        ({"kind": "target"}, "kind.no_target"),
        ({"kind": "target_relative", "targets": {RATIO: 0.0}}, "kind.zero_target"),
        ({"kind": "bivariate"}, "kind.no_second"),
        ({"kind": "bivariate", "second": RATIO}, "kind.no_second"),
        ({"kind": "types", "day": date(2020, 12, 31)}, "kind.no_earlier"),
        ({"kind": "bivariate", "second": "geburtenziffer"}, "kind.other_date"),
    ],
)
def test_an_impossible_kind_says_why_and_shows_values(session: Session, view, code: str) -> None:
    session.set_view(**view)
    with pytest.raises(UserError) as caught:
        map_spec(session)
    assert caught.value.issues[0].code == code
    spec, refused = shown_map(session)
    assert spec.kind is MapKind.VALUE
    assert [i.code for i in refused] == [code]
    assert refused[0].message
    assert refused[0].repair


def test_counts_can_be_measured_against_a_target(session: Session) -> None:
    session.set_view(indicator="einwohner", kind="target", targets={"einwohner": 150.0})
    assert map_spec(session).values == pytest.approx(PERSONS[:, 2].sum(axis=1) - 150)


def test_the_usual_target_is_the_city_value_of_rates_else_the_median(session: Session) -> None:
    table = session.view_table(session.view)
    assert usual_target(table, session.view.day, rate=True) == round(city_ratio(2), 1)
    table = session.compute("einwohner", "viertel")
    median = float(np.median(PERSONS[:, 2].sum(axis=1)))
    assert usual_target(table, session.view.day, rate=False) == round(median)


def test_a_change_goes_before_the_kind_and_own_limits_belong_to_one_kind(session: Session) -> None:
    session.set_view(kind="deviation", method="manual")
    session.set_view(breaks={session.view.place: (-1.0, 2.0)})
    assert map_spec(session).classification.breaks == (-1.0, 2.0)
    session.set_view(compare_to=date(2020, 12, 31), change=ChangeKind.RELATIVE)
    spec = map_spec(session)
    assert spec.kind is MapKind.CHANGE_RELATIVE
    assert spec.classification.breaks != (-1.0, 2.0)
    session.set_view(compare_to=None, kind="value")
    assert map_spec(session).classification.breaks != (-1.0, 2.0)


def test_a_stored_view_opens_the_same_map(session: Session) -> None:
    view = replace(
        session.view, kind="threshold", targets={RATIO: 31.5}, labels="both", second="x",
        symbols="einwohner", points=("kitas:operator",), background=False,
    )  # fmt: skip
    again = ViewState.load(view.dump())
    assert again == view
    one, two = map_spec(session, view), map_spec(session, again)
    assert np.array_equal(one.codes, two.codes)
    assert one.layers.points == two.layers.points


def test_facilities_by_attribute(session: Session) -> None:
    (choice,) = point_choices(session)
    assert [a for a, _title in choice.attributes] == ["operator"]
    layer = point_layer(session, "kitas:operator")
    assert {k: layer.kinds.count(k) for k in set(layer.kinds)} == {
        "Stadt": 3, "Kirche": 2, "Verein": 1, "DRK": 1, "ohne Angabe": 1,
    }  # fmt: skip
    assert len(set(layer.looks.values())) == 5
    assert set(point_layer(session, "kitas").kinds) == {"Kitas"}


def test_rare_kinds_of_facilities_are_put_together(tmp_path: Path) -> None:
    made = Session(Settings(), working_dir=tmp_path / "work")
    made.open(make_project(tmp_path))
    operators = tuple(f"Träger {i}" for i in range(12) for _n in range(12 - i))
    made.apply(layers_batch(operators))
    layer = point_layer(made, "kitas:operator")
    assert len(layer.looks) == 7
    (rest,) = [k for k in layer.looks if not k.startswith("Träger")]
    assert layer.kinds.count(rest) == sum(12 - i for i in range(6, 12))
    made.close(discard=True)


@pytest.mark.parametrize(
    ("view", "code"),
    [
        ({"points": ("nichts",)}, "layer.points"),
        ({"points": ("kitas:farbe",)}, "layer.attribute"),
        ({"symbols": "altenquotient"}, "layer.symbols"),
        ({"symbols": "nichts"}, "layer.symbols"),
    ],
)
def test_a_layer_that_is_not_there_is_told_and_left_out(session: Session, view, code: str) -> None:
    session.set_view(**view)
    with pytest.raises(UserError) as caught:
        map_spec(session)
    assert caught.value.issues[0].code == code
    spec, refused = shown_map(session)
    assert [i.code for i in refused] == [code]
    assert len(spec.layers.backgrounds) == 1


def test_circles_stand_for_the_count_of_the_same_date(session: Session) -> None:
    session.set_view(symbols="einwohner", day=date(2021, 12, 31))
    symbols = map_spec(session).layers.symbols
    assert symbols is not None
    assert symbols.values == pytest.approx(PERSONS[:, 1].sum(axis=1))
    # areas of circles, not their widths, are in proportion
    small, large = symbols.values.min(), symbols.values.max()
    ratio = (symbols.diameter(large) / symbols.diameter(small)) ** 2
    assert ratio == pytest.approx(large / small)


def test_water_lies_below_and_lines_over_the_map(session: Session) -> None:
    layers = map_spec(session).layers
    assert [b.title for b in layers.backgrounds] == ["Fluss"]
    assert [o.title for o in layers.overlays] == ["Straßenbahn"]
    session.set_view(background=False)
    assert not map_spec(session).layers
    session.undo()  # the import of the layers
    session.set_view(background=True)
    assert not map_spec(session).layers
    session.redo()
    assert map_spec(session).layers


def test_the_map_as_vectors_for_the_clipboard(session: Session) -> None:
    spec = map_spec(session)
    drawn = map_svg(spec, shapes_of(session, "viertel", session.view.day), "Amt")
    assert drawn.startswith(b"<?xml")
    for colour in spec.class_colours:
        assert colour.encode() in drawn


def test_what_must_be_computed_before_showing(session: Session) -> None:
    plain = session.view
    assert is_ready(plain, replace(plain, second="jugendquotient", k=3, labels="names"))
    two = replace(plain, kind="bivariate", second="jugendquotient")
    assert not is_ready(plain, two)
    assert is_ready(two, plain)
    assert not is_ready(plain, replace(plain, level="bezirk"))
    compute_view(session, replace(two, symbols="geburtenziffer"))  # nothing to raise here


@pytest.mark.parametrize("kind", [k.value for k in Kind])
def test_every_kind_is_a_page_with_its_legend(session: Session, tmp_path: Path, kind: str) -> None:
    session.set_view(
        kind=kind, targets={RATIO: 30.0}, second="jugendquotient", labels="both",
        points=("kitas:operator",), symbols="einwohner",
    )  # fmt: skip
    file = tmp_path / "karte.svg"
    write_map(session, file)
    text = file.read_text(encoding="utf-8")
    assert "Kirche" in text
    assert "Einwohnerinnen" in text
    if kind == "types":
        assert any(name in text for name in type_names())
    if kind == "bivariate":
        assert "Nach rechts" in text
    assert kind_name(Kind(kind))
