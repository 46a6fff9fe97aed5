"""What a pull tells of one form: how far it is, and what it found."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a form is: pages and submissions read in this pull, and how many are expected."""

    form_id: str
    pages: int
    seen: int
    expected: int


@dataclass(frozen=True, slots=True)
class FormPull:
    """What a pull found of one form; the events are those of `pipeline.ledger.Added`.

    `seen` counts submissions read in full, `total` those the source has. `deleted` got a
    tombstone and count no more. `missing` are held by us and no longer shown, but nothing is
    concluded: they may be hidden from this account, or too many vanished at once (None where
    it could not be looked at). `lacking` are on the server and not here.
    """

    form_id: str
    asset: str
    new: int
    edited: int
    seen: int
    missing: int | None
    total: int
    pages: int
    versions: int
    seconds: float
    restored: int = 0
    validated: int = 0
    reset: int = 0
    attachments: int = 0
    deleted: int = 0
    lacking: int = 0
    purged: int = 0
