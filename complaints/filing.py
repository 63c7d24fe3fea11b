"""Effects: what a citizen's message does to cases when its turn is committed.

An effect on an existing case carries the case as the dialog read it; if somebody moved it on
meanwhile, the commit is refused and the turn runs again. One turn has at most one effect on one
existing case.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from complaints.cases import Case, CaseKind, Protection


@dataclass(frozen=True, kw_only=True, slots=True)
class FileCase:
    """A new case, in the citizen's own words; masking and summary are made when it is written.

    `office` is the desk complained about, `source` says for whom or from what paper somebody else
    files, `told` is the key of the receipt, `attachments` are the ids of what was sent for it.
    """

    reference: str
    pin: str
    kind: CaseKind
    category: str
    description: str
    place: str
    service: str
    language: str
    channel: str
    filed_at: datetime
    promised_at: datetime
    desk: str
    protection: Protection = Protection.NAMED
    office: str = ""
    source: str = ""
    told: str = ""
    attachments: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class AddToCase:
    """The citizen has something more to say; an answer that was waited for sets work going again."""

    case: Case
    text: str
    attachments: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class WithdrawCase:
    """The citizen takes the case back."""

    case: Case
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ConfirmCase:
    """The citizen says that the matter is solved, which closes the case."""

    case: Case


@dataclass(frozen=True, kw_only=True, slots=True)
class ReopenCase:
    """The citizen says that it is not solved: back to work with priority, at `desk` by `promised_at`."""

    case: Case
    desk: str
    promised_at: datetime
    text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class IssuePin:
    """The citizen lost the PIN: from now on only this one opens the case."""

    case: Case
    pin: str
