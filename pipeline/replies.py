"""A unit's reply to its report (hak jawab) and what it plans to do, from `hak_jawab.toml`.

    [[hak_jawab]]
    unit_id = "disdukcapil"
    wave = "2026-1"
    date = 2026-12-01
    office = "Kepala Dinas"
    reply = "Kami menerima hasil ini ..."

    [[hak_jawab.plan]]
    action = "Papan biaya dan waktu di setiap loket"
    measure = "transparansi"
    office = "Bidang Pelayanan"
    by = 2027-03-31

The office speaks, not a person: there is no place for a name, and long numbers are refused. The
text is printed as it stands, escaped.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from pipeline.errors import StudyError
from pipeline.settings import refuse_unknown, section
from pipeline.study import Study
from pipeline.tables import read_toml

FILE = "hak_jawab.toml"
LONGEST = 3000
"""Characters of a reply: what a page holds beside the results."""
MOST_ACTIONS = 10
_PERSONAL = re.compile(r"(?:\d[ -]?){10,}|0\d{2,3}\.\d{3,4}\.\d{3,4}|[^\s@]+@[^\s@]+\.[a-zA-Z]+")
"""Ten digits in a row as in a telephone number or a NIK (sums of money have points), or an address
of e-mail."""


@dataclass(frozen=True)
class Action:
    """What a unit plans: by which office, until when, and the indicator it should move."""

    action: str
    office: str = ""
    by: date | None = None
    measure: str = ""


@dataclass(frozen=True)
class Reply:
    """What a unit's office replied to the report of a wave, and on which day."""

    unit_id: str
    date: date
    office: str
    reply: str
    wave: str = ""
    plan: tuple[Action, ...] = ()


def read_replies(study: Study, indicators: Collection[str]) -> tuple[Reply, ...]:
    """The replies of the study's units in the order of the file; none without the file.

    `indicators` are those that a plan may name.

    Raises
    ------
    StudyError
        Naming the reply: a unit, wave or indicator that the study does not have, two replies of a
        unit to one wave, a text that is empty or too long, a long number or an address.
    """
    path = study.file(FILE)
    if not path.exists():
        return ()
    raw = read_toml(path)
    refuse_unknown(raw, {"hak_jawab"}, str(path), "section")
    rows = raw.get("hak_jawab", [])
    if not isinstance(rows, list):
        raise StudyError(f"{path}: write [[hak_jawab]] with double brackets, once for each reply.")
    found: list[Reply] = []
    for number, row in enumerate(rows, start=1):
        where = f"{path} [[hak_jawab]] {number}"
        reply = _reply(study, row, where, indicators)
        if any((r.unit_id, r.wave) == (reply.unit_id, reply.wave) for r in found):
            raise StudyError(
                f"{where}: unit {reply.unit_id} has replied to wave {reply.wave} above already. "
                "Keep the last reply, or name the wave each one speaks of."
            )
        found.append(reply)
    return tuple(found)


def _reply(study: Study, row: Any, where: str, indicators: Collection[str]) -> Reply:
    if not isinstance(row, Mapping):
        raise StudyError(f"{where}: must be a table with unit_id, date, office and reply.")
    _refuse_names(row, where)
    plans = row.get("plan", [])
    if not isinstance(plans, list):
        raise StudyError(f"{where}: write [[hak_jawab.plan]] with double brackets, once an action.")
    actions = []
    for number, plan in enumerate(plans, start=1):
        at = f"{where} plan {number}"
        if isinstance(plan, Mapping):
            _refuse_names(plan, at)
        action = section(Action, plan, at)
        _text(action.action, f"{at} action")
        if action.measure and action.measure not in indicators:
            raise StudyError(
                f"{at}: measure {action.measure!r} is no indicator of the questionnaire "
                f"({', '.join(sorted(indicators))}). Correct it, or leave it out."
            )
        actions.append(action)
    reply = section(Reply, {k: v for k, v in row.items() if k != "plan"}, where)
    if study.unit(reply.unit_id) is None:
        raise StudyError(
            f"{where}: unit_id {reply.unit_id!r} is not in units.csv. Correct the code."
        )
    wave = reply.wave or study.waves[-1].id
    if wave not in {w.id for w in study.waves}:
        raise StudyError(
            f"{where}: wave {wave!r} is none of {', '.join(w.id for w in study.waves)}. "
            "Correct it, or leave it out for the last wave."
        )
    _text(reply.reply, f"{where} reply")
    _text(reply.office, f"{where} office")
    if len(actions) > MOST_ACTIONS:
        raise StudyError(
            f"{where}: {len(actions)} actions; a page holds {MOST_ACTIONS}. Keep the main ones."
        )
    return Reply(reply.unit_id, reply.date, reply.office, reply.reply, wave, tuple(actions))


def _refuse_names(row: Mapping[str, Any], where: str) -> None:
    for key in ("name", "nama", "nip"):
        if key in row:
            raise StudyError(
                f"{where}: {key} has no place here. The office replies, not a person: name the "
                "position under office."
            )


def _text(text: str, where: str) -> None:
    if not text.strip():
        raise StudyError(f"{where} is empty. Write the text, or take the reply out.")
    if len(text) > LONGEST:
        raise StudyError(
            f"{where} has {len(text)} characters; a page holds {LONGEST}. Shorten it, and name "
            "the document that holds the rest."
        )
    # What was found is not repeated: it may be somebody's number.
    if _PERSONAL.search(text):
        raise StudyError(
            f"{where} holds a number as long as a telephone's or a NIK, or an e-mail address. The "
            "report is public: take it out."
        )
