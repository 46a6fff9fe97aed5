"""Sessions: unit, day and block of the plan with what the opening and closing records say."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from pipeline.contacts.needs import RECORDS

FLOW = "arus"
"""Code of three counts of five minutes each, from which the visitors are estimated."""


def sessions_of(
    plan: pd.DataFrame, contacts: pd.DataFrame, records: pd.DataFrame, notes: list[str]
) -> pd.DataFrame:
    """One row a session of the plan; what was replaced or is missing is added to the notes."""
    latest = _latest(records, set(plan["session_id"]), notes)
    opened, closed, cancelled = (latest[kind] for kind in RECORDS)
    reached = set(contacts["session_id"])
    shut = _text(opened, "unit_buka") == "tidak"
    found_shut = set(opened.index[shut]) - reached - set(closed.index) - set(cancelled.index)
    frame = plan[
        ["session_id", "unit_id", "date", "block", "day_type", "stratum", "blocks_window",
         "block_minutes"]
    ].copy()  # fmt: skip
    index = frame["session_id"]
    at_close = closed.reindex(index).reset_index(drop=True)
    at_open = opened.reindex(index).reset_index(drop=True)
    frame["covered_minutes"] = _column(at_close, "menit")
    empty = index.isin(found_shut).to_numpy()
    frame["count"] = _counts(at_close).mask(empty, 0.0)
    frame["count_method"] = _text(at_close, "cara_hitung")
    k = _column(at_close, "k_pakai")
    k = k.where(k.notna(), _column(at_open, "k"))
    k = k.where(k.notna(), plan["k_plan"].to_numpy())
    frame["k"] = k.mask(_by_grid(at_open, at_close))
    frame["opened"] = index.isin(opened.index).to_numpy()
    frame["closed"] = index.isin(closed.index).to_numpy()
    refused = (_text(at_open, "akses") == "ditolak") & ~frame["closed"]
    refused &= ~index.isin(reached | found_shut)
    frame["cancelled"] = index.isin(cancelled.index).to_numpy() | refused
    frame["worked"] = (index.isin(reached).to_numpy()) | (
        (frame["opened"] | frame["closed"]) & ~frame["cancelled"]
    )
    frame["announced"] = _text(at_open, "diumumkan")
    frame["collector"] = _text(at_open, "pengumpul")
    frame["n_selected_tally"] = _column(at_close, "n_dipilih")
    frame["n_complete_tally"] = _column(at_close, "n_lengkap")
    frame["interference"] = _text(at_close, "gangguan")
    if found_shut:
        notes.append(
            f"Session {', '.join(sorted(found_shut))}: the unit was found closed. It counts as a "
            "worked session that no visitor left; it needs no closing record."
        )
    if refused.any():
        notes.append(
            f"Session {', '.join(frame.loc[refused, 'session_id'])}: the unit did not permit the "
            "team to work. It counts as not worked; who refused is in the opening record."
        )
    nobody = frame["closed"] & (frame["count"] == 0) & ~index.isin(reached)
    if nobody.any():
        notes.append(
            f"Session {', '.join(frame.loc[nobody, 'session_id'])}: closed with a count of 0. It "
            "counts as a worked session that no visitor left."
        )
    open_only = frame.loc[frame["worked"] & ~frame["closed"] & ~empty, "session_id"]
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
    flow = sum((_column(closing, f"alir_{part}") for part in (1, 2, 3)), start=0.0)
    counts = counts.mask(method == FLOW, (flow * _column(closing, "menit") / 15).round())
    return counts.where(counts >= 0)


def _by_grid(opening: pd.DataFrame, closing: pd.DataFrame) -> "pd.Series[bool]":
    """Sessions whose people were selected by a grid of minutes: there is no k to rebuild from."""
    said = _text(closing, "pilih_pakai")
    return said.where(said != "", _text(opening, "cara_pilih")) == "kisi"


def _column(frame: pd.DataFrame, name: str) -> pd.Series:
    if name not in frame:
        return pd.Series(np.nan, index=frame.index)
    return pd.to_numeric(frame[name], errors="coerce").astype(np.float64)


def _text(frame: pd.DataFrame, name: str) -> pd.Series:
    if name not in frame:
        return pd.Series("", index=frame.index, dtype="object")
    return frame[name].astype("object").where(frame[name].notna(), "")
