"""The file that is read: opening, hashing, provenance, and options of a reading."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, cast

from monitor_app.core.causes import cause
from monitor_app.core.datasets import SourceFile
from monitor_app.core.i18n import _
from monitor_app.core.issues import UserError, fail
from monitor_app.core.progress import Progress

_BLOCK = 1 << 20
_GZIP = b"\x1f\x8b"

#: A compressed file may unfold to this many bytes.
UNPACKED_LIMIT = 8 << 30


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the user states instead of leaving it to detection; None = detect."""

    encoding: str | None = None
    separator: str | None = None
    quote: str | None = None
    header_row: int | None = None  # 1-based line of the (last) header line; 0 = no header
    crs: str | None = None  # for layers whose file does not name one
    sheet: str | None = None  # read this sheet or layer only


DETECT = ReadOptions()


def check_file(path: Path) -> None:
    """Raise ``UserError`` unless ``path`` is a readable, non-empty file."""
    name = path.name or str(path)
    try:
        if path.is_dir():
            raise fail(
                "is-folder", _("“{name}” is a folder, not a file.").format(name=name), file=name,
                repair=_("Choose the files inside the folder."),
            )  # fmt: skip
        size = path.stat().st_size
    except OSError as error:
        raise unreadable(path, error) from error
    if size == 0:
        raise fail(
            "file-empty", _("“{name}” is empty.").format(name=name), file=name,
            repair=_("Ask for the delivery again or export it anew."),
        )  # fmt: skip


def unreadable(path: Path, error: OSError) -> UserError:
    """The ``UserError`` for a file that cannot be opened or read."""
    name = path.name or str(path)
    if isinstance(error, FileNotFoundError):
        return fail(
            "file-missing", _("“{name}” is no longer there.").format(name=name), file=name,
            repair=_("Check whether the file was moved or the drive is disconnected."),
        )  # fmt: skip
    if isinstance(error, PermissionError):
        return fail(
            "file-forbidden", _("“{name}” may not be read.").format(name=name), file=name,
            repair=_("Close the program that has the file open, or ask for read permission."),
        )  # fmt: skip
    return fail(
        "file-unreadable",
        _("“{name}” cannot be read: {reason}.").format(name=name, reason=cause(error)),
        file=name, repair=_("Copy the file to a local folder and try again."),
    )  # fmt: skip


def damaged(path: Path) -> UserError:
    """The ``UserError`` for a file that ends too early or is broken inside."""
    return fail(
        "file-damaged",
        _("“{name}” is damaged or incomplete.").format(name=path.name), file=path.name,
        repair=_("Copy or download the file again, or export it anew."),
    )  # fmt: skip


def too_large(path: Path, part: str = "") -> UserError:
    """The ``UserError`` for a compressed file that unfolds beyond the limits."""
    return fail(
        "file-bomb",
        _("“{name}” unfolds to far more data than a delivery can have; it was not opened.")
        .format(name=path.name), file=path.name, sheet=part or None,
        repair=_("Check where the file comes from."),
    )  # fmt: skip


def is_gzip(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(2) == _GZIP


def head(path: Path, size: int = 1 << 16) -> bytes:
    """The first bytes, unpacked where the file is gzip."""
    try:
        with open_bytes(path) as stream:
            return stream.read(size)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise damaged(path) from error
    except OSError as error:
        raise unreadable(path, error) from error


def open_bytes(path: Path) -> IO[bytes]:
    """The bytes of the file, unpacked where it is gzip."""
    if is_gzip(path):
        return cast(IO[bytes], gzip.open(path, "rb"))
    return path.open("rb")


def blocks(path: Path) -> Iterator[bytes]:
    """All bytes in blocks, unpacked where the file is gzip; ``UserError`` on trouble."""
    total = 0
    try:
        with open_bytes(path) as stream:
            while block := stream.read(_BLOCK):
                total += len(block)
                if total > UNPACKED_LIMIT:
                    raise too_large(path)
                yield block
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise damaged(path) from error
    except OSError as error:
        raise unreadable(path, error) from error


def describe(
    path: Path, progress: Progress | None = None, also: tuple[Path, ...] = ()
) -> SourceFile:
    """Name, SHA-256, size and date of the file as it lies on disk.

    ``also`` are further files of the same delivery (the parts of a shapefile); they enter hash
    and size after the main file, in order of their suffix.
    """
    digest = hashlib.sha256()
    size = 0
    try:
        modified = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        for part in (path, *sorted(also, key=lambda p: p.suffix.lower())):
            with part.open("rb") as stream:
                while block := stream.read(_BLOCK):
                    digest.update(block)
                    size += len(block)
                    if progress is not None:
                        progress.step()
    except OSError as error:
        raise unreadable(path, error) from error
    return SourceFile(path.name, digest.hexdigest(), size, modified)


@contextmanager
def unchanged(path: Path) -> Iterator[None]:
    """Raise ``UserError`` where the file changes while it is read."""
    try:
        before = path.stat()
        yield
        after = path.stat()
    except OSError as error:
        raise unreadable(path, error) from error
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise fail(
            "file-changed", _("“{name}” was changed while it was read.").format(name=path.name),
            file=path.name, repair=_("Wait until the other program has finished and try again."),
        )  # fmt: skip
