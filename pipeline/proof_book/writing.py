"""Write `bukti-hitung.xlsx`, in the internal edition only: it holds sums of few people."""

from pathlib import Path

from pipeline.editions import INTERNAL
from pipeline.outputs import write_bytes
from pipeline.placing import removed
from pipeline.proof_book.askers import SHEET, askers_sheet
from pipeline.proof_book.places import REPLICATES
from pipeline.proof_book.replicates import replicates_sheet
from pipeline.proof_book.scores import scores_sheet
from pipeline.proof_book.summary import summary_sheet
from pipeline.proof_book.sums import sums_sheet
from pipeline.proof_book.weights import factors_sheet, margins_sheet, weights_sheet
from pipeline.report.context import context
from pipeline.report.lookup import Domain
from pipeline.result_book import measures
from pipeline.results import Results
from pipeline.workbook import Grid, workbook_of

BOOK = "bukti-hitung.xlsx"

TOLD = {
    "Ringkasan": "Hitung ulang dengan rumus: ubah satu angka biru di lembar lain, dan lihat apa "
    "yang bergeser.",
    "Sesi": "Jumlah dari wawancara, menurut sesi dan sel kalibrasi. Biru: dikutip dari data.",
    "Pengali": "Angka kalibrasi setiap tingkat; faktor satu sel adalah hasil kalinya. Lembar "
    "Margin membuktikan bahwa angka ini benar.",
    "Faktor": "Faktor kalibrasi setiap sel. Lembar Margin membuktikan bahwa angka ini benar.",
    "Bobot": "Pengali bobot dasar di setiap ulangan: faktor, kali bagian yang masuk atau keluar.",
    "Margin": "Selisih relatif antara jumlah bobot dan jumlah yang diketahui, di setiap ulangan.",
    SHEET: "Siapa bertanya berapa banyak di sesi mana, dan bagian pengaruhnya yang belum termuat "
    "dalam beda antarsesi.",
    REPLICATES: "Taksiran bila satu sesi dikeluarkan, dan sumbangannya kepada ragam.",
}


def write_proof_book(results: Results, folder: Path) -> list[Path]:
    """Write the workbook where there is something to prove; else one of an earlier run goes.

    Raises
    ------
    PersepsiError
        As `placing` and `removed`.
    """
    path = folder / BOOK
    grids = sheets(results)
    if not grids:
        removed(path)
        return []
    return [write_bytes(path, workbook_of(grids, title=results.study.name))]


def sheets(results: Results) -> tuple[Grid, ...]:
    """The sheets of the workbook; none in an edition that leaves the office."""
    proof = results.proof
    if proof is None or results.edition != INTERNAL:
        return ()
    ctx = context(results, None)
    unit = measures.domain(ctx, Domain("unit", proof.unit))
    banner = "".join(ctx.banner or ())

    def lead(sheet: str) -> tuple[str, ...]:
        return (f"{sheet}: {unit}", f"{TOLD[sheet]} {banner}".strip())

    labels = tuple(measures.measure(ctx, *key[:2]) for key in proof.leaves)
    names = tuple(_name(measures.measure(ctx, *t.key[:2]), t.key[2]) for t in proof.targets)
    first = (summary_sheet(proof, lead("Ringkasan"), names),
             sums_sheet(proof, lead("Sesi"), labels))  # fmt: skip
    asked = tuple(
        askers_sheet(t.asked, i, lead(SHEET))
        for i, t in enumerate(proof.targets)
        if t.asked is not None
    )
    if not proof.margins:
        return (*first, scores_sheet(proof, lead(REPLICATES), labels, names), *asked)
    given = "Faktor" if proof.multipliers is None else "Pengali"
    return (
        *first,
        factors_sheet(proof, lead(given)),
        weights_sheet(proof, lead("Bobot")),
        margins_sheet(proof, lead("Margin")),
        replicates_sheet(proof, lead(REPLICATES), labels, names),
        *asked,
    )


def _name(label: str, category: str) -> str:
    return f"{label}: {category}" if category else label
