"""Planned housing projects on the import page: what they are and what their columns mean."""

from __future__ import annotations

from monitor_app.app.session import Session
from monitor_app.app.settings import Settings
from monitor_app.core.planned import PlannedHousing, PlannedProject
from monitor_app.core.progress import Progress
from monitor_app.exchange.preview import preview
from monitor_app.exchange.recipe import shipped_recipes
from monitor_app.ui.importstate import read_files
from monitor_app.ui.mapstep import MapStep
from monitor_app.ui.projectwords import planned_cells


def test_import_page_tells_projects_and_their_columns(qtbot, theme, sample_town):
    session = Session(Settings())
    path = sample_town / "wohnen/bauprojekte.csv"
    step = MapStep(theme)
    qtbot.addWidget(step)
    step.show_reading(read_files(session, [path], Progress()), ())
    step._soon.stop()
    assert step.why.text().startswith("Geplante Bauvorhaben")
    assert "Mehrfamilienhaus" in step.why.text()
    meanings = {
        "Projekt_Nr": "Schlüssel des Vorhabens", "Viertel_Nr": "Gebiet",
        "WE Mehrfamilienhaus": "Wohnungen: Mehrfamilienhaus",
        "Baubeginn": "erstes Bezugsjahr", "Bezug Jahr 3 in %": "Anteil bezogen im 3. Jahr",
        "Wahrscheinlichkeit": "Wahrscheinlichkeit", "Planungsstand": "Planungsstand",
    }  # fmt: skip
    for column, meaning in meanings.items():
        assert step.role_combo(column).currentText() == meaning
        assert not step.role_combo(column).isEnabled()


def test_preview_and_last_step_say_what_will_be_there(sample_town):
    (recipe,) = (r for r in shipped_recipes() if r.id == "beispielstadt_bauprojekte")
    shown = preview(sample_town / "wohnen/bauprojekte.csv", recipe, 5)
    assert shown.result_header == ("Gebiet", "Wohnungen", "Jahre", "Wahrscheinlichkeit")
    assert shown.results[0] == ("0436", "60", "2025 – 2027", "95 %")
    text = PlannedHousing(
        "viertel", "Projekte", (PlannedProject("P1", "Feld", "01", "small", {2025: 4, 2027: 6.5}),)
    ).dump()
    assert planned_cells(text) == ("Projekte", "1", "2025 – 2027", "10 Wohnungen")
