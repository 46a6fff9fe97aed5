"""A small questionnaire and drawn fieldwork as frames, for the tests of scoring and coverage."""

import numpy as np
import pandas as pd

from analysis.instrument import Choice, Instrument, Question

AGREEMENT = ("sts", "ts", "s", "ss")


def choices(*scored, unscored=()):
    return tuple(
        [Choice(name, {}, float(score)) for name, score in scored]
        + [Choice(name, {}) for name in unscored]
    )


LISTS = {
    "yt": choices(("ya", 1), ("tidak", 0), unscored=("tt", "tj")),
    "s4": choices(*zip(AGREEMENT, (1, 2, 3, 4), strict=True), unscored=("tt",)),
    "n4": choices(("1", 1), ("2", 2), ("3", 3), ("4", 4), unscored=("tb",)),
    "status_layanan": choices(unscored=("dilayani", "tanpa_dilayani", "dialihkan")),
    "keperluan": choices(unscored=("sendiri", "keluarga", "upah")),
    "dampak": choices(unscored=("waktu", "biaya", "waktu_lain")),
}

UNSUR_ITEM = {
    "s_syarat": "persyaratan",
    "s_prosedur": "prosedur",
    "s_waktu": "waktu",
    "s_biaya": "biaya",
    "s_produk": "produk",
    "s_mampu": "kompetensi",
    "s_sopan": "perilaku",
    "s_aduan": "pengaduan",
    "s_sarana": "sarana",
}


def question(name, list_name, kind="select_one", **columns):
    return Question(name, f"data/{name}", kind, {}, list_name=list_name, **columns)


def scale(name, dimension, indicator, polarity="positif"):
    return question(name, "s4", dimension=dimension, indicator=indicator, polarity=polarity)


QUESTIONS = (
    question("status_layanan", "status_layanan"),
    question("keperluan", "keperluan"),
    question("e_tunda", "yt", bentuk="PB", polarity="negatif"),
    question("e_tutup", "yt", bentuk="TMP", polarity="negatif"),
    question("e_tolak", "yt", bentuk="TMP", polarity="negatif"),
    question("e_uang", "yt", bentuk="PI", polarity="negatif"),
    question("dampak", "dampak", "select_multiple"),
    scale("p_tata", "tata_kelola", "tata_kelola"),
    scale("p_kompeten", "kompetensi", "kompetensi"),
    scale("p_adil", "keadilan_transparansi", "keadilan"),
    scale("p_terbuka", "keadilan_transparansi", "transparansi"),
    scale("p_aduan", "pengaduan", "pengelolaan_pengaduan"),
    *(question(name, "n4", skm=unsur) for name, unsur in UNSUR_ITEM.items()),
    question("a_tahu", "yt"),
    question("a_adu", "yt"),
    question("a_tanggap", "yt"),
    scale("t_jujur", "kepercayaan", "jujur"),
    scale("t_buka", "kepercayaan", "buka", "negatif"),
    question("umur", "", "integer"),
)


def instrument(questions=QUESTIONS, lists=LISTS):
    return Instrument("wawancara", "Uji", "1", ("id",), tuple(questions), lists)


def frames(drawn, window):
    """Contacts and sessions as the pipeline would decode them.

    `drawn` maps a unit to its sessions, `window` is the number of open blocks. The count is that
    of a tally over the whole block.
    """
    contacts, sessions = [], []
    for unit, worked in drawn.items():
        for number, session in enumerate(worked, start=1):
            name = f"{unit}-{number:02}"
            sessions.append((name, unit, unit, float(window), float(session.visitors), session.k))
            contacts.extend(
                {
                    "submission_id": f"{name}-{c.seq:03}",
                    "unit_id": unit,
                    "session_id": name,
                    "seq": c.seq,
                    "outcome": c.outcome,
                    **c.answers,
                }
                for c in session.contacts
            )
    plan = pd.DataFrame(
        sessions, columns=["session_id", "unit_id", "stratum", "blocks_window", "count", "k"]
    )
    plan = plan.assign(block_minutes=120.0, covered_minutes=120.0, count_method="tally")
    plan = plan.assign(worked=True, n_selected_tally=np.nan)
    frame = pd.DataFrame(contacts)
    for name in UNSUR_ITEM:
        if name in frame:
            frame[name] = frame[name].map(_code, na_action="ignore")
    return frame, plan


def _code(level):
    return level if isinstance(level, str) else f"{level:.0f}"
