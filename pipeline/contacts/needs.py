"""What the analysis needs of the questionnaires of a designed study: names and codes.

The one list of them: `assemble` refuses a form without them, and so does the check of forms.
"""

from collections.abc import Mapping

import pandas as pd

from analysis.outcomes import GROUP_OF
from pipeline.errors import QuestionnaireError

RECORDS = ("buka", "tutup", "batal")
"""Codes of `kegiatan`: what a record of a session reports."""

NEEDED: Mapping[str, tuple[str, ...]] = {
    "wawancara": (
        "petugas", "sesi", "urut", "jk_amatan", "umur_amatan", "hasil", "setuju", "dewasa",
        "pegawai",
    ),
    "sesi": ("sesi", "kegiatan"),
}  # fmt: skip
"""Questions of each form without which there are no contacts and no sessions."""

USED: Mapping[str, tuple[str, ...]] = {
    "wawancara": ("t_pilih", "unit"),
    "sesi": (
        "unit_buka", "diumumkan", "pengumpul", "k", "menit", "cara_hitung", "tiket_awal",
        "tiket_akhir", "tally", "register", "k_pakai", "n_dipilih", "n_lengkap", "gangguan",
    ),
}  # fmt: skip
"""Questions that are read where the form has them; without one, what it says is not known."""

CODES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "wawancara": {
        "hasil": ("bersedia",),
        "setuju": ("ya", "tidak"),
        "dewasa": ("ya", "tidak"),
        "pegawai": ("ya", "tidak"),
    },
    "sesi": {"kegiatan": RECORDS},
}
"""Codes that those questions must offer."""

LISTENED = "1"
"""What the column `aapor` says of those who listened; what follows decides their outcome."""

AAPOR = frozenset({LISTENED, *GROUP_OF})
"""What a choice of `hasil` may have in the column `aapor`."""

REFUSED = "tj"
"""Code of an answer that was refused: a key item answered so counts as unanswered."""


def require(form: str, frame: pd.DataFrame) -> None:
    """Refuse (QuestionnaireError) a decoded form that lacks a question of `NEEDED`."""
    missing = [name for name in NEEDED[form] if name not in frame]
    if missing:
        raise QuestionnaireError(
            f"{form}.xlsx, sheet survey: no question named {', '.join(missing)}, without which "
            "nobody knows who was selected where. Give the question that asks for it this name "
            "(once, outside repeats), then run `persepsi forms build`."
        )
