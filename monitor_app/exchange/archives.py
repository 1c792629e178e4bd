"""Zip containers: looked through before anything is unpacked or parsed.

Office files and zipped shapefiles may come from anywhere. Sizes, paths and document type
declarations are checked first; a file that would unfold to absurd sizes is refused.
"""

from __future__ import annotations

import errno
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from monitor_app.core.i18n import _
from monitor_app.core.issues import UserError, fail
from monitor_app.core.progress import Progress
from monitor_app.exchange.source import damaged, too_large, unreadable

_BLOCK = 1 << 20
ENTRIES = 10_000
#: Unpacked bytes of all parts, and how many times larger than packed they may be.
TOTAL = 4 << 30
RATIO = 200
#: Below this size the ratio does not matter.
HARMLESS = 64 << 20

_ROOT = re.compile(rb"<[A-Za-z_]")
_DECLARATION = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)


@contextmanager
def open_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """The archive, checked: entries, sizes, names, encryption."""
    try:
        with zipfile.ZipFile(path) as archive:
            _check(path, archive)
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, UnicodeError) as error:
        raise damaged(path) from error
    except OSError as error:
        if error.errno in (None, errno.EINVAL):  # a seek to nowhere: the directory is broken
            raise damaged(path) from error
        raise unreadable(path, error) from error


def _check(path: Path, archive: zipfile.ZipFile) -> None:
    infos = archive.infolist()
    total = sum(i.file_size for i in infos)
    packed = sum(i.compress_size for i in infos)
    if (
        len(infos) > ENTRIES
        or total > TOTAL
        or (total > HARMLESS and total > RATIO * max(packed, 1))
    ):
        raise too_large(path)
    for info in infos:
        name = info.filename.replace("\\", "/")
        parts = PurePosixPath(name).parts
        if name.startswith("/") or ".." in parts or (parts and parts[0].endswith(":")):
            raise fail(
                "zip-path",
                _("“{name}” contains a file that points out of the archive; it was not opened.")
                .format(name=path.name), file=path.name,
                repair=_("Check where the file comes from."),
            )  # fmt: skip
        if info.flag_bits & 0x1:
            raise protected(path)


def protected(path: Path) -> UserError:
    """The ``UserError`` for a file that is locked with a password."""
    return fail(
        "file-protected", _("“{name}” is protected with a password.").format(name=path.name),
        file=path.name,
        repair=_("Open it in its own program, save it without a password and import that file."),
    )  # fmt: skip


def part_blocks(path: Path, archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """The unpacked bytes of one part; stops with ``UserError`` beyond the declared size."""
    info = archive.getinfo(name)
    seen = 0
    with archive.open(info) as stream:
        while block := stream.read(_BLOCK):
            seen += len(block)
            if seen > info.file_size:  # the directory lied
                raise too_large(path, name)
            yield block


def unpack(path: Path, archive: zipfile.ZipFile, names: list[str], folder: Path) -> None:
    """Write parts into ``folder`` under their base names (paths inside the archive are ignored)."""
    for name in names:
        target = folder / PurePosixPath(name.replace("\\", "/")).name
        with target.open("wb") as stream:
            for block in part_blocks(path, archive, name):
                stream.write(block)


def check_xml(path: Path, archive: zipfile.ZipFile, progress: Progress) -> None:
    """Refuse XML parts with a document type (entity bombs, outside files): office files have none.

    Only what stands before the root element can declare one, so only that is read.
    """
    for info in archive.infolist():
        if not info.filename.lower().endswith((".xml", ".rels", ".vml")):
            continue
        seen = b""
        for block in part_blocks(path, archive, info.filename):
            progress.step()
            seen += block.replace(b"\0", b"")  # UTF-16 looks like ASCII then
            if _DECLARATION.search(seen):
                raise fail(
                    "xml-entities",
                    _("“{name}” contains XML declarations that office files never have; it was not"
                      " opened.").format(name=path.name), file=path.name,
                    repair=_("Check where the file comes from."),
                )  # fmt: skip
            if _ROOT.search(seen) or len(seen) > HARMLESS:
                break
