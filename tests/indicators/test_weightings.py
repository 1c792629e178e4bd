"""Definitions of composite indices: presets, reading and writing, refusals."""

from __future__ import annotations

from datetime import date

import pytest
import yaml

from monitor_app.core.issues import UserError
from monitor_app.indicators.catalogue import Catalogue
from monitor_app.indicators.normalise import Normalisation
from monitor_app.indicators.weightings import (
    ClassDef,
    Component,
    Weighting,
    dump_weighting,
    load_weighting,
    shipped_weightings,
)

SMALL = "id: a\nname: Test\ncomponents: [{indicator: sgb2_quote}, {indicator: kinderarmut}]\n"


def test_presets_name_indicators_of_the_catalogue_sources_and_caveats() -> None:
    catalogue = Catalogue.shipped()
    presets = {w.id: w for w in shipped_weightings()}
    assert set(presets) >= {"berlin_mss", "hamburg_rise", "muenster"}
    for preset in presets.values():
        assert preset.sources
        assert preset.caveat.de
        assert preset.caveat.en
        assert preset.name.en
        for name in preset.indicators:
            assert name in catalogue, name


def test_the_berlin_preset_follows_its_method() -> None:
    berlin = next(w for w in shipped_weightings() if w.id == "berlin_mss")
    assert len(berlin.components) == 4
    assert set(berlin.weights) == {1.0}
    assert berlin.minimum_inhabitants == 300
    assert berlin.classes is not None
    assert berlin.classes.limits == (-1.0, 1.0, 1.5)
    changes = berlin.changes()
    assert changes is not None
    assert changes.classes is not None
    assert len(berlin.classes.names) * len(changes.classes.names) == 12
    assert changes.indicators == berlin.indicators


def test_what_is_written_is_read_back() -> None:
    for weighting in shipped_weightings():
        assert load_weighting(dump_weighting(weighting)) == weighting
    own = Weighting(
        id="x", name="Über", components=(Component(indicator="a", weight=0.3),),
        normalisation=Normalisation.RANK, base_date=date(2020, 12, 31),
        classes=ClassDef(limits=(50.0,), names=("unten", "oben")),
    )  # fmt: skip
    assert load_weighting(dump_weighting(own)) == own


def test_other_weights_make_another_weighting() -> None:
    first = load_weighting(SMALL)
    second = first.with_weights([2, 0])
    assert second.weights == (2.0, 0.0)
    assert first.weights == (1.0, 1.0)
    with pytest.raises(UserError):
        first.with_weights([-1, 0])


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "- 1",
        "",
        "id: a\nname: x\ncomponents: []",
        SMALL + "surprise: 1",
        SMALL.replace("kinderarmut", "sgb2_quote"),
        SMALL + "aggregation: geometric",
        SMALL + "minimum_inhabitants: -1",
        SMALL + "classes: {limits: [1, 0], names: [a, b, c]}",
        SMALL + "classes: {limits: [0], names: [a]}",
        SMALL.replace("{indicator: kinderarmut}", "{indicator: kinderarmut, weight: -1}"),
        SMALL.replace("{indicator: kinderarmut}", "{indicator: kinderarmut, weight: .nan}"),
        SMALL + "base_date: yesterday",
    ],
)
def test_faulty_definitions_are_refused_with_their_place(text: str) -> None:
    with pytest.raises(UserError) as error:
        load_weighting(text, "mine.yaml")
    assert all(issue.file == "mine.yaml" and issue.message for issue in error.value.issues)


def test_yaml_cannot_make_objects() -> None:
    with pytest.raises(UserError):
        load_weighting("!!python/object/apply:os.system ['true']")
    assert yaml.safe_load(SMALL)["id"] == "a"
