"""From files to a confirmed import: which recipes fit, what they make of the files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from monitor_app.app.detach import run_detached
from monitor_app.app.session import Session
from monitor_app.core.batch import ImportBatch
from monitor_app.core.causes import cause
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity, UserError, fail
from monitor_app.core.progress import Progress
from monitor_app.exchange.prepare import prepare_import
from monitor_app.exchange.recipe import Recipe, load_recipe, match_recipes, shipped_recipes
from monitor_app.exchange.table import RawTable


def project_recipes(session: Session) -> tuple[Recipe, ...]:
    """Recipes of earlier imports, kept in the project; those that cannot be read (see
    ``recipe_issues``) are left out."""
    return _read_recipes(session)[0]


def recipe_issues(session: Session) -> tuple[Issue, ...]:
    """A warning for each recipe of the project that cannot be read, made by a newer version, say:
    it must not keep others from being used."""
    return _read_recipes(session)[1]


def _read_recipes(session: Session) -> tuple[tuple[Recipe, ...], tuple[Issue, ...]]:
    if not session.has_project:
        return (), ()
    found, told = [], []
    for key, text in session.project.documents("recipe").items():
        try:
            found.append(load_recipe(text))
        except UserError as error:
            told.append(
                Issue(
                    "recipe_unreadable",
                    Severity.WARNING,
                    _("The recipe “{name}” of the project cannot be read and is left out: {why}")
                    .format(name=key, why=error.issues[0].message),
                    repair=_("Import with another recipe, or with a newer version of the program."),
                )
            )  # fmt: skip
    return tuple(found), tuple(told)


def known_recipes(session: Session) -> tuple[Recipe, ...]:
    """Recipes of the project, then shipped ones; the project's own win over equal names."""
    own = project_recipes(session)
    taken = {recipe.id for recipe in own}
    return (*own, *(r for r in shipped_recipes() if r.id not in taken))


def fitting_recipes(
    session: Session, tables: Sequence[RawTable]
) -> tuple[tuple[Recipe, float], ...]:
    """Known recipes that fit what was read, best first."""
    return match_recipes(tuple(tables), known_recipes(session))


def find_recipe(session: Session, name: str) -> Recipe:
    """A recipe by its id, or read from a YAML file. ``UserError`` where there is none."""
    for recipe in known_recipes(session):
        if recipe.id == name:
            return recipe
    path = Path(name)
    if path.suffix.lower() in (".yaml", ".yml"):
        return load_recipe(path)
    raise fail(
        "unknown_recipe",
        _("There is no recipe “{name}”.").format(name=name),
        repair=_("Known recipes: {names}").format(
            names=", ".join(r.id for r in known_recipes(session))
        ),
    )


def prepare(
    session: Session,
    paths: Sequence[Path],
    recipes: Sequence[Recipe] = (),
    progress: Progress | None = None,
) -> ImportBatch:
    """*Slow.* Read and check files; nothing is stored. Without recipes each file gets the known
    one that fits best. Cancelling ends it at once, whatever a library is busy with."""
    chosen = list(recipes) or None
    context = session.context()
    known = known_recipes(session)
    batch = run_detached(
        lambda steps: prepare_import(list(paths), chosen, context, steps, known),
        progress or Progress(),
    )
    return replace(batch, issues=(*batch.issues, *recipe_issues(session)))


def write_recipes(batch: ImportBatch, folder: Path) -> tuple[Path, ...]:
    """Write the recipes of an import, also proposed ones, as YAML files that ``find_recipe``
    reads. Existing files are never overwritten: the new one gets a number. ``UserError`` where
    the folder cannot be written."""
    found = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in batch.recipes.items():
            path, number = folder / f"{name}.yaml", 2
            while path.exists() and path.read_text(encoding="utf-8") != text:
                path, number = folder / f"{name}_{number}.yaml", number + 1
            path.write_text(text, encoding="utf-8")
            found.append(path)
    except OSError as error:
        raise fail(
            "recipes_not_written",
            _("The recipes cannot be written to “{folder}”: {reason}.").format(
                folder=folder, reason=cause(error)
            ),
            repair=_("Name a folder that you may write to."),
        ) from error
    return tuple(found)
