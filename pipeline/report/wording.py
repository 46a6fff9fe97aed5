"""Words for codes: what the tables call by a code, a reader meets here.

No sentence in this module reads a number of a sample; those stand in `sentences`.
"""

import re
from collections.abc import Sequence

from analysis.instrument import Instrument, Question
from pipeline.report.listings import Verdict

_LIMIT = re.compile(r"^(n|sessions|df|n_eff)<(\d+(?:\.\d+)?)$")
_LIMITS = {
    "n": "kurang dari {} jawaban",
    "sessions": "kurang dari {} sesi wawancara",
    "df": "terlalu sedikit sesi untuk menaksir ketelitian",
    "n_eff": "ketelitiannya setara kurang dari {} jawaban acak",
}
_REASONS = {
    "quota": "sampel kuota, bukan sampel acak",
    "volunteer": "sampel sukarela, bukan sampel acak",
    "no_answers": "tidak ada jawaban",
    "zero_events": "tidak ada yang melaporkan",
    "collapsed": "sesi dari dua jenis hari digabung",
    "se_floor": "jawaban hampir seragam, ketelitian dibatasi dari bawah",
    "wide": "rentangnya sangat lebar",
}


def reason(code: str) -> str:
    """A reason code in words; an unknown code stands as it is, so that nothing is hidden."""
    if code == "sessions<2":
        return "hanya satu sesi wawancara, jadi ragam antarsesi tidak dapat ditaksir"
    found = _LIMIT.match(code)
    if found:
        return _LIMITS[found[1]].format(found[2].removesuffix(".0"))
    return _REASONS.get(code, code)


_WEIGHT = ("no_answers", "n<", "sessions<", "volunteer", "quota", "df<", "n_eff<", "wide")


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
    "T0": ("dihitung", "Orang yang keluar dihitung selama sesi berlangsung."),
    "T1": ("disusun ulang", "Jumlah pengunjung disusun ulang dari nomor urut orang yang terpilih."),
    "T2": ("dari register", "Jumlah pengunjung diambil dari register unit."),
    "T3": ("perkiraan", "Jumlah pengunjung diperkirakan dari rata-rata harian unit."),
    "T4": ("tidak dihitung", "Pengunjung tidak dihitung; setiap sesi dianggap sama ramai."),
    "T5": ("tidak ditimbang", "Bukan sampel acak; setiap jawaban berbobot sama."),
}
"""By tier of the weight: in a word, in a sentence."""

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

SIMULATED = (
    "Data simulasi. Semua jawaban di halaman ini dibuat oleh program untuk mencoba alat survei; "
    "tidak ada angka yang menggambarkan unit mana pun."
)
NOT_OPINI = (
    "Ini bukan Opini Ombudsman RI. Indeks ini tidak diberi huruf atau kategori, dan laporan ini "
    "tidak menggantikan penilaian resmi."
)
TRUST = (
    "kepercayaan kepada petugas, dari 0 (tidak percaya sama sekali) sampai 100 (sangat percaya)."
)
TWO_MEANS = (
    "Rata-rata unit memberi setiap unit bobot sama, seperti cara Ombudsman menghitung nilai kota; "
    "menurut kunjungan, unit yang ramai berbobot lebih besar."
)
BASIS: dict[str, tuple[str, ...]] = {
    "unit": (),
    "city": ("Menurut kunjungan: unit yang ramai berbobot lebih besar.",),
    "city_mean": ("Rata-rata unit: setiap unit berbobot sama.",),
}
KEY_BASIS = {"city": " Menurut kunjungan.", "city_mean": " Rata-rata unit."}
ACCOUNT = "Angka ini pengakuan responden, bukan hasil pemeriksaan."

COMPARISON_NOTE = (
    "Unit disebut jelas di atas atau di bawah hanya bila selisihnya dengan rata-rata unit lain "
    "lebih besar daripada yang wajar terjadi karena kebetulan, setelah memperhitungkan banyaknya "
    "perbandingan. Tidak dapat dibedakan bukan berarti sama."
)
TRUST_NOTE = (
    "Ditanyakan kepada pengguna yang baru dilayani, bukan kepada masyarakat umum; tidak dapat "
    "disamakan dengan survei kepercayaan masyarakat."
)
SKM_NOTE = (
    "NRR 1 sampai 4. IKM = rata-rata kesembilan unsur (bobot masing-masing 1/9) × 25, dibulatkan "
    "dua desimal sebelum mutunya ditetapkan. Responden dipilih acak menurut urutan keluar, "
    "sehingga IKM ini disertai rentang; IKM yang dihitung unit sendiri dapat berbeda."
)
BENTUK_NOTE = (
    "Persen dihitung di antara yang menjawab ya atau tidak; tidak tahu dan tidak mau menjawab "
    "tidak ikut dihitung. Satu orang dapat mengalami lebih dari satu bentuk."
)
RESPONDENTS_NOTE = (
    "Terpilih: semua orang yang berhak, termasuk yang menolak atau terlewat; jenis kelamin dan "
    "umurnya menurut pengamatan. Tanda – menyamarkan hitungan 1 sampai 4, dan satu hitungan lain "
    "bila yang disamarkan dapat dihitung kembali."
)
QUALITY_NOTE = (
    "Angka mutu menggambarkan data yang terkumpul, bukan taksiran, jadi tanpa rentang. Batas "
    "penilaiannya ditetapkan oleh survei ini."
)
RECALL = (
    "Pertanyaan peka diisi sendiri di telepon enumerator. Orang dapat salah ingat, dan yang "
    "terganggu pun dapat memilih diam, jadi angka dapat terlalu rendah."
)
EMPTY_MEANS = (
    "Tidak ada kesimpulan tentang unit ini, baik atau buruk. Unit ini tetap berada dalam daftar "
    "survei dan dapat disurvei pada gelombang berikutnya."
)
UNITS_NOTE = (
    "Urutan baris menurut yang dapat dibedakan, lalu abjad; bukan peringkat. Angka dalam kurung "
    "siku dibaca dengan hati-hati. Mengalami: sedikitnya satu bentuk maladministrasi menurut "
    "pengakuan responden."
)
READING = (
    (
        "Rentang",
        "Bila semua pengguna ditanya dengan cara yang sama, nilainya kemungkinan besar berada di "
        "dalam rentang. Selisih kecil antarunit biasanya tidak berarti.",
    ),
    (
        "Belum pasti",
        "Sampelnya belum cukup untuk mengatakan di sisi mana dari batas nilai yang sebenarnya.",
    ),
    (
        "Kurung siku",
        "Sampelnya kecil: dibaca dengan hati-hati, tanpa perbandingan.",
    ),
    ("Tidak ditampilkan", "Terlalu sedikit jawaban atau sesi; bukan nilai nol."),
)
TOPLINE_LEAD = {
    "probability": "Persen tiap jawaban menurut rancangan sampel, dengan rentang.",
    "quota": "Sampel kuota: tanpa rentang. Persen di antara mereka yang menjawab.",
    "volunteer": "Sampel sukarela: tanpa rentang. Persen di antara mereka yang menjawab.",
}
NO_TOPLINE = "Kuesioner ini tidak memuat pertanyaan tertutup yang dijawab."
VOLUNTEER = {
    "quota": "Sampel kuota: tanpa rentang, tanpa perbandingan.",
    "volunteer": (
        "Sampel sukarela: tanpa rentang. Yang menjawab memilih sendiri untuk menjawab, jadi "
        "angkanya tidak mewakili orang lain."
    ),
}
OFFICIALS_LEAD = (
    "Nilai ini bukan hasil survei ini. Cara mengukurnya berbeda, jadi selisihnya dengan indeks di "
    "atas tidak berarti naik atau turun."
)
OFFICIALS_NOTE = "Dikutip sebagaimana diterbitkan; penerbitnya tidak menyertakan rentang."
ANSWERS_NOTE = (
    "Warna hanya menandai urutan jawaban; angka di bawah atau di sampingnya memuat isi yang sama."
)


def language(instrument: Instrument) -> str:
    """Language of the questionnaire's labels in a report: the form's first."""
    return instrument.languages[0] if instrument.languages else ""


def question_label(instrument: Instrument, question: Question) -> str:
    """Wording of a question on one line."""
    return " ".join(question.label(language(instrument)).split())


def choice_labels(instrument: Instrument, question: Question) -> dict[str, str]:
    """Wording of the choices of a question by code, in the order of the form."""
    lang = language(instrument)
    return {c.name: " ".join(c.label(lang).split()) for c in instrument.choices_of(question)}
