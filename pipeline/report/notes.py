"""Notes, leads and explanations that hold no number of a sample.

Those that depend on how respondents were selected are functions of the basis.
"""

from pipeline.report.basis import Basis

INTERNAL = (
    "Edisi internal",
    ": memuat angka yang dapat menunjuk jawaban satu sampai empat orang. Jangan dibagikan; yang "
    "boleh dibagikan adalah edisi publik.",
)
FEW = (
    " Jawaban 0 sampai 4 orang hanya ditulis sebagai batas atas yang sama, dan angka yang dapat "
    "mengungkapnya tidak ditampilkan atau dibulatkan."
)
SIMULATED = ("Data simulasi", ", dibuat program; tidak menggambarkan unit mana pun.")
NOT_OPINI = (
    "Ini bukan Opini Ombudsman RI. Indeks ini tidak diberi huruf atau kategori, dan laporan ini "
    "tidak menggantikan penilaian resmi."
)
TRUST = (
    "Kepercayaan kepada petugas, dari 0 (tidak percaya sama sekali) sampai 100 (sangat percaya)."
)
ACCOUNT = "Angka ini pengakuan responden, bukan hasil pemeriksaan."
COMPARISON = (
    "Unit disebut jelas di atas atau di bawah hanya bila selisihnya dengan rata-rata unit lain "
    "lebih besar daripada yang wajar terjadi karena kebetulan, setelah memperhitungkan banyaknya "
    "perbandingan. Tidak dapat dibedakan bukan berarti sama."
)
TRUST_ASKED = (
    "Ditanyakan kepada pengguna yang baru dilayani, bukan kepada masyarakat umum; tidak dapat "
    "disamakan dengan survei kepercayaan masyarakat."
)
BENTUK = (
    "Persen dihitung di antara yang menjawab ya atau tidak; tidak tahu dan tidak mau menjawab "
    "tidak ikut dihitung. Satu orang dapat mengalami lebih dari satu bentuk."
)
QUALITY = (
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
OFFICIALS_LEAD = (
    "Nilai ini bukan hasil survei ini. Cara mengukurnya berbeda, jadi selisihnya dengan indeks di "
    "atas tidak berarti naik atau turun."
)
OFFICIALS = "Dikutip sebagaimana diterbitkan; penerbitnya tidak menyertakan rentang."
ANSWERS = (
    "Warna hanya menandai urutan jawaban; angka di bawah atau di sampingnya memuat isi yang sama."
)
NO_TOPLINE = "Kuesioner ini tidak memuat pertanyaan tertutup yang dijawab."
_HIDDEN = (
    "Tanda – menyamarkan hitungan 0 sampai 4, dan satu hitungan lain bila yang disamarkan dapat "
    "dihitung kembali."
)
_BRACKETS = (
    "Sampelnya kecil atau rentangnya lebar dibanding nilainya; tidak dibandingkan.",
    "Kurang dari {} jawaban: dibaca dengan hati-hati.",
)


def respondents(basis: Basis) -> str:
    """Below the table of respondents."""
    who = "Terpilih" if basis.is_random else "Didekati"
    return (
        f"{who}: semua orang yang berhak, termasuk yang menolak atau terlewat; jenis kelamin dan "
        f"umurnya menurut pengamatan. {_HIDDEN}"
    )


def skm(basis: Basis) -> str:
    """Below the nine unsur."""
    text = (
        "NRR 1 sampai 4. IKM = rata-rata kesembilan unsur (bobot masing-masing 1/9) × 25, "
        "dibulatkan dua desimal"
    )
    if not basis.is_random:
        return f"{text}. Respondennya {basis.kind}, jadi IKM ini tanpa rentang dan tanpa mutu."
    return (
        f"{text} sebelum mutunya ditetapkan. Responden dipilih acak menurut urutan keluar, "
        "sehingga IKM ini disertai rentang; IKM yang dihitung unit sendiri dapat berbeda."
    )


def two_means(basis: Basis) -> str:
    """What the two figures of the city differ in."""
    if not basis.is_random:
        return (
            "Rata-rata unit memberi setiap unit bobot sama; dalam gabungan, unit dengan lebih "
            "banyak jawaban berpengaruh lebih besar."
        )
    return (
        "Rata-rata unit memberi setiap unit bobot sama, seperti cara Ombudsman menghitung nilai "
        f"kota; {basis.pooled}, unit yang ramai berbobot lebih besar."
    )


def units(basis: Basis) -> str:
    """Below the table of all units."""
    any_ = "Mengalami: sedikitnya satu bentuk maladministrasi menurut pengakuan responden."
    if not basis.is_random:
        return f"Urutan baris menurut abjad; bukan peringkat. {any_}"
    return (
        "Urutan baris menurut yang dapat dibedakan, lalu abjad; bukan peringkat. Angka dalam "
        f"kurung siku dibaca dengan hati-hati dan selalu di bawah. {any_}"
    )


def answers_lead(basis: Basis) -> str:
    """Above the distributions of the scale items."""
    if basis.is_random:
        return "Persen tiap jawaban, ditimbang; rentang di bawah setiap angka."
    return "Persen tiap jawaban di antara yang menjawab; tidak ditimbang, tanpa rentang."


def topline_lead(basis: Basis) -> str:
    """Above the toplines of a study without units."""
    if basis.is_random:
        return "Persen tiap jawaban menurut rancangan sampel, dengan rentang."
    return (
        f"{basis.kind.capitalize()}: tanpa rentang. Persen di antara mereka yang menjawab; "
        "banyaknya jawaban dalam kurung."
    )


def not_random(basis: Basis) -> str:
    """At the head of a page whose numbers hold only for those who answered; else empty."""
    if basis.is_random:
        return ""
    if basis.selection == "quota":
        return (
            "Sampel kuota: yang menjawab tidak dipilih secara acak. Angka hanya menggambarkan "
            "mereka; tidak ada rentang dan tidak ada perbandingan."
        )
    return (
        "Sampel sukarela: tanpa rentang. Yang menjawab memilih sendiri untuk menjawab, jadi "
        "angkanya tidak mewakili orang lain."
    )


def brackets(basis: Basis, caution_n: int) -> str:
    """What square brackets mean."""
    return _BRACKETS[0] if basis.is_random else _BRACKETS[1].format(caution_n)


def reading_lead(basis: Basis) -> str:
    """Above the explanations of how to read."""
    if basis.is_random:
        return "Setiap nilai berasal dari sampel, jadi selalu disertai rentang."
    return "Angka di sini menggambarkan mereka yang menjawab, bukan semua pengguna."


def reading(basis: Basis, caution_n: int) -> tuple[tuple[str, str], ...]:
    """How to read the page: term and explanation, only of what the page holds."""
    withheld = "Terlalu sedikit jawaban atau sesi; bukan nilai nol."
    if not basis.is_random:
        return (
            ("Tanpa rentang", not_random(basis)),
            ("Kurung siku", brackets(basis, caution_n)),
            ("Tidak ditampilkan", "Terlalu sedikit jawaban; bukan nilai nol."),
        )
    span = (
        "Bila semua pengguna ditanya dengan cara yang sama, nilainya kemungkinan besar berada di "
        "dalam rentang. Selisih kecil antarunit biasanya tidak berarti."
    )
    unsure = "Sampelnya belum cukup untuk mengatakan di sisi mana dari batas nilai yang sebenarnya."
    lines = (("Belum pasti", unsure),) if basis.has_lines else ()
    return (
        ("Rentang", span),
        *lines,
        ("Kurung siku", brackets(basis, caution_n)),
        ("Tidak ditampilkan", withheld),
    )


def one_unit(*, simulated: bool) -> tuple[str, str]:
    """Above the page that one unit receives by itself."""
    words = "unit lain ditulis dengan huruf sampai laporan umum terbit; urutan hurufnya diundi."
    return "Untuk unit ini" + (", data simulasi" if simulated else ""), words


def banner(*, simulated: bool, internal: bool) -> tuple[str, str] | None:
    """The words above a page that is not for everybody, or not of anybody."""
    if internal and simulated:
        return f"{INTERNAL[0]}, data simulasi", INTERNAL[1]
    return INTERNAL if internal else SIMULATED if simulated else None
