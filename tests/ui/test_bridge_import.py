"""A bridge table on the import page: what it is, what it will do, what its columns mean."""

from __future__ import annotations

from monitor_app.app.session import Session
from monitor_app.app.settings import Settings
from monitor_app.core.progress import Progress
from monitor_app.exchange.recipe import shipped_recipes
from monitor_app.exchange.recipe_model import BridgeContent
from monitor_app.ui.bridgewords import bridge_columns, bridge_words
from monitor_app.ui.importstate import read_files
from monitor_app.ui.mapstep import MapStep


def content() -> BridgeContent:
    recipe = next(r for r in shipped_recipes() if r.id == "beispielstadt_umsteigeschluessel")
    (found,) = recipe.contents
    assert isinstance(found, BridgeContent)
    return found


def test_words_tell_what_is_carried_by_which_column():
    text = bridge_words(content())
    assert text.startswith("Umsteigeschlüssel einer Gebietsreform")
    assert "„Anteil Einwohner“" in text
    assert "„Anteil Fläche“" in text
    assert "„Anteil Wohnungen“" in text
    assert "als geschätzt gekennzeichnet" in text
    assert "Die gezählten Zahlen bleiben" in text


def test_every_column_has_a_meaning():
    assert bridge_columns(content()) == {
        "Viertel_alt": "altes Gebiet",
        "Viertel_neu": "neues Gebiet",
        "Gültig ab": "gültig ab",
        "Anteil Einwohner": "Anteil der Einwohner",
        "Anteil Fläche": "Anteil der Fläche",
        "Anteil Wohnungen": "Anteil der Wohnungen",
    }


def test_import_page_shows_both(qtbot, theme, sample_town):
    session = Session(Settings())
    path = sample_town / "gebietsreform/umsteigeschluessel_2018.csv"
    step = MapStep(theme)
    qtbot.addWidget(step)
    step.show_reading(read_files(session, [path], Progress()), ())
    step._soon.stop()
    assert step.why.text().startswith("Umsteigeschlüssel")
    combo = step.role_combo("Viertel_alt")
    assert combo.currentText() == "altes Gebiet"
    assert not combo.isEnabled()
