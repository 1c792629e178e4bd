"""What the window asks and says when a project is locked, read-only, changed by others, or left
behind by a crash: plain texts and data, so that they can be tested without a window."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from monitor_app.app.session import Session
from monitor_app.core.i18n import _, ngettext
from monitor_app.core.issues import UserError
from monitor_app.project import lock as locks
from monitor_app.project import outside
from monitor_app.project.history import Revision
from monitor_app.project.outside import FileState
from monitor_app.project.processes import host_name
from monitor_app.project.recovery import Leftover


class Answer(StrEnum):
    """What the user can choose; ``mode`` of ``Session.open`` for the first and the last."""

    READ = "read"
    COPY = "copy"  # open read-only, then save as
    TAKE_OVER = "take_over"
    SAVE_AS = "save_as"
    RESTORE = "restore"
    DISCARD = "discard"
    LATER = "later"


@dataclass(frozen=True)
class Choice:
    answer: Answer
    label: str
    hint: str = ""
    dangerous: bool = False  # ask once more


@dataclass(frozen=True)
class Question:
    """A dialog: the first choice is the default one. ``details`` are lines to unfold."""

    title: str
    text: str
    choices: tuple[Choice, ...]
    details: tuple[str, ...] = ()


def _moment(time: datetime) -> str:
    return time.astimezone().strftime("%d.%m.%Y %H:%M")


def locked(path: Path) -> Question | None:
    """What to ask where opening was refused as ``locked``; None where nobody has it open now."""
    owner = locks.owner(path)
    if owner is None:
        return None
    here = owner.host == host_name()
    text = (
        _("“{name}” is open on this computer since {time} (user {user}).")
        if here
        else _("“{name}” is open since {time}: {user} on computer {host}.")
    ).format(name=path.name, time=_moment(owner.time), user=owner.user, host=owner.host)
    hint = _(
        "Only if nobody works there any more. The other one cannot save under this name then; "
        "nothing of that work is lost."
    )
    return Question(
        _("The project is in use"),
        text,
        (
            Choice(Answer.READ, _("Open read-only"), _("Look, print and export; no changes.")),
            Choice(Answer.COPY, _("Work on a copy …"), _("Under another name; both files go on.")),
            Choice(Answer.TAKE_OVER, _("Take over …"), hint, dangerous=True),
        ),
    )


def read_only_text(session: Session) -> str:
    """The banner of a project that is open for reading, in plain words; "" else."""
    if not session.has_project or not session.project.read_only:
        return ""
    owner = locks.owner(session.project.path)
    if owner is not None:
        return _(
            "Read-only: {user} on {host} has this project open. You can look, print and export; to "
            "change something, save it under another name."
        ).format(user=owner.user, host=owner.host)
    return _(
        "Read-only: you can look, print and export. To change something, save the project under "
        "another name."
    )


def changed_outside(session: Session) -> Question | None:
    """*Slow* where the file changed. What to ask where somebody else changed or removed the file of
    the open project; None where it is as it was. Worth a look whenever the window is activated."""
    if not session.has_project or session.project.read_only:
        return None
    project = session.project
    state = outside.file_state(project)
    if state is FileState.SAME:
        return None
    save_as = Choice(Answer.SAVE_AS, _("Save as …"), _("Both versions are kept."))
    later = Choice(Answer.LATER, _("Later"), _("Your work is kept; saving will ask again."))
    if state is not FileState.CHANGED:
        text = _(
            "“{name}” is out of reach: moved, deleted, or its drive is gone. Your work is kept."
        )
        return Question(
            _("The file is not there"), text.format(name=project.path.name), (save_as, later)
        )
    details: tuple[str, ...]
    try:
        details = tuple(_line(r) for r in outside.their_changes(project))
    except UserError as error:
        details = tuple(i.message for i in error.issues)
    text = _(
        "Somebody else changed “{name}” while it was open here. The program does not overwrite it."
    )
    return Question(
        _("The file was changed"), text.format(name=project.path.name), (save_as, later), details
    )


def recovery(leftover: Leftover) -> Question:
    """What to offer after a crash, with what would come back."""
    count = len(leftover.revisions)
    if count:
        text = ngettext(
            "“{name}” has one change of {time} that was never saved.",
            "“{name}” has {count} changes up to {time} that were never saved.",
            count,
        )
    else:
        text = _("“{name}” was not closed properly on {time}; undone steps were never saved.")
    return Question(
        _("Restore unsaved work?"),
        text.format(name=leftover.name, count=count, time=_moment(leftover.time)),
        (
            Choice(
                Answer.RESTORE, _("Restore"), _("Goes on where it ended; the file is unchanged.")
            ),
            Choice(Answer.LATER, _("Later"), _("Offered again at the next start.")),
            Choice(
                Answer.DISCARD, _("Discard …"), _("The changes are gone for good."), dangerous=True
            ),
        ),
        tuple(_line(r) for r in leftover.revisions),
    )


def _line(revision: Revision) -> str:
    files = ", ".join(source.name for source in revision.sources)
    return " · ".join(
        part for part in (_moment(revision.time), revision.label, files, revision.user) if part
    )
