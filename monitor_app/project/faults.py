"""What the system refuses (disk, rights, network, SQLite), told in the user's words."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from monitor_app.core.causes import cause
from monitor_app.core.i18n import _
from monitor_app.core.issues import UserError, fail

#: Windows: access denied, sharing violation, lock violation (virus scanners, indexers, sync).
BUSY_ON_WINDOWS = (5, 32, 33)


def disk_full(path: Path) -> UserError:
    return fail(
        "disk_full",
        _("There is no space left in “{folder}”.").format(folder=path.parent),
        file=str(path),
        repair=_("Free some space or save the project in another place; nothing was lost."),
    )


def no_permission(path: Path) -> UserError:
    return fail(
        "no_permission",
        _("You may not write to “{name}”.").format(name=path.name),
        file=str(path),
        repair=_("Ask for the right to write there, open read-only, or save under another name."),
    )


def read_only_place(path: Path) -> UserError:
    return fail(
        "read_only",
        _("“{name}” is read-only.").format(name=path.name),
        file=str(path),
        repair=_("Open the project read-only, or save it under another name."),
    )


def vanished(path: Path) -> UserError:
    return fail(
        "vanished",
        _("“{name}” is not there any more.").format(name=path.name),
        file=str(path),
        repair=_("Check the drive or the network, or save the project under another name."),
    )


def absent(path: Path) -> UserError:
    return fail(
        "absent",
        _("There is no file “{name}”.").format(name=path.name),
        file=str(path),
        repair=_("Check the name and the folder, or create a new project there."),
    )


def damaged(path: Path) -> UserError:
    return fail(
        "damaged",
        _("“{name}” is damaged and cannot be read.").format(name=path.name),
        file=str(path),
        repair=_("Open one of the backups beside it (.bak1, .bak2, .bak3)."),
    )


def in_use(path: Path) -> UserError:
    return fail(
        "in_use",
        _("“{name}” is in use by another program.").format(name=path.name),
        file=str(path),
        repair=_("Close it there (for example in QGIS) and try again."),
    )


def from_os(error: OSError, path: Path) -> UserError:
    """The finding that fits an operating system error."""
    code = error.errno
    if getattr(error, "winerror", None) in BUSY_ON_WINDOWS[1:]:
        return in_use(path)
    if code in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return disk_full(path)
    if code == errno.EROFS:
        return read_only_place(path)
    if code in (errno.EACCES, errno.EPERM):
        return no_permission(path)
    if code in (errno.ENOENT, errno.ENOTDIR, errno.ESTALE, errno.EHOSTDOWN):
        return vanished(path)
    if code in (errno.EBUSY, errno.ETXTBSY):
        return in_use(path)
    if code == errno.ENAMETOOLONG:
        return fail(
            "name_too_long",
            _("The name “{name}…” is too long.").format(name=path.name[:40]),
            file=str(path),
            repair=_("Choose a shorter name."),
        )
    return fail(
        "system_error",
        _("“{name}” could not be read or written: {reason}").format(
            name=path.name, reason=cause(error)
        ),
        file=str(path),
        repair=_("Check the drive or the network and try again."),
    )


def from_sqlite(error: sqlite3.Error, path: Path) -> UserError | None:
    """The finding that fits an SQLite error; None where it is a mistake of ours."""
    name = getattr(error, "sqlite_errorname", "") or ""
    if name.startswith("SQLITE_FULL"):
        return disk_full(path)
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return damaged(path)
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return in_use(path)
    if name.startswith(("SQLITE_CANTOPEN", "SQLITE_PERM")):
        return no_permission(path)
    if name.startswith("SQLITE_IOERR"):
        return from_os(OSError(errno.EIO, "input/output error"), path)
    return None


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn what the system refuses inside the block into a ``UserError`` about ``path``."""
    try:
        yield
    except OSError as error:
        raise from_os(error, path) from error
    except UnicodeDecodeError as error:  # names or messages from a database with broken text
        raise damaged(path) from error
    except (sqlite3.Error, sa.exc.DBAPIError) as error:
        cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
        finding = from_sqlite(cause, path) if isinstance(cause, sqlite3.Error) else None
        if finding is None:
            raise
        raise finding from error
