"""Contacts and sessions of a designed study, from its two decoded questionnaires and its plan.

A contact is a selected person, respondent or not. A session is the PSU: unit, day and block.
Who was asked where comes from the session plan, never from what a phone calculated.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.instrument import Instrument
from pipeline.errors import StudyError
from pipeline.study import Study
from pipeline.tables import number, read_table, unique

PLAN_COLUMNS = ("session_id", "unit_id", "date", "block")
RECORDS = ("buka", "tutup", "batal")

FULL, PARTIAL = 0.8, 0.5
"""Share of key items that makes an interview complete (1.1) or partial (1.2), as AAPOR asks."""


@dataclass(frozen=True)
class FieldRecord:
    """Contacts and sessions as docs/architecture.md defines them, and what was left out."""

    contacts: pd.DataFrame
    sessions: pd.DataFrame
    notes: tuple[str, ...]


def read_plan(study: Study) -> pd.DataFrame:
    """The session plan, one row a session, checked against the units.

    Raises
    ------
    StudyError
        Where a column is missing, a code stands twice or a unit is not in units.csv.
    """
    path = study.file("sessions.csv")
    rows = read_table(path, PLAN_COLUMNS)
    unique(rows, "session_id", path)
    units = {unit.unit_id for unit in study.units}
    for line, row in enumerate(rows, start=2):
        if row["unit_id"] not in units:
            raise StudyError(
                f"{path}, row {line}: unit_id {row['unit_id']!r} is not in units.csv, so the "
                "session belongs to no unit. Correct the code, or add the unit."
            )
    plan = pd.DataFrame(rows)
    for column in ("blocks_window", "block_minutes", "k_plan"):
        plan[column] = _numbers(rows, column, path)
    if "day_type" not in plan:
        plan["day_type"] = ""
    missing = [name for name in study.design.stratum if name not in plan]
    if missing:
        raise StudyError(
            f"{study.file('study.toml')} [design] stratum names {', '.join(missing)}, which is no "
            f"column of sessions.csv. Columns there: {', '.join(plan.columns)}."
        )
    names = list(study.design.stratum) or ["unit_id"]
    plan["stratum"] = plan[names].agg(" · ".join, axis=1)
    return plan


def assemble(
    study: Study,
    plan: pd.DataFrame,
    interviews: pd.DataFrame,
    records: pd.DataFrame,
    instrument: Instrument,
) -> FieldRecord:
    """Contacts and sessions from the decoded forms `wawancara` and `sesi`.

    A contact whose session is not in the plan cannot be weighted: it is left out of the
    analysis, stays in the store, and is counted in the notes.
    """
    notes: list[str] = []
    contacts = _contacts(plan, interviews, instrument)
    stray = contacts["unit_id"].isna()
    if stray.any():
        codes = Counter(contacts.loc[stray, "session_id"].fillna("(blank)"))
        listed = ", ".join(f"{code} ({n})" for code, n in sorted(codes.items()))
        notes.append(
            f"{int(stray.sum())} submissions name a session that sessions.csv does not have: "
            f"{listed}. They stay in the store and count nowhere; add the session or correct it."
        )
    contacts = contacts[~stray].reset_index(drop=True)
    claimed = contacts.get("unit")
    if claimed is not None:
        known = {unit.unit_id for unit in study.units}
        odd = claimed.notna() & ~claimed.isin(known)
        if odd.any():
            strangers = ", ".join(sorted(set(claimed[odd])))
            notes.append(
                f"{int(odd.sum())} submissions carry the unit code {strangers}, which units.csv "
                "does not have; the session plan's unit was used instead."
            )
    sessions = _sessions(plan, contacts, records, notes)
    return FieldRecord(contacts, sessions, tuple(notes))


def _contacts(plan: pd.DataFrame, interviews: pd.DataFrame, instrument: Instrument) -> pd.DataFrame:
    frame = interviews.sort_values("submission_id", kind="stable").reset_index(drop=True)
    unit_of = dict(zip(plan["session_id"], plan["unit_id"], strict=True))
    selected = moments(frame, "t_pilih")
    selected = selected.where(selected.notna(), moments(frame, "start"))
    heads = pd.DataFrame(
        {
            "submission_id": frame["submission_id"],
            "wave": frame["wave"],
            "form_version": frame["form_version"],
            "version_known": frame["version_known"],
            "unit_id": frame["sesi"].map(unit_of),
            "session_id": frame["sesi"],
            "enumerator_id": frame["petugas"],
            "seq": frame["urut"].astype("Int64"),
            "selected_at": selected,
            "submitted_at": frame["submitted_at"],
            "outcome": outcomes(frame, instrument),
            "obs_sex": frame["jk_amatan"],
            "obs_age_band": frame["umur_amatan"],
        }
    )
    rest = [name for name in frame.columns if name not in heads]
    return pd.concat([heads, frame[rest]], axis=1)


def moments(frame: pd.DataFrame, name: str) -> pd.Series:
    """UTC times of a column that holds times or, being calculated on the phone, ISO text."""
    values = frame[name] if name in frame else pd.Series(None, index=frame.index, dtype="object")
    times = pd.to_datetime(values, utc=True, errors="coerce", format="ISO8601")
    return times.astype("datetime64[us, UTC]")


def outcomes(frame: pd.DataFrame, instrument: Instrument) -> pd.Series:
    """AAPOR outcome code of each contact, from its result, its consent and what was answered.

    A person who agreed at the approach is a refusal where consent was not given (2.112), not
    eligible where under age (4.70) or working at the unit (4.10), and otherwise complete,
    partial or broken off by the share of key items answered.
    """
    codes = {
        choice.name: choice.columns.get("aapor", "")
        for choice in instrument.choices_of(instrument["hasil"])
    }
    key = [
        q.name
        for q in instrument.questions
        if (q.bentuk or q.dimension or q.skm) and q.is_closed and q.name in frame
    ]
    answered = frame[key].notna().mean(axis=1) if key else pd.Series(1.0, index=frame.index)
    shares = np.select([answered >= FULL, answered >= PARTIAL], ["1.1", "1.2"], default="2.12")
    by_share = pd.Series(shares, index=frame.index, dtype="object")
    outcome: pd.Series = frame["hasil"].map(codes).fillna("3.0").astype("object")
    agreed = frame["hasil"] == "bersedia"
    outcome = outcome.mask(agreed, by_share)
    outcome = outcome.mask(agreed & (frame["setuju"] == "tidak"), "2.112")
    outcome = outcome.mask(agreed & (frame["dewasa"] == "tidak"), "4.70")
    return outcome.mask(agreed & (frame["pegawai"] == "ya"), "4.10")


def _sessions(
    plan: pd.DataFrame, contacts: pd.DataFrame, records: pd.DataFrame, notes: list[str]
) -> pd.DataFrame:
    latest = _latest(records, set(plan["session_id"]), notes)
    opened, closed, cancelled = (latest[kind] for kind in RECORDS)
    reached = set(contacts["session_id"])
    frame = plan[
        ["session_id", "unit_id", "date", "block", "day_type", "stratum", "blocks_window",
         "block_minutes"]
    ].copy()  # fmt: skip
    index = frame["session_id"]
    at_close = closed.reindex(index).reset_index(drop=True)
    at_open = opened.reindex(index).reset_index(drop=True)
    frame["covered_minutes"] = _column(at_close, "menit")
    frame["count"] = _counts(at_close)
    frame["count_method"] = _text(at_close, "cara_hitung")
    k = _column(at_close, "k_pakai")
    k = k.where(k.notna(), _column(at_open, "k"))
    frame["k"] = k.where(k.notna(), plan["k_plan"].to_numpy())
    frame["opened"] = index.isin(opened.index).to_numpy()
    frame["closed"] = index.isin(closed.index).to_numpy()
    frame["cancelled"] = index.isin(cancelled.index).to_numpy()
    frame["worked"] = (index.isin(reached).to_numpy()) | (
        (frame["opened"] | frame["closed"]) & ~frame["cancelled"]
    )
    frame["announced"] = _text(at_open, "diumumkan")
    frame["collector"] = _text(at_open, "pengumpul")
    frame["n_selected_tally"] = _column(at_close, "n_dipilih")
    frame["n_complete_tally"] = _column(at_close, "n_lengkap")
    frame["interference"] = _text(at_close, "gangguan")
    open_only = frame.loc[frame["worked"] & ~frame["closed"], "session_id"]
    if len(open_only):
        notes.append(
            f"{len(open_only)} worked sessions have no closing record: {', '.join(open_only)}. "
            "Their visitor count is rebuilt from the contacts; ask the enumerator to send it."
        )
    return frame


def _latest(
    records: pd.DataFrame, planned: set[str], notes: list[str]
) -> Mapping[str, pd.DataFrame]:
    """The last opening, closing and cancelling record of each planned session."""
    if records.empty:
        return {kind: records.set_index("sesi", drop=False) for kind in RECORDS}
    stray = ~records["sesi"].isin(planned)
    if stray.any():
        notes.append(
            f"{int(stray.sum())} session records name a session that sessions.csv does not have: "
            f"{', '.join(sorted(set(records.loc[stray, 'sesi'].fillna('(blank)'))))}."
        )
    ordered = records[~stray].sort_values(["submitted_at", "submission_id"], kind="stable")
    result = {}
    for kind in RECORDS:
        of_kind = ordered[ordered["kegiatan"] == kind]
        twice = of_kind.loc[of_kind["sesi"].duplicated(), "sesi"].unique()
        if len(twice):
            notes.append(
                f"{len(twice)} sessions were recorded {kind!r} more than once: "
                f"{', '.join(sorted(twice))}. The last record counts."
            )
        result[kind] = of_kind.drop_duplicates("sesi", keep="last").set_index("sesi")
    return result


def _counts(closing: pd.DataFrame) -> pd.Series:
    """Visitors counted at closing, by the method that was used; NaN where none was."""
    method = _text(closing, "cara_hitung")
    tickets = _column(closing, "tiket_akhir") - _column(closing, "tiket_awal") + 1
    counts = pd.Series(np.nan, index=closing.index)
    counts = counts.mask(method == "tiket", tickets)
    counts = counts.mask(method == "tally", _column(closing, "tally"))
    counts = counts.mask(method == "register", _column(closing, "register"))
    return counts.where(counts > 0)


def _column(frame: pd.DataFrame, name: str) -> pd.Series:
    if name not in frame:
        return pd.Series(np.nan, index=frame.index)
    return pd.to_numeric(frame[name], errors="coerce").astype(np.float64)


def _text(frame: pd.DataFrame, name: str) -> pd.Series:
    if name not in frame:
        return pd.Series("", index=frame.index, dtype="object")
    return frame[name].astype("object").where(frame[name].notna(), "")


def _numbers(rows: Sequence[Mapping[str, str]], column: str, path: Path) -> list[float]:
    values = [
        number(row.get(column, ""), f"{path}, row {line}, {column}")
        for line, row in enumerate(rows, start=2)
    ]
    return [np.nan if value is None else value for value in values]
