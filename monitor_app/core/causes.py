"""Why the operating system refused a file, in the user's language."""

from __future__ import annotations

import errno

from monitor_app.core.i18n import _


def cause(error: OSError) -> str:
    """The reason as part of a sentence. The system's own words are English on most computers;
    only unknown reasons are left in them."""
    known = {
        errno.ENOENT: _("the folder or file does not exist"),
        errno.ENOTDIR: _("the folder or file does not exist"),
        errno.EACCES: _("access is denied"),
        errno.EPERM: _("access is denied"),
        errno.EROFS: _("the disk is read-only"),
        errno.ENOSPC: _("the disk is full"),
        errno.EDQUOT: _("the disk is full"),
        errno.EISDIR: _("it is a folder"),
        errno.EBUSY: _("another program uses it"),
        errno.EIO: _("the disk reports an error"),
        errno.ENAMETOOLONG: _("its name is too long"),
        errno.EEXIST: _("it exists already"),
    }
    return known.get(error.errno or 0) or error.strerror or type(error).__name__
