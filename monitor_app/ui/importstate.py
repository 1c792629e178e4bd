"""One import on its way: files, what was read, which recipe reads what. No Qt in here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from monitor_app.app.imports import fitting_recipes, recipe_issues
from monitor_app.app.session import Session
from monitor_app.core.batch import ImportContext
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, UserError
from monitor_app.core.progress import Progress
from monitor_app.exchange.prepare import GOOD_MATCH
from monitor_app.exchange.proposals import alike, propose_all, with_areas_of
from monitor_app.exchange.readers import iter_chunks, read_tables
from monitor_app.exchange.recipe_model import Recipe
from monitor_app.exchange.table import RawTable

#: Of larger files only the first rows are read before the check: they may hold one row per
#: person, and those are never read as a whole.
LARGE = 50_000_000
HEAD_ROWS = 20_000


@dataclass(frozen=True)
class Candidate:
    """A recipe that could read a group of tables; ``score`` 0 for a proposal of the program."""

    recipe: Recipe
    score: float

    @property
    def proposed(self) -> bool:
        return self.score == 0.0


@dataclass(frozen=True)
class Group:
    """Tables with the same columns, read by the same recipe. ``chosen`` is a position in
    ``candidates``; ``edited`` replaces it where the user changed the assignment."""

    tables: tuple[RawTable, ...]
    candidates: tuple[Candidate, ...]
    chosen: int = 0
    edited: Recipe | None = None
    skipped: bool = False

    @property
    def recipe(self) -> Recipe:
        return self.edited or self.candidates[self.chosen].recipe

    @property
    def title(self) -> str:
        first = self.tables[0]
        name = first.source.name if not first.name else f"{first.source.name} · {first.name}"
        more = len(self.tables) - 1
        return _("{name} and {count} more").format(name=name, count=more) if more else name


@dataclass(frozen=True)
class Reading:
    """What reading the files brought."""

    paths: tuple[Path, ...]
    groups: tuple[Group, ...] = ()
    issues: tuple[Issue, ...] = ()
    partial: frozenset[str] = field(default=frozenset())  # names of files read in part
    owners: Mapping[int, Path] = field(default_factory=dict)  # id of a table -> its file

    @property
    def tables(self) -> tuple[RawTable, ...]:
        return tuple(t for g in self.groups for t in g.tables)

    def with_group(self, at: int, group: Group) -> Reading:
        groups = (*self.groups[:at], group, *self.groups[at + 1 :])
        return replace(self, groups=groups)

    @property
    def used_paths(self) -> tuple[Path, ...]:
        """Files of the groups that are not left out, in the order they were chosen."""
        used = {self.owners[id(t)] for g in self.groups if not g.skipped for t in g.tables}
        return tuple(p for p in self.paths if p in used)

    @property
    def recipes(self) -> tuple[Recipe, ...]:
        """The recipes of all groups that are not left out, each once."""
        found = {g.recipe.id: g.recipe for g in self.groups if not g.skipped}
        return tuple(found.values())


def read_files(session: Session, paths: Sequence[Path], progress: Progress) -> Reading:
    """*Slow.* Read all files and find recipes for them. Files that cannot be read are
    findings."""
    tables: list[RawTable] = []
    owners: dict[int, Path] = {}
    issues: list[Issue] = []
    partial: set[str] = set()
    for i, path in enumerate(paths):
        part = progress.part(i / len(paths) * 0.9, (i + 1) / len(paths) * 0.9)
        part.step(0.0, _("Reading {file}").format(file=path.name))
        try:
            if path.is_file() and path.stat().st_size > LARGE and path.suffix.lower() == ".csv":
                head = next(iter(iter_chunks(path, HEAD_ROWS)), None)
                tables += [] if head is None else [head]
                partial.add(path.name)
            else:
                tables += read_tables(path, part)
            owners |= {id(t): path for t in tables if id(t) not in owners}
        except UserError as error:
            issues += error.issues
    progress.step(0.9, _("Looking for recipes"))
    issues += recipe_issues(session)
    groups = _group(session, tables, issues)
    return Reading(tuple(paths), groups, tuple(issues), frozenset(partial), owners)


def _group(session: Session, tables: Sequence[RawTable], issues: list[Issue]) -> tuple[Group, ...]:
    """Tables that the same recipe fits best, or that are parts of one delivery, go together."""
    fitting: dict[int, tuple[Candidate, ...]] = {}
    by_key: dict[tuple[str, ...], list[int]] = {}
    for i, table in enumerate(tables):
        issues += table.issues
        ranked = fitting_recipes(session, (table,))
        fitting[i] = tuple(Candidate(recipe, score) for recipe, score in ranked)
        good = ranked and ranked[0][1] >= GOOD_MATCH
        key = ("recipe", ranked[0][0].id) if good else ("alike", *alike(table))
        by_key.setdefault(key, []).append(i)
    proposals = _propose(session, tables, by_key, fitting, issues)
    groups = []
    for key, members in by_key.items():
        own = tuple(tables[i] for i in members)
        candidates = fitting[members[0]]
        guessed = proposals.get(members[0])
        proposal = () if guessed is None else (Candidate(guessed, 0.0),)
        good = key[0] == "recipe"
        offered = (*candidates, *proposal) if good else (*proposal, *candidates)
        if offered:
            groups.append(Group(own, offered))
    return tuple(groups)


def _propose(
    session: Session,
    tables: Sequence[RawTable],
    by_key: Mapping[tuple[str, ...], Sequence[int]],
    fitting: Mapping[int, tuple[Candidate, ...]],
    issues: list[Issue],
) -> dict[int, Recipe]:
    """A proposal for the first table of each group. Tables without a recipe are made out
    together, with the areas that the others bring; where a recipe fits, one stands beside it."""
    context = session.context() if session.has_project else ImportContext()
    known = {
        i: fitting[m[0]][0].recipe for key, m in by_key.items() if key[0] == "recipe" for i in m
    }
    for i, recipe in known.items():
        context = with_areas_of(context, recipe, (tables[i],))
    found: dict[int, Recipe] = {}
    taken: set[str] = {c.recipe.id for own in fitting.values() for c in own}
    groups = [[i for i in range(len(tables)) if i not in known]]
    groups += [list(m) for key, m in by_key.items() if key[0] == "recipe"]
    places = {id(table): i for i, table in enumerate(tables)}
    for members in groups:
        try:
            for recipe, own in propose_all([tables[i] for i in members], context, taken):
                taken.add(recipe.id)
                found[places[id(own[0])]] = recipe
        except UserError as error:
            issues += error.issues
    return found
