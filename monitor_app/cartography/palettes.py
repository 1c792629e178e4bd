"""Colour schemes for classes, and a checker that knows colour-blind readers and grey printers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
import yaml
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from monitor_app.cartography.colour import from_lab, hex_of, rgb_of, smallest_distance, to_lab
from monitor_app.core.i18n import LANGUAGE, _
from monitor_app.core.issues import Issue, Severity, UserError
from monitor_app.core.resources import resource_path

DEFAULT_SEQUENTIAL = "ylgnbu"
DEFAULT_DIVERGING = "puor"

#: Smallest CIELAB distance (CIE 1976) between two classes of a map that readers tell apart
#: beside a legend, and the smallest step in lightness that survives a grey printer.
ENOUGH = 10.0
ENOUGH_IN_GREY = 6.0


class Palette(BaseModel):
    """A scheme as shipped or as brought by an office (YAML). ``colours``: per number of classes,
    3 to 7, from low to high values."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    name: dict[str, str]
    kind: Literal["sequential", "diverging"]
    colours_by_count: dict[int, tuple[str, ...]] = Field(alias="colours")
    order: int = 100

    @field_validator("colours_by_count")
    @classmethod
    def _complete(cls, value: dict[int, tuple[str, ...]]) -> dict[int, tuple[str, ...]]:
        if 7 not in value:
            raise ValueError("a palette needs its colours for 7 classes")
        for count, colours in value.items():
            if len(colours) != count:
                raise ValueError(f"{len(colours)} colours are given for {count} classes")
            for colour in colours:
                rgb_of(colour)
        return {count: tuple(c.lower() for c in colours) for count, colours in value.items()}

    @property
    def title(self) -> str:
        return self.name.get(LANGUAGE.code) or next(iter(self.name.values()))

    def colours(
        self, k: int, split: int | None = None, *, reverse: bool = False
    ) -> tuple[str, ...]:
        """``k`` colours ``#rrggbb`` from low to high.

        ``split`` classes lie below the midpoint of a diverging scheme: both sides then step away
        from the neutral colour in steps of the same size, so that equal strength means equal
        distance in classes. Colours that are not listed are interpolated in CIELAB.
        """
        if k <= 0:
            return ()
        if split is not None and self.kind == "diverging":
            picked = self._sides(k - split, split) if reverse else self._sides(split, k - split)
        elif k in self.colours_by_count:
            picked = self.colours_by_count[k]
        elif k < 3:
            three = self.colours_by_count.get(3) or self._between(3)
            picked = (three[1],) if k == 1 else (three[0], three[2])
        else:
            picked = self._between(k)
        return tuple(reversed(picked)) if reverse else picked

    def _between(self, k: int) -> tuple[str, ...]:
        return _interpolate(self.colours_by_count[7], np.linspace(0, 6, k))

    def _sides(self, low: int, high: int) -> tuple[str, ...]:
        most = max(low, high)
        steps = np.arange(1, most + 1) / most * 3 if most > 1 else np.array([2.0])
        places = np.concatenate([3 - steps[:low][::-1], 3 + steps[:high]])
        return _interpolate(self.colours_by_count[7], places)


def _interpolate(colours: Sequence[str], places: NDArray[np.float64]) -> tuple[str, ...]:
    lab = to_lab(np.array([rgb_of(c) for c in colours]))
    at = np.arange(len(colours))
    mixed = np.stack([np.interp(places, at, lab[:, i]) for i in range(3)], axis=1)
    exact = np.isclose(places, np.round(places))
    return tuple(
        colours[round(float(p))] if same else hex_of(rgb)
        for p, same, rgb in zip(places, exact, from_lab(mixed), strict=True)
    )


def load_palette(path: Path) -> Palette:
    """A palette from a YAML file; raises UserError with the place of what is wrong."""
    try:
        return Palette.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UserError(
            Issue(
                "palette.unreadable",
                Severity.ERROR,
                _("The colour scheme cannot be read: {reason}").format(reason=error),
                file=path.name,
            )
        ) from error
    except ValidationError as error:
        raise UserError(
            Issue(
                "palette.invalid",
                Severity.ERROR,
                _("The colour scheme is not complete: {reason}").format(reason=part["msg"]),
                file=path.name,
                column=".".join(str(p) for p in part["loc"]),
                repair=_("Give id, name, kind and the colours for 3 to 7 classes as #rrggbb."),
            )
            for part in error.errors()
        ) from error


@cache
def _shipped() -> dict[str, Palette]:
    folder = resource_path("catalogue", "palettes")
    found = [load_palette(path) for path in sorted(folder.glob("*.yaml"))]
    return {p.id: p for p in sorted(found, key=lambda p: (p.order, p.id))}


#: Palettes that an office brought, by id; they come before shipped ones of the same id.
_corporate: dict[str, Palette] = {}


def use_palettes(folder: Path) -> tuple[Issue, ...]:
    """Offer the palettes of a folder (YAML, one each) beside the shipped ones, instead of those
    of an earlier call. Files that are no palette are told and left out; warnings of the checker
    for five classes are told too. A folder that is not there holds none."""
    found: dict[str, Palette] = {}
    issues: list[Issue] = []
    for path in sorted(folder.glob("*.yaml")) if folder.is_dir() else ():
        try:
            own = load_palette(path)
        except UserError as error:
            issues.extend(error.issues)
            continue
        found[own.id] = own
        issues.extend(replace(issue, file=path.name) for issue in check_colours(own.colours(5)))
    _corporate.clear()
    _corporate.update(found)
    return tuple(issues)


def all_palettes(kind: str | None = None) -> tuple[Palette, ...]:
    """Palettes of the office, then shipped ones, sequential ones first."""
    offered = {**_corporate, **{k: v for k, v in _shipped().items() if k not in _corporate}}
    return tuple(p for p in offered.values() if kind in (None, p.kind))


def palette(palette_id: str) -> Palette:
    """The palette with this id; the default where a project names one that is not there."""
    return (
        _corporate.get(palette_id) or _shipped().get(palette_id) or _shipped()[DEFAULT_SEQUENTIAL]
    )


def check_colours(colours: Iterable[str]) -> tuple[Issue, ...]:
    """Warnings where classes would look alike: to everybody, to readers with a red-green
    weakness (deuteranopia, protanopia), or printed in grey."""
    listed = tuple(colours)
    words = {
        "normal": _("Two classes have nearly the same colour."),
        "deuteranopia": _("Readers with green blindness cannot tell two classes apart."),
        "protanopia": _("Readers with red blindness cannot tell two classes apart."),
        "grey": _("Printed in grey, two classes look alike."),
    }
    found: list[Issue] = []
    for vision, words_for_it in words.items():
        distance = smallest_distance(listed, vision)
        if distance < (ENOUGH_IN_GREY if vision == "grey" else ENOUGH):
            found.append(
                Issue(
                    f"palette.{vision}",
                    Severity.WARNING,
                    words_for_it,
                    value=f"{distance:.1f}",
                    repair=_("Choose fewer classes or another colour scheme."),
                )
            )
    return tuple(found)
