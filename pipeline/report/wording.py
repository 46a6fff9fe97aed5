"""Words for codes: what the tables call by a code, a reader meets here.

No sentence in this module reads a number of a sample; those stand in `sentences`. Notes and
leads stand in `notes`.
"""

import dataclasses
import re
from collections.abc import Sequence

from analysis.instrument import Instrument, Question
from pipeline.report.listings import Verdict
from pipeline.study import Study

_LIMIT = re.compile(r"^(n|sessions|df|n_eff|enumerators)<(\d+(?:\.\d+)?)$")
_LIMITS = {
    "n": "kurang dari {} jawaban",
    "sessions": "kurang dari {} sesi wawancara",
    "enumerators": "kurang dari {} pewawancara yang bergilir, pengaruhnya tidak dapat dipisahkan",
    "df": "terlalu sedikit sesi untuk menaksir ketelitian",
    "n_eff": "ketelitiannya setara kurang dari {} jawaban acak",
}
_REASONS = {
    "count<5": "paling banyak empat orang",
    "protects": "agar jawaban beberapa orang tidak terbaca",
    "coarse": "dibulatkan lebih kasar agar jawaban beberapa orang tidak terbaca",
    "quota": "sampel kuota, bukan sampel acak",
    "volunteer": "sampel sukarela, bukan sampel acak",
    "no_answers": "tidak ada jawaban",
    "zero_events": "tidak ada yang melaporkan",
    "all_events": "semua menjawab demikian",
    "lonely_adjust": "satu bagian hanya punya satu sesi, ragamnya dihitung terhadap keseluruhan",
    "lonely_average": "satu bagian hanya punya satu sesi, ragamnya disamakan dengan bagian lain",
    "lonely_certainty": "satu bagian hanya punya satu sesi, ragamnya tidak ikut dihitung",
    "uncalibrated": "bobotnya tidak disesuaikan: unit ini tidak memberi jumlah yang diketahui",
    "census": "semua sesi dan kunjungan terhitung, tanpa ragam sampel",
    "one_stage": "pemilihan pengunjung di dalam sesi tidak tercatat dalam rancangan",
    "no_spread": "jawaban seragam, ketelitian tidak dapat ditaksir",
    "collapsed": "sesi dari dua jenis hari digabung",
    "se_floor": "jawaban hampir seragam, ketelitian dibatasi dari bawah",
    "wide": "rentangnya lebar dibanding nilainya",
    "rho_assumed": "pewawancara terlalu sedikit atau tidak bergilir, pengaruhnya diperkirakan",
    "no_estimate": "tidak dapat dihitung dari sampel ini",
    "icc_assumed": "hanya muncul di sebagian sesi, pengelompokannya diperkirakan",
    "se_differs": "dua cara menghitung ketelitian berbeda lebih dari 10 %",
}


def reason(code: str) -> str:
    """A reason code in words; an unknown code stands as it is, so that nothing is hidden."""
    if code == "sessions<2":
        return "hanya satu sesi wawancara, jadi ragam antarsesi tidak dapat ditaksir"
    found = _LIMIT.match(code)
    if found:
        return _LIMITS[found[1]].format(found[2].removesuffix(".0"))
    return _REASONS.get(code, code)


_WEIGHT = (
    "no_answers",
    "count<5",
    "protects",
    "n<",
    "sessions<",
    "volunteer",
    "quota",
    "df<",
    "n_eff<",
    "enumerators<",
    "wide",
)


def reasons(codes: Sequence[str], most: int = 2) -> str:
    """The weightiest reasons in words, the stricter of two limits of one kind only."""
    kept: dict[str, str] = {}
    for code in codes:
        kind = code.partition("<")[0] if "<" in code else code
        old = kept.get(kind)
        if old is None or _limit(code) < _limit(old):
            kept[kind] = code
    rank = {prefix: i for i, prefix in enumerate(_WEIGHT)}

    def order(code: str) -> int:
        return min((i for p, i in rank.items() if code.startswith(p)), default=len(rank))

    blocking = [c for c in sorted(kept.values(), key=order) if order(c) < len(rank)]
    return "; ".join(reason(c) for c in blocking[:most])


def _limit(code: str) -> float:
    found = _LIMIT.match(code)
    return float(found[2]) if found else 0.0


TIERS = {
    "T0": "dihitung",
    "T1": "disusun ulang",
    "T2": "dari register atau tiga hitungan singkat",
    "T3": "diperkirakan",
    "T4": "dianggap sama ramai",
}
"""How the visitors of a session are known, by tier of the weight."""

KINDS = {"quota": "sampel kuota", "volunteer": "sampel sukarela"}
"""Samples that were not drawn by chance."""

BASIS: dict[str, tuple[str, ...]] = {
    "unit": (),
    "city_mean": ("Rata-rata unit: setiap unit berbobot sama.",),
}
BASIS_UNWEIGHTED: dict[str, tuple[str, ...]] = {
    "unit": (),
    "city": ("Semua jawaban digabung: unit dengan lebih banyak jawaban berpengaruh lebih besar.",),
    "city_mean": ("Rata-rata unit: setiap unit berbobot sama.",),
}
"""How units are brought together, with weights and without."""

COLLECTORS = {
    "ombudsman": "Ombudsman RI",
    "inspektorat": "Inspektorat",
    "ortala": "Bagian Organisasi dan Tata Laksana",
    "mitra": "mitra lapangan",
}

SECTORS = {
    "pencatatan": "pencatatan sipil",
    "perizinan": "perizinan",
    "sosial": "sosial",
    "pendidikan": "pendidikan",
    "kesehatan": "kesehatan",
}

UNSUR = {
    "persyaratan": "Persyaratan",
    "prosedur": "Sistem, mekanisme, dan prosedur",
    "waktu": "Waktu penyelesaian",
    "biaya": "Biaya atau tarif",
    "produk": "Produk spesifikasi jenis pelayanan",
    "kompetensi": "Kompetensi pelaksana",
    "perilaku": "Perilaku pelaksana",
    "pengaduan": "Penanganan pengaduan, saran, dan masukan",
    "sarana": "Sarana dan prasarana",
}

PENGADUAN = {
    "tahu": ("Tahu ke mana mengadu", "dari semua pengunjung"),
    "mengadu": ("Mengadu tentang urusan ini", "dari semua pengunjung"),
    "ditanggapi": ("Pengaduannya ditanggapi", "dari yang mengadu"),
    "puas": ("Puas dengan tanggapannya", "dari yang ditanggapi"),
    "bersedia": ("Bersedia melapor bila ada masalah", "dari semua pengunjung"),
}
"""Steps of the complaint path: label, and of whom the share is taken in a random sample."""

LAYANAN = {
    "tidak_dilayani": (
        "Pulang tanpa dilayani",
        "datang, tetapi tidak dilayani atau dialihkan tanpa penyelesaian",
    ),
    "perantara": ("Mengurus untuk orang lain dengan upah", "perkiraan kehadiran perantara"),
}

REFERENCES = {"kunjungan": "pada kunjungan ini", "urusan": "selama mengurus urusan yang sama"}

COMPARED = {
    "jelas di atas": Verdict("↑ jelas di atas", "good"),
    "tidak dapat dibedakan": Verdict("tidak dapat dibedakan"),
    "jelas di bawah": Verdict("↓ jelas di bawah", "poor"),
    "": Verdict("tidak dibandingkan"),
}
COMPARED_ADVERSE = {
    "jelas di atas": Verdict("↑ jelas lebih sering", "poor"),
    "tidak dapat dibedakan": Verdict("tidak dapat dibedakan"),
    "jelas di bawah": Verdict("↓ jelas lebih jarang", "good"),
    "": Verdict("tidak dibandingkan"),
}

_CONTROL = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]+"
)


def shown(text: str) -> str:
    """A name on one line, without signs that turn or hide what stands beside it."""
    return " ".join(_CONTROL.sub(" ", text).split())


def shown_study(study: Study) -> Study:
    """The study with every name as it is shown; codes and numbers stay."""
    units = tuple(
        dataclasses.replace(
            u, name=shown(u.name), short_name=shown(u.short_name), sector=shown(u.sector)
        )
        for u in study.units
    )
    return dataclasses.replace(
        study,
        name=shown(study.name),
        place=shown(study.place),
        institution=shown(study.institution),
        office=shown(study.office),
        units=units,
    )


def language(instrument: Instrument) -> str:
    """Language of the questionnaire's labels in a report: the form's first."""
    return instrument.languages[0] if instrument.languages else ""


def question_label(instrument: Instrument, question: Question) -> str:
    """Wording of a question on one line."""
    return shown(question.label(language(instrument)))


def choice_labels(instrument: Instrument, question: Question) -> dict[str, str]:
    """Wording of the choices of a question by code, in the order of the form."""
    lang = language(instrument)
    return {c.name: shown(c.label(lang)) for c in instrument.choices_of(question)}
