"""Profiles as files: one page, a page each in a folder, or one PDF of many pages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from monitor_app.app.areaprofile import Profiles
from monitor_app.core.i18n import _
from monitor_app.core.issues import fail
from monitor_app.core.progress import Progress
from monitor_app.reports.page import SheetLayout
from monitor_app.reports.profilesheet import file_stem, write_profile, write_profiles

FORMATS = ("pdf", "svg", "png")


def write_sheets(
    profiles: Profiles,
    keys: Sequence[str],
    path: Path,
    layout: SheetLayout | None = None,
    *,
    form: str = "pdf",
    progress: Progress | None = None,
) -> tuple[Path, ...]:
    """*Slow.* The profiles of some areas (none named: of all areas of the level). ``path`` with an
    ending is one file — for several areas a PDF of many pages —, without one a folder with a file
    per area in the format ``form``. Returns what was written."""
    if form not in FORMATS:
        raise fail(
            "format",
            _("Unknown format: {name}").format(name=form),
            repair=", ".join(FORMATS),
        )
    steps = progress or Progress()
    chosen = tuple(keys) or profiles.keys
    if path.suffix and not path.is_dir():
        if len(chosen) == 1:
            return (write_profile(profiles.profile(chosen[0]), path, layout),)
        if path.suffix.lower() != ".pdf":
            raise fail(
                "profile.one_file",
                _("Only a PDF holds several pages."),
                file=path.name,
                repair=_("Name a file that ends with .pdf, or a folder."),
            )
        made = []
        for i, key in enumerate(chosen):
            steps.step(0.3 * i / len(chosen))
            made.append(profiles.profile(key))
        return (write_profiles(made, path, layout, steps.part(0.3, 1.0)),)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise fail(
            "profile.folder",
            _("The folder {path} cannot be made.").format(path=path),
            repair=_("Choose another folder."),
        ) from error
    written = []
    for i, key in enumerate(chosen):
        profile = profiles.profile(key)
        steps.step(i / len(chosen), profile.name)
        target = path / f"{file_stem(profile)}.{form}"
        written.append(write_profile(profile, target, layout))
    return tuple(written)
