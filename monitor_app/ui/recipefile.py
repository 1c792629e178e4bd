"""Writing the assignment of an import to a recipe file."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from monitor_app.app.settings import Settings
from monitor_app.core.i18n import _
from monitor_app.core.issues import fail
from monitor_app.exchange.recipe import dump_recipe
from monitor_app.exchange.recipe_model import Recipe


def save_recipe(parent: QWidget, recipe: Recipe, settings: Settings) -> Path | None:
    """Ask for a file and write the recipe; None where the user changed their mind. ``UserError``
    where the file cannot be written."""
    folder = Path(settings.last_folder) if settings.last_folder else Path.home()
    path, _kind = QFileDialog.getSaveFileName(
        parent,
        _("Save as recipe"),
        str(folder / f"{recipe.id}.yaml"),
        _("Recipes") + " (*.yaml *.yml)",
    )
    if not path:
        return None
    target = Path(path)
    if target.suffix.lower() not in (".yaml", ".yml"):
        target = target.with_name(target.name + ".yaml")
    text = dump_recipe(recipe.model_copy(update={"proposed": ()}))
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise fail(
            "recipe-not-written",
            _("The recipe cannot be written here."),
            file=target.name,
            repair=_("Please choose another folder."),
        ) from error
    return target
