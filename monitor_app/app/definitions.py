"""Own definitions of indicators: they belong to the project and travel with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor_app.app.session import Session
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity, UserError, errors, fail
from monitor_app.indicators.catalogue import Catalogue
from monitor_app.indicators.own import Checked, check_own, removal_problems

KIND = "indicator"


@dataclass(frozen=True)
class Added:
    """``ids`` of the definitions as stored; ``issues``: what the user should look at."""

    ids: tuple[str, ...]
    issues: tuple[Issue, ...]


def variables_of(session: Session) -> frozenset[str]:
    """Keys of the variables that the project has numbers for."""
    specs = (info.spec for info in session.project.datasets())
    return frozenset(spec.variable for spec in specs if spec.variable is not None)


def check_text(session: Session, text: str, place: str) -> Checked:
    """What a text defines and everything wrong with it; for the editor and for files."""
    return check_own(session.catalogue, text, place, variables_of(session))


def add_definitions(session: Session, path: Path) -> Added:
    """Store the definitions of a YAML file as one step of undo; those of the same id are
    replaced. Errors: ``UserError`` with every finding and its line; nothing is stored then."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise fail(
            "unreadable",
            _("The file {file} cannot be read.").format(file=path.name),
            file=path.name,
            repair=_("Check that the file exists and is a text file in UTF-8."),
        ) from error
    return store_text(session, text, path.name)


def store_text(session: Session, text: str, place: str) -> Added:
    """As ``add_definitions`` for a text; ``place`` is what findings call it."""
    checked = check_text(session, text, place)
    if not checked.sound:
        raise UserError(errors(checked.issues))
    texts = {own.definition.id: own.text for own in checked.definitions}
    first = checked.definitions[0].definition.name.shown
    label = _("Define {name}").format(name=first)
    if len(texts) > 1:
        label = _("Define {count} indicators").format(count=len(texts))
    if session.project.put_documents(KIND, texts, label) is not None:
        session.definitions_changed()
    return Added(tuple(texts), checked.issues)


def remove_definition(session: Session, name: str) -> None:
    """Take an own definition out of the project. Errors: ``UserError`` where there is none, or
    where others refer to it."""
    texts = session.project.documents(KIND)
    if name not in texts:
        own = ", ".join(sorted(texts)) or "–"
        raise fail(
            "unknown-indicator",
            _("The project has no definition “{id}” of its own.").format(id=name),
            value=name,
            repair=_("Own definitions: {names}").format(names=own),
        )
    left = {key: text for key, text in texts.items() if key != name}
    catalogue = Catalogue.shipped().with_documents(left)
    if name not in catalogue:
        broken = removal_problems(catalogue, name, variables_of(session))
        if broken:
            raise UserError([_in_use(name, catalogue), *broken])
    title = session.catalogue.get(name).name.shown if name in session.catalogue else name
    session.project.delete_document(KIND, name, _("Remove {name}").format(name=title))
    session.definitions_changed()


def _in_use(name: str, catalogue: Catalogue) -> Issue:
    users = ", ".join(d.id for d in catalogue if name in d.names)
    return Issue(
        "in-use",
        Severity.ERROR,
        _("Other indicators refer to “{id}”: {names}.").format(id=name, names=users),
        value=name,
        repair=_("Change or remove those first."),
    )


def own_definitions(session: Session) -> list[dict[str, Any]]:
    """What the project defines itself, by id. ``replaces``: a shipped definition of that id."""
    shipped = Catalogue.shipped()
    own = Catalogue().with_documents(session.project.documents(KIND))
    return [
        {
            "id": d.id,
            "name": d.name.shown,
            "topic": d.topic,
            "unit": d.unit,
            "formulas": [
                {"from": f.start.isoformat() if f.start else None, "formula": f.formula}
                for f in d.formulas
            ],
            "replaces": d.id in shipped,
        }
        for d in sorted(own, key=lambda d: d.id)
    ]
