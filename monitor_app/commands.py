"""The commands for batch work, on the same session as the window.

Exit codes: 0 done, 1 refused with findings, 2 wrong usage, 3 an error of the program itself.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from monitor_app import __version__
from monitor_app.app import demo as demos
from monitor_app.app import imports, overview
from monitor_app.app.exports import TABLE_ENDINGS, value_table, write_table
from monitor_app.app.logs import start_logging
from monitor_app.app.session import Session
from monitor_app.app.settings import Settings
from monitor_app.commandline import (
    Json,
    ProjectPath,
    Steps,
    app,
    command,
    console,
    emit,
    notes,
    open_session,
    tell,
)
from monitor_app.core.backdrops import DOCUMENT, Backdrop
from monitor_app.core.batch import ImportBatch
from monitor_app.core.formats import format_date, format_number
from monitor_app.core.i18n import _
from monitor_app.core.issues import errors, fail
from monitor_app.indicators.catalogue import Catalogue


def run(arguments: list[str]) -> int:
    """Run one command line; see ``cli.main`` for the exit codes."""
    # The other modules register their commands after these.
    from monitor_app import (  # noqa: F401
        commands_chart,
        commands_forecast,
        commands_forecast_results,
        commands_index,
        commands_indicators,
        commands_map,
        commands_patterns,
        commands_profile,
        commands_rates,
        commands_support,
        commands_together,
        commands_values,
    )

    start_logging()
    try:
        app(arguments, prog_name="monitor-app")
    except SystemExit as end:
        return int(end.code or 0)
    return 0


@command("new", _("Create an empty project."))
def new(
    project: ProjectPath,
    name: Annotated[str | None, typer.Option(help=_("Name of the town"))] = None,
    as_json: Json = False,
) -> None:
    """Create an empty project."""
    session = Session(Settings.load())
    session.create(project, name)
    session.close()
    if as_json:
        emit({"ok": True, "project": str(project)})
    else:
        console.print(_("Created: {path}").format(path=project), markup=False)


@command("import", _("Read files by a recipe, check and import them."))
def import_files(
    project: ProjectPath,
    files: Annotated[list[Path], typer.Argument(metavar=_("FILE…"))],
    recipe: Annotated[
        list[str] | None, typer.Option("--recipe", "-r", help=_("Recipe: id or YAML file"))
    ] = None,
    dry_run: Annotated[bool, typer.Option(help=_("Check only, import nothing"))] = False,
    write_recipes: Annotated[
        Path | None,
        typer.Option(
            metavar=_("FOLDER"),
            help=_("Write the recipes used (also proposed ones) as YAML, to correct them"),
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Read files by a recipe, check and import them."""
    session = open_session(project, "read" if dry_run else "write")
    try:
        recipes = [imports.find_recipe(session, name) for name in recipe or ()]
        with Steps() as steps:
            batch = imports.prepare(session, files, recipes, steps.part(0.0, 0.8))
            written = imports.write_recipes(batch, write_recipes) if write_recipes else ()
            stored = not batch.blocked and not dry_run
            if stored:
                session.apply(batch, steps.part(0.8, 0.9))
                session.save(steps.part(0.9, 1.0))
    finally:
        session.close(discard=True)
    if as_json:
        emit({"ok": not batch.blocked, "stored": stored, **_batch(batch)})
    else:
        tell(batch.issues, as_json=False)
        _show(batch, stored)
        for path in written:
            console.print(_("Recipe written: {path}").format(path=path), markup=False)
    if batch.blocked:
        raise typer.Exit(1)


def _batch(batch: ImportBatch) -> dict[str, Any]:
    return {
        "label": batch.label,
        "recipes": list(batch.recipes),
        "sources": [{"name": s.name, "sha256": s.sha256, "size": s.size} for s in batch.sources],
        "areas": [{"level": t.level.key, "areas": len(t.keys)} for t in batch.areas],
        "datasets": [
            {"key": f.spec.key, "kind": f.spec.kind.value, "dates": len(f.cube.dates)}
            for f in batch.facts
        ],
        "points": [{"key": p.spec.key, "points": len(p.x)} for p in batch.points],
        "bridges": [
            {"level": b.level, "day": b.day.isoformat(), "pairs": len(b.rows)}
            for b in batch.bridges
        ],
        "layers": [
            {"key": layer.key, "look": layer.look.value, "shapes": len(layer.geometries)}
            for layer in _layers(batch)
        ],
        "issues": [i.as_dict() for i in batch.issues],
        "comparisons": [
            {**asdict(c), "day": c.day.isoformat() if c.day else None} for c in batch.comparisons
        ],
    }


def _layers(batch: ImportBatch) -> list[Backdrop]:
    return [Backdrop.load(t) for (kind, _key), t in batch.documents.items() if kind == DOCUMENT]


def _show(batch: ImportBatch, stored: bool) -> None:
    for areas in batch.areas:
        located = sum(g is not None for g in areas.geometries)
        text = _("{level}: {count} areas").format(level=areas.level.name, count=located)
        if not located:
            text = _("{level}: {count} areas without boundaries").format(
                level=areas.level.name, count=len(areas.keys)
            )
        console.print(text, markup=False)
    for points in batch.points:
        text = _("{name}: {count} points").format(name=points.spec.name, count=len(points.x))
        console.print(text, markup=False)
    for bridge in batch.bridges:
        text = _("Bridge of the reform of {day}: {count} pairs of areas").format(
            day=format_date(bridge.day), count=len(bridge.rows)
        )
        console.print(text, markup=False)
    for layer in _layers(batch):
        text = _("{name}: {count} shapes to draw").format(
            name=layer.title, count=len(layer.geometries)
        )
        console.print(text, markup=False)
    specs = [*(f.spec for f in batch.facts), *(p.spec for p in batch.points)]
    names = {spec.key: spec.name for spec in specs}
    table = Table(box=None, pad_edge=False)
    for head in (_("Data set"), _("Date"), _("In the file"), _("Stored")):
        table.add_column(head, justify="left" if head in (_("Data set"), _("Date")) else "right")
    for row in batch.comparisons:
        precision = 0 if row.in_file.is_integer() and row.stored.is_integer() else 1
        table.add_row(
            names.get(row.dataset) or row.dataset, format_date(row.day) if row.day else "",
            format_number(row.in_file, precision), format_number(row.stored, precision),
        )  # fmt: skip
    if batch.comparisons:
        console.print(table)
    if stored:
        console.print(_("Imported."))
    elif batch.blocked:
        notes.print(_("Nothing was imported: please mend the errors first."))
    else:
        console.print(_("Checked only; nothing was imported."))


@command("info", _("Show levels and data sets of a project."))
def info(project: ProjectPath, as_json: Json = False) -> None:
    """Show levels and data sets of a project."""
    session = open_session(project)
    found = overview.overview(session)
    session.close()
    if as_json:
        emit(found)
    else:
        console.print(overview.overview_text(found), markup=False)


@command("compute", _("Compute indicators for all levels and dates; say what is missing."))
def compute(
    project: ProjectPath,
    indicator: Annotated[list[str] | None, typer.Option("--indicator", "-i")] = None,
    as_json: Json = False,
) -> None:
    """Compute indicators for all levels and dates; say what is missing."""
    session = open_session(project)
    wanted = [session.catalogue.get(name).id for name in indicator or session.catalogue.ids]
    levels = [level.key for level in session.areas.levels]
    rows: list[dict[str, Any]] = []
    for name in wanted:
        tables = {level: session.compute(name, level) for level in levels}
        rows.append(
            {
                "indicator": name,
                "name": session.catalogue.get(name).name.shown,
                "levels": {k: len(t.dates) for k, t in tables.items()},
                "missing": sorted({m for t in tables.values() for m in t.missing_inputs}),
                "issues": [i.as_dict() for i in dict.fromkeys(
                    i for t in tables.values() for i in t.issues)],
            }
        )  # fmt: skip
    session.close()
    if as_json:
        emit({"indicators": rows})
        return
    table = Table(box=None, pad_edge=False)
    for head in (_("Indicator"), _("Dates per level"), _("Missing")):
        table.add_column(head)
    for row in rows:
        counts = ", ".join(f"{k} {n}" for k, n in row["levels"].items() if n)
        table.add_row(row["name"], counts or "–", "" if counts else "; ".join(row["missing"]))
    console.print(table)


@command("recipes", _("List the recipes, or print one as YAML."))
def recipes(
    name: Annotated[str | None, typer.Argument(metavar=_("RECIPE"))] = None, as_json: Json = False
) -> None:
    """List the recipes, or print one as YAML."""
    session = Session(Settings.load())
    if name is not None:
        from monitor_app.exchange.recipe import dump_recipe

        recipe = imports.find_recipe(session, name)
        if as_json:
            emit(recipe.model_dump(mode="json", exclude_defaults=True))
        else:
            sys.stdout.write(dump_recipe(recipe))
        return
    found = imports.known_recipes(session)
    if as_json:
        emit([{"id": r.id, "name": str(r.name), "files": list(r.match.files)} for r in found])
        return
    for recipe in found:
        console.print(f"{recipe.id:<36} {recipe.name}", markup=False)


@command("check-catalogue", _("Check the catalogue of indicators and its test rows."))
def check_catalogue(
    folder: Annotated[Path | None, typer.Argument(metavar=_("FOLDER"))] = None,
    as_json: Json = False,
) -> None:
    """Check the catalogue of indicators and its test rows."""
    catalogue = Catalogue.shipped() if folder is None else Catalogue.from_folder(folder)
    if folder is not None and not (len(catalogue) or catalogue.problems):
        raise fail(
            "no_catalogue", _("No indicators were found in {folder}.").format(folder=folder),
            file=str(folder), repair=_("Name a folder with .yaml files of definitions."),
        )  # fmt: skip
    issues = catalogue.check()
    if as_json:
        emit({
            "ok": not errors(issues), "indicators": len(catalogue),
            "issues": [i.as_dict() for i in issues],
        })  # fmt: skip
    else:
        tell(issues, as_json=False)
        tests = sum(len(d.tests) for d in catalogue)
        console.print(
            _("{count} indicators, {tests} test rows, {findings} findings").format(
                count=len(catalogue), tests=tests, findings=len(issues)
            )
        )
    if errors(issues):
        raise typer.Exit(1)


@command("demo", _("The sample town from files to the printed page."))
def demo(
    out: Annotated[Path, typer.Option("--out", help=_("Folder for the results"))] = Path(
        "out/demo"
    ),
    as_json: Json = False,
) -> None:
    """The sample town from files to the printed page."""
    with Steps() as steps:
        session = Session(Settings.load())
        written = demos.write_demo(session, out, steps)
        session.close(discard=True)
    if as_json:
        emit({"ok": True, "files": [str(p) for p in written]})
    else:
        for path in written:
            console.print(str(path), markup=False)


@command("self-test", _("Check that this installation works: read, compute, save, print."))
def self_test(as_json: Json = False) -> None:
    """Check that this installation works: read, compute, save, print."""
    with tempfile.TemporaryDirectory() as folder:
        session = Session(Settings.load(), working_dir=Path(folder) / "working")
        written = demos.write_demo(session, Path(folder) / "out")
        empty = [p.name for p in written if p.stat().st_size == 0]
        table = session.compute("einwohner", session.view.level)
        write_table(Path(folder) / f"t{TABLE_ENDINGS[0]}", value_table(session, table))
        session.close(discard=True)
    if empty:
        raise fail(
            "self_test", _("Empty files were written: {files}").format(files=", ".join(empty))
        )
    if as_json:
        emit({"ok": True, "version": __version__, "files": len(written)})
    else:
        console.print(_("The program works ({count} files written).").format(count=len(written)))
