"""The sheet "Catatan": what the numbers are, what must not be made of them, and where from."""

from collections.abc import Mapping

from pipeline.editions import INTERNAL
from pipeline.report import figures, method, notes
from pipeline.report.context import Context
from pipeline.report.listings import FactList
from pipeline.report.lookup import CITY
from pipeline.result_book.sheets import lead
from pipeline.workbook import Column, Grid
from pipeline.workbook.grid import WRAPPED

WIDTH = 110
READING = (
    ("Angka", "Dibulatkan ke dua desimal (5 ke atas naik) dari angka yang belum dibulatkan. Nilai "
     "indeks, dimensi, dan indikator 0 sampai 100; unsur SKM 1 sampai 4; IKM 25 sampai 100; bagian "
     "dari orang ditulis dalam persen. Excel menampilkan koma atau titik menurut bahasa komputer."),
    ("Batas bawah dan batas atas", "Rentang keyakinan; sertakan di samping nilainya. Angka tanpa "
     "rentangnya tidak dapat dipertanggungjawabkan."),
    ("Sel kosong", "Tidak ada angka yang boleh ditampilkan, dan bukan nol. Alasannya ada di kolom "
     "Keterangan; jangan diisi dan jangan ikut dirata-ratakan."),
    ("Baca dengan hati-hati", "Sampelnya kecil atau rentangnya lebar; dalam laporan angka ini "
     "ditulis dalam kurung siku. Jangan dipakai untuk membandingkan atau mengurutkan unit."),
    ("Yang tidak boleh dihitung", "Jangan menghitung rata-rata kota dari kolom unit, selisih dua "
     "unit, atau peringkat: rentangnya tidak ikut terhitung. Pakai baris kota dan lembar "
     "Perbandingan."),
)  # fmt: skip


def remarks(ctx: Context, sums: Mapping[str, str]) -> Grid:
    """Method, edition and origin; `sums` are SHA-256 sums of files beside it, by their names."""
    study = ctx.results.study
    internal = ctx.results.edition == INTERNAL
    edition = "Edisi internal" + notes.INTERNAL[1] if internal else f"Edisi publik.{notes.FEW}"
    rows = [
        ("Studi", study.name),
        ("Lembaga", ", ".join(filter(None, (study.institution, study.office)))),
        ("Tempat", study.place),
        ("Gelombang", study.wave.label or study.wave.id),
        ("Masa survei", ctx.period),
        ("Edisi", edition),
    ]
    if ctx.results.simulated:
        rows.append(("Data", "".join(notes.SIMULATED)))
    if ctx.issued:
        rows.append(("Terbit", f"{figures.day(ctx.issued)}, edisi {study.report.edition or '1'}"))
    rows += READING
    for part in method.method(ctx, CITY).parts:
        if isinstance(part, FactList):
            rows += [(fact.term, fact.text) for fact in part.facts]
    rows += [("Keterangan data", note) for note in basis_notes(ctx)]
    rows.append(
        (
            "Asal angka",
            "Semua angka di sini juga ada, belum dibulatkan, di berkas berikut dalam folder yang "
            "sama; setelan dan versi program ada di manifest.json.",
        )
    )
    rows += [(name, f"SHA-256 {digest}") for name, digest in sums.items()]
    rows.append(("Kontak", "; ".join(filter(None, (study.report.contact, study.report.complaint)))))
    kept = [row for row in rows if row[1]]
    return Grid(
        "Catatan", (Column("Perihal", WRAPPED, 28), Column("Isi", WRAPPED, WIDTH)), kept,
        lead(ctx, "Catatan"), has_filter=False,
    )  # fmt: skip


def basis_notes(ctx: Context) -> tuple[str, ...]:
    """How the units are brought together in the two rows of the city."""
    basis = ctx.basis(CITY)
    return (notes.two_means(basis),) if basis.has_units else ()
