"""From files to an import batch: read, map, check. Nothing is stored here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from monitor_app.core.areas import Level
from monitor_app.core.backdrops import DOCUMENT, Backdrop
from monitor_app.core.batch import (
    AreaTable,
    Comparison,
    FactTable,
    ImportBatch,
    ImportContext,
    PointTable,
)
from monitor_app.core.bridges import Bridge
from monitor_app.core.datasets import SourceFile
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity, UserError
from monitor_app.core.planned import DOCUMENT as PLANNED
from monitor_app.core.progress import Progress
from monitor_app.exchange import area_conflicts, boundaries
from monitor_app.exchange.areas import layer_crs, map_areas
from monitor_app.exchange.backdrops import map_backdrop
from monitor_app.exchange.bridges import map_bridges
from monitor_app.exchange.code_prefixes import without_prefixes
from monitor_app.exchange.facilities import map_facilities
from monitor_app.exchange.mapping import KnownAreas, MappedFact, Span, map_fact
from monitor_app.exchange.persons import map_persons
from monitor_app.exchange.projects import map_projects
from monitor_app.exchange.proposals import propose_all, with_areas_of
from monitor_app.exchange.readers import iter_chunks, read_tables, sniff
from monitor_app.exchange.recipe import dump_recipe, match_recipes, match_score, shipped_recipes
from monitor_app.exchange.recipe_model import (
    AreasContent,
    BackdropContent,
    BridgeContent,
    FacilitiesContent,
    FactContent,
    PersonsContent,
    ProjectsContent,
    Recipe,
)
from monitor_app.exchange.table import RawTable

#: A shipped recipe is taken without asking from this score on (name or header agree fully).
GOOD_MATCH = 0.5
#: So many rows are looked at to tell a person-level file.
HEAD_ROWS = 1000
#: Smaller files are simply read.
LARGE_FILE = 20_000_000


@dataclass
class _Work:
    """What one import has gathered so far."""

    context: ImportContext
    crs: str | None = None
    areas: dict[str, AreaTable] = field(default_factory=dict)
    facts: list[FactTable] = field(default_factory=list)
    points: list[PointTable] = field(default_factory=list)
    bridges: list[Bridge] = field(default_factory=list)
    backdrops: list[Backdrop] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    comparisons: list[Comparison] = field(default_factory=list)
    sources: tuple[SourceFile, ...] = ()
    documents: dict[tuple[str, str], str] = field(default_factory=dict)

    def known(self) -> KnownAreas:
        have = self.context.areas
        keys = {level.key: have.keys(level.key) for level in have.levels}
        spans: dict[str, dict[str, tuple[Span, ...]]] = {}
        for area in have.areas:
            if area.valid_from is not None or area.valid_to is not None:
                own = spans.setdefault(area.level, {})
                own[area.key] = (*own.get(area.key, ()), (area.valid_from, area.valid_to))
        for level, table in self.areas.items():
            fresh = tuple(dict.fromkeys(table.keys))
            located = any(g is not None for g in table.geometries)
            before = () if located else keys.get(level, ())
            keys[level] = (*before, *(k for k in fresh if k not in set(before)))
            if located:
                spans[level] = {}
            for key, start, end in zip(table.keys, table.valid_from, table.valid_to, strict=True):
                if start is not None or end is not None:
                    own = spans.setdefault(level, {})
                    own[key] = (*own.get(key, ()), (start, end))
        return KnownAreas(keys, spans, self._unlocated(), self._names())

    def _names(self) -> dict[str, str]:
        found = {level.key: level.name for level in self.context.areas.levels}
        return found | {key: table.level.name for key, table in self.areas.items()}

    def _unlocated(self) -> dict[str, frozenset[str]]:
        """Keys without boundary in levels that have boundaries."""
        located: dict[str, set[str]] = {}
        lost: dict[str, set[str]] = {}
        for area in self.context.areas.areas:
            (located if area.located else lost).setdefault(area.level, set()).add(area.key)
        for level, table in self.areas.items():
            for key, shape in zip(table.keys, table.geometries, strict=True):
                (lost if shape is None else located).setdefault(level, set()).add(key)
        return {k: frozenset(v - located[k]) for k, v in lost.items() if located.get(k)}


@dataclass(frozen=True)
class _Job:
    """One recipe and what it is applied to. ``paths`` only for person-level files, which are read
    in chunks."""

    recipe: Recipe
    tables: tuple[RawTable, ...]
    paths: tuple[Path, ...]


def prepare_import(
    paths: Sequence[str | Path] | str | Path,
    recipe: Recipe | Sequence[Recipe] | None,
    context: ImportContext | None = None,
    progress: Progress | None = None,
    candidates: Sequence[Recipe] | None = None,
) -> ImportBatch:
    """Read the files and map them by ``recipe``; without one each file gets the candidate (the
    shipped recipes unless told) that fits it best, or a proposal.

    Several recipes are applied in turn; areas always come before numbers. The result has every
    finding in ``issues``; a batch with errors is ``blocked``. Files that cannot be read at all
    are findings too. No side effects.
    """
    steps = progress or Progress()
    files = [Path(paths)] if isinstance(paths, (str, Path)) else [Path(p) for p in paths]
    work = _Work(context or ImportContext())
    known = shipped_recipes() if candidates is None else tuple(candidates)
    jobs = _plan(files, recipe, known, work, steps.part(0.0, 0.4))
    work.crs = boundaries.choose_crs(work.context.areas.crs, list(_layers(jobs)))
    for job in jobs:
        _map_areas(job, work)
    for table in work.areas.values():
        work.issues.extend(area_conflicts.left_out(table, work.context, _only_name(files)))
    for i, job in enumerate(jobs):
        _map_rest(job, work, steps.part(0.4 + 0.6 * i / len(jobs), 0.4 + 0.6 * (i + 1) / len(jobs)))
    steps.step(1.0, _("Checked"))
    return ImportBatch(
        label=_label(jobs, files),
        sources=tuple(dict.fromkeys(work.sources)),
        recipes={job.recipe.id: dump_recipe(job.recipe) for job in jobs},
        areas=tuple(work.areas.values()),
        facts=tuple(work.facts),
        points=tuple(work.points),
        issues=_sorted(work.issues),
        comparisons=tuple(work.comparisons),
        bridges=tuple(work.bridges),
        documents=work.documents
        | {(DOCUMENT, layer.key): layer.dump() for layer in work.backdrops},
    )


def _only_name(files: Sequence[Path]) -> str | None:
    return files[0].name if len(files) == 1 else None


def _label(jobs: Sequence[_Job], files: Sequence[Path]) -> str:
    names = list(dict.fromkeys(str(job.recipe.name) for job in jobs))
    what = names[0] if names else files[0].name if files else ""
    if len(names) > 1:
        what = _("{first} and {count} more").format(first=names[0], count=len(names) - 1)
    return _("Import: {what}").format(what=what)


def _sorted(issues: Iterable[Issue]) -> tuple[Issue, ...]:
    """Errors first, then warnings; equal findings of several contents of one file only once."""
    rank = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
    return tuple(sorted(dict.fromkeys(issues), key=lambda i: rank[i.severity]))


def _plan(
    files: Sequence[Path],
    recipe: Recipe | Sequence[Recipe] | None,
    candidates: tuple[Recipe, ...],
    work: _Work,
    progress: Progress,
) -> list[_Job]:
    """Which recipe reads which tables."""
    given = None if recipe is None else [recipe] if isinstance(recipe, Recipe) else list(recipe)
    if given and all(_is_persons(r) for r in given):
        return [_Job(r, (), tuple(files)) for r in given]
    chosen: dict[str, tuple[Recipe, list[RawTable]]] = {}
    counted: dict[str, tuple[Recipe, list[Path]]] = {}
    unknown: list[RawTable] = []
    for i, path in enumerate(files):
        part = progress.part(i / len(files), (i + 1) / len(files))
        part.step(0.0, _("Reading {file}").format(file=path.name))
        try:
            persons = _persons_recipe(path, candidates if given is None else given)
            if persons is not None:
                counted.setdefault(persons.id, (persons, []))[1].append(path)
                continue
            tables = read_tables(path, part)
        except UserError as error:
            work.issues.extend(error.issues)
            continue
        for table in tables:
            work.issues.extend(table.issues)
            work.sources += (replace(table.source, sheet=None),)
        fitting, left = _recipes_for(tables, given, candidates, work)
        unknown += left
        for own, table in fitting:
            if _is_persons(own):
                counted.setdefault(own.id, (own, []))[1].append(path)
            else:
                chosen.setdefault(own.id, (own, []))[1].append(table)
    jobs = [_Job(r, tuple(t), ()) for r, t in chosen.values()]
    jobs += _proposals(unknown, [*jobs], candidates, work)
    return jobs + [_Job(r, (), tuple(own)) for r, own in counted.values()]


def _proposals(
    tables: Sequence[RawTable], jobs: Sequence[_Job], known: Sequence[Recipe], work: _Work
) -> list[_Job]:
    """Recipes for tables that none fits; they see the areas that other files bring."""
    if not tables:
        return []
    context = work.context
    for job in jobs:
        context = with_areas_of(context, job.recipe, job.tables)
    found = []
    for recipe, own in propose_all(tables, context, {r.id for r in known}):
        work.issues.append(_proposed(recipe, own[0]))
        found.append(_Job(recipe, own, ()))
    return found


def _persons_recipe(path: Path, given: Sequence[Recipe]) -> Recipe | None:
    """The recipe for a large file with one row per person, found from its first rows: such a file
    is never read as a whole."""
    if path.is_file() and path.stat().st_size < LARGE_FILE:
        return None
    candidates = [r for r in given if _is_persons(r)]
    if not candidates or sniff(path) != "csv":
        return None
    head = next(iter(iter_chunks(path, HEAD_ROWS)), None)
    ranked = match_recipes((head,), tuple(candidates)) if head is not None else ()
    return ranked[0][0] if ranked and ranked[0][1] >= GOOD_MATCH else None


def _is_persons(recipe: Recipe) -> bool:
    return all(isinstance(c, PersonsContent) for c in recipe.contents)


def _recipes_for(
    tables: tuple[RawTable, ...],
    given: list[Recipe] | None,
    candidates: tuple[Recipe, ...],
    work: _Work,
) -> tuple[list[tuple[Recipe, RawTable]], list[RawTable]]:
    """The recipe of each table, and the tables of a file of which no table has one."""
    if given is not None and len(given) == 1:
        fitting = [t for t in tables if match_score(given[0], t) > 0] or list(tables)
        return [(given[0], t) for t in fitting], []
    if given is not None:
        # Several recipes for several files: each table is read by the one that fits it best.
        best = [(match_recipes((t,), tuple(given)), t) for t in tables]
        found = [(ranked[0][0], t) for ranked, t in best if ranked]
        if not found and tables:
            work.issues.append(_no_recipe(tables[0], given))
        return found, []
    found = []
    left: list[RawTable] = []
    for table in tables:
        ranked = match_recipes((table,), candidates)
        if ranked and ranked[0][1] >= GOOD_MATCH:
            found.append((ranked[0][0], table))
        else:
            left.append(table)
    return found, [] if found else left


def _no_recipe(table: RawTable, given: list[Recipe]) -> Issue:
    return Issue(
        "no-recipe-fits",
        Severity.ERROR,
        _("None of the given recipes fits this file."),
        file=table.source.name,
        sheet=table.name or None,
        repair=_("Given: {recipes}. Name the recipe for this file, or leave the file out.").format(
            recipes=", ".join(r.id for r in given)
        ),
    )


def _proposed(recipe: Recipe, table: RawTable) -> Issue:
    return Issue(
        "recipe-proposed",
        Severity.WARNING,
        _("No recipe fits this file; the program proposes one."),
        file=table.source.name,
        value="; ".join(recipe.proposed) or None,
        repair=_(
            "Compare the totals. To correct the proposal use the steps of the window, or write it"
            " with --write-recipes FOLDER, edit the file and import with --recipe FILE."
        ),
    )


def _layers(jobs: Sequence[_Job]) -> Iterable[tuple[str, boundaries.Geometries]]:
    for job in jobs:
        for content in job.recipe.contents:
            if not isinstance(content, AreasContent):
                continue
            for table in job.tables:
                crs = layer_crs(content, table)
                if table.geometries is not None and crs and boundaries.parse_crs(crs):
                    yield crs, np.array(table.geometries, dtype=object)


def _map_areas(job: _Job, work: _Work) -> None:
    contents = [c for c in job.recipe.contents if isinstance(c, AreasContent)]
    for content in sorted(contents, key=lambda c: c.level.rank):
        bare = tuple(without_prefixes(t, job.recipe.prefixes) for t in job.tables)
        mapped = map_areas(content, bare, work.crs, work.context, work.areas)
        work.issues.extend(mapped.issues)
        if mapped.table is not None:
            before = work.areas.get(content.level.key)
            file = job.tables[0].source.name if job.tables else None
            if before is not None:
                work.issues.extend(area_conflicts.given_twice(before, mapped.table, file))
            work.areas[content.level.key] = _join_levels(before, mapped.table)


def _join_levels(before: AreaTable | None, after: AreaTable) -> AreaTable:
    """Two recipes of one import may name areas of one level: the later one adds to the earlier
    areas, and to an area what the earlier did not know of it: boundary, name, larger areas."""
    if before is None:
        return after
    place = {pair: i for i, pair in enumerate(zip(before.keys, before.valid_from, strict=True))}
    names, geometries = list(before.names), list(before.geometries)
    parents = list(before.parents)
    fresh = []
    for i, pair in enumerate(zip(after.keys, after.valid_from, strict=True)):
        at = place.get(pair)
        if at is None:
            fresh.append(i)
            continue
        if geometries[at] is None:
            geometries[at] = after.geometries[i]
        if names[at] == before.keys[at]:
            names[at] = after.names[i]
        parents[at] = {**after.parents[i], **parents[at]}
    level = before.level if before.level.parents else replace(
        before.level, parents=after.level.parents)  # fmt: skip
    return replace(
        before,
        level=level,
        keys=(*before.keys, *(after.keys[i] for i in fresh)),
        names=(*names, *(after.names[i] for i in fresh)),
        geometries=(*geometries, *(after.geometries[i] for i in fresh)),
        crs=before.crs or after.crs,
        parents=(*parents, *(after.parents[i] for i in fresh)),
        valid_from=(*before.valid_from, *(after.valid_from[i] for i in fresh)),
        valid_to=(*before.valid_to, *(after.valid_to[i] for i in fresh)),
    )


def _map_rest(job: _Job, work: _Work, progress: Progress) -> None:
    contents = [c for c in job.recipe.contents if not isinstance(c, AreasContent)]
    for i, content in enumerate(contents):
        part = progress.part(i / len(contents), (i + 1) / len(contents))
        part.step(0.0, str(content.name))
        if isinstance(content, FactContent):
            mapped = map_fact(job.recipe, content, job.tables, work.known(), work.context, part)
            _take(content, mapped, work)
        elif isinstance(content, PersonsContent):
            counted, used = map_persons(job.recipe, content, job.paths, work.known(), part)
            work.sources += used
            _take(content, counted, work)
        elif isinstance(content, FacilitiesContent):
            found = map_facilities(job.recipe, content, job.tables, work.crs)
            work.issues.extend(found.issues)
            if found.table is not None:
                work.points.append(found.table)
        elif isinstance(content, BridgeContent):
            bridges, issues = map_bridges(job.recipe, content, job.tables, work.known())
            work.issues.extend(issues)
            work.bridges.extend(bridges)
        elif isinstance(content, ProjectsContent):
            planned, issues = map_projects(job.recipe, content, job.tables, work.known())
            work.issues.extend(issues)
            if planned is not None:
                work.documents[PLANNED, content.dataset] = planned.dump()
        elif isinstance(content, BackdropContent):
            layer, issues = map_backdrop(job.recipe, content, job.tables, work.crs)
            work.issues.extend(issues)
            if layer is not None:
                work.backdrops.append(layer)


def _take(content: FactContent | PersonsContent, mapped: MappedFact, work: _Work) -> None:
    work.issues.extend(mapped.issues)
    work.comparisons.extend(mapped.comparisons)
    if mapped.table is not None:
        work.facts.append(mapped.table)
    if mapped.unknown and content.unknown_areas == "keep":
        _keep_unknown(content.level, mapped.unknown, work)


def _keep_unknown(level: str, unknown: dict[str, dict[str, str]], work: _Work) -> None:
    """Areas that cannot be located join their level, so that they count in totals."""
    fresh = {k: p for k, p in unknown.items() if level not in work.areas
             or k not in work.areas[level].keys}  # fmt: skip
    if not fresh:
        return
    names = tuple(_("not located ({key})").format(key=key) for key in fresh)
    none = (None,) * len(fresh)
    table = work.areas.get(level)
    if table is None:
        found = [lv for lv in work.context.areas.levels if lv.key == level]
        base = found[0] if found else Level(level, level, 50, None)
        parents = dict.fromkeys([*base.parents, *(p for own in fresh.values() for p in own)])
        table = AreaTable(replace(base, parents=tuple(parents)), (), (), (), None, (), (), ())
    count = len(table.keys)
    work.areas[level] = replace(
        table,
        keys=(*table.keys, *fresh),
        names=(*table.names, *names),
        geometries=(*table.geometries, *none),
        parents=(*(table.parents or ({},) * count), *fresh.values()),
        valid_from=(*(table.valid_from or (None,) * count), *none),
        valid_to=(*(table.valid_to or (None,) * count), *none),
    )
