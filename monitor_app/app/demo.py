"""The main job on the sample town: from an office's files to a printed page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from monitor_app.app.exports import value_table, write_map, write_table
from monitor_app.app.session import Session
from monitor_app.core.batch import ImportContext
from monitor_app.core.i18n import _
from monitor_app.core.issues import fail
from monitor_app.core.progress import Progress
from monitor_app.core.resources import resource_path
from monitor_app.exchange.prepare import prepare_import
from monitor_app.exchange.recipe import shipped_recipes
from monitor_app.project.project import Project
from monitor_app.reports.page import Orientation, SheetLayout

SAMPLE_RECIPES = "beispielstadt_"
DELIVERY = (
    "grenzen/gebietsgliederung.gpkg",
    "grenzen/topographie.gpkg",
    "gebietsreform/umsteigeschluessel_2018.csv",
    "bevoelkerung/bevoelkerung_2009_2017.csv",
    "bevoelkerung/bevoelkerung_2018_2024.csv",
    "bewegungen/geburten.csv",
    "bewegungen/sterbefaelle.csv",
    "bewegungen/zuzuege.csv",
    "bewegungen/wegzuege.csv",
    "bewegungen/umzuege.csv",
    "bewegungen/binnenzuzuege.csv",
    "bewegungen/binnenfortzuege.csv",
    "bewegungen/einbuergerungen.csv",
    "wohnen/fertigstellungen.csv",
    "wohnen/wohnungsbestand.csv",
    "wohnen/bauprojekte.csv",
    "wohnen/angebotsmieten.csv",
    "soziales/soziales.csv",
    "soziales/sozialbericht.csv",
    "bevoelkerung/migrationshintergrund.csv",
    "kitas/kitas.csv",
)
SHOWN = ("einwohner", "altenquotient")


def sample_folder() -> Path:
    """Where the files of the sample town lie (beside the resources)."""
    return resource_path().parent / "sample_data"


def sample_files() -> tuple[Path, ...]:
    """The yearly delivery of the sample town."""
    files = tuple(sample_folder() / name for name in DELIVERY)
    if not all(path.is_file() for path in files):
        raise fail(
            "no_sample",
            _("The files of the sample town are missing."),
            repair=_("Install the program again, or load your own files."),
        )
    return files


def make_demo(
    folder: Path, progress: Progress | None = None, working_dir: Path | None = None
) -> Path:
    """*Slow* at the first time. The project of the sample town in ``folder``, built from the
    town's files where it is not there yet; returns its path."""
    path = folder / "Beispielstadt.gpkg"
    if path.exists():
        return path
    steps = progress or Progress()
    folder.mkdir(parents=True, exist_ok=True)
    recipes = [r for r in shipped_recipes() if r.id.startswith(SAMPLE_RECIPES)]
    project = Project.create(path, name="Beispielstadt", working_dir=working_dir)
    try:
        context = ImportContext(project.areas(), project.datasets())
        batch = prepare_import(list(sample_files()), recipes, context, steps.part(0.0, 0.7))
        project.apply(batch, steps.part(0.7, 0.9))
        project.save(steps.part(0.9, 1.0))
    except BaseException:
        project.close(discard=True)
        path.unlink(missing_ok=True)
        raise
    project.close()
    return path


def write_demo(session: Session, folder: Path, progress: Progress | None = None) -> list[Path]:
    """*Slow.* The sample town as files: project, pages and tables. Returns what was written."""
    steps = progress or Progress()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Beispielstadt.gpkg").unlink(missing_ok=True)
    project = make_demo(folder, steps.part(0.0, 0.7), session.working_dir)
    session.open(project)
    written = [project]
    for n, indicator in enumerate(SHOWN):
        steps.step(0.7 + 0.3 * n / len(SHOWN), _("Writing pages"))
        session.set_view(indicator=indicator)
        for ending in (".pdf", ".png", ".svg"):
            path = folder / f"{indicator}{ending}"
            orientation = Orientation.PORTRAIT if ending == ".svg" else Orientation.LANDSCAPE
            write_map(
                session, path, SheetLayout(orientation, office=_("Statistics office")),
                replace(session.view, indicator=indicator),
            )  # fmt: skip
            written.append(path)
        table = session.compute(indicator, session.view.level)
        for ending in (".xlsx", ".csv"):
            path = folder / f"{indicator}{ending}"
            write_table(path, value_table(session, table))
            written.append(path)
    return written
