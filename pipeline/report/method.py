"""How the numbers were made, in plain words, with every setting that moves them."""

from pipeline.editions import INTERNAL
from pipeline.report import accuracy, figures, notes, sentences, wording
from pipeline.report.basis import Basis
from pipeline.report.codebook import label_of
from pipeline.report.context import Context
from pipeline.report.field import announcement, collectors, sessions_of, visits, worked_of
from pipeline.report.listings import Fact, FactList, OfficialRow, OfficialTable
from pipeline.report.lookup import Domain
from pipeline.report.models import Section


def method(ctx: Context, domain: Domain) -> Section:
    """The method box."""
    study, basis = ctx.results.study, ctx.basis(domain)
    facts = [Fact("Batasan", notes.NOT_OPINI)] if study.institution else []
    if study.is_designed:
        facts += _designed(ctx, domain, basis)
    else:
        facts += [Fact("Sampel", _sample(basis)), *accuracy.of_totals(ctx, domain, basis)]
    facts += _rules(ctx, basis)
    if study.report.statistics_recommendation:
        facts.append(Fact("Rekomendasi statistik", study.report.statistics_recommendation))
    return Section(
        "metode",
        "Catatan metode",
        "Bagaimana angka ini dibuat dan apa yang tidak boleh disimpulkan darinya.",
        (FactList(tuple(facts)),),
    )


def _sample(basis: Basis) -> str:
    if basis.is_random:
        return (
            "Data membawa rancangan sampelnya sendiri (bobot, strata, dan kelompok); rentang "
            "dihitung dari rancangan itu."
        )
    return (
        f"{basis.kind.capitalize()}: yang menjawab tidak dipilih secara acak. Angka hanya "
        "menggambarkan mereka yang menjawab; tidak ada rentang dan tidak ada perbandingan."
    )


def _designed(ctx: Context, domain: Domain, basis: Basis) -> list[Fact]:
    study = ctx.results.study
    sessions = sessions_of(ctx, domain)
    unit = study.unit(domain.id)
    by = f"{collectors(sessions) or 'tidak dicatat'}; {announcement(sessions)}."
    if not worked_of(sessions):
        by = "Belum ada sesi yang terlaksana."
    facts = [
        Fact("Kapan", f"{ctx.period}, pada jam layanan."),
        Fact("Pengumpul data", by[:1].upper() + by[1:]),
    ]
    if unit is not None:
        sector = wording.SECTORS.get(unit.sector, unit.sector)
        facts.insert(0, Fact("Jenis layanan", sector[:1].upper() + sector[1:] + "."))
    if not basis.is_random:
        weight = "Tidak ditimbang; setiap jawaban dihitung sama."
        return [*facts, Fact("Siapa", _sample(basis)), Fact("Bobot", weight)]
    who = (
        "Pengguna berumur 18 tahun ke atas yang keluar dari unit, dipilih setiap orang ke-k; "
        "pegawai unit tidak diwawancarai. Penolakan dan yang terlewat ikut dicatat."
    )
    return [*facts, Fact("Siapa", who), *accuracy.facts(ctx, domain, basis)]


def _rules(ctx: Context, basis: Basis) -> list[Fact]:
    study = ctx.results.study
    facts = []
    if study.index.dimensions:
        names = ", ".join(label_of(study, d).lower() for d in study.index.dimensions)
        facts.append(
            Fact(
                study.index.name or "Indeks",
                f"Versi {study.index.version}. Rata-rata dari {len(study.index.dimensions)} "
                f"dimensi: {names}. Responden dihitung bila menjawab sedikitnya "
                f"{figures.percent(study.index.minimum_answered)} butir.",
            )
        )
    facts += _lines(ctx, basis)
    facts.append(Fact("Aturan cetak", _printing(ctx, basis)))
    if study.is_designed:
        facts.append(Fact("Pengalaman", f"{notes.ACCOUNT} {notes.RECALL}"))
    return facts


def _lines(ctx: Context, basis: Basis) -> list[Fact]:
    study = ctx.results.study
    bar = figures.percent(study.publication.bar)
    judged = (
        "Peluang dihitung dengan model bertingkat yang memperhitungkan keragaman semua unit; "
        f"disimpulkan bila mencapai {bar}."
    )
    if not basis.is_random:
        judged = f"Tempat terhadap garis ini tidak disimpulkan dari {basis.kind}."
    return [
        Fact(
            f"Garis {line.label or figures.number(line.value)}",
            f"{line.source[:1].upper() + line.source[1:]}. {judged}" if line.source else judged,
        )
        for line in study.thresholds
        if line.measure == study.index.id
    ]


def _printing(ctx: Context, basis: Basis) -> str:
    rules = ctx.results.study.publication
    least = f"Kurang dari {rules.minimum_n} jawaban: tidak ada angka."
    if ctx.results.edition != INTERNAL:
        least += notes.FEW
    if not basis.is_random:
        return f"{least} Sampai {rules.caution_n - 1} jawaban: dalam kurung siku."
    judged = "Perbandingan dan tempat terhadap batas" if basis.has_lines else "Perbandingan"
    units = (
        f" {judged}: dari {rules.verdict_sessions} sesi dengan ketelitian setara "
        f"{figures.number(rules.verdict_n_eff)} jawaban acak."
        if basis.has_units
        else ""
    )
    return (
        f"{least} Sampai {rules.caution_n - 1} jawaban, kurang dari {rules.interval_sessions} "
        "sesi, atau rentang yang lebar dibanding nilainya: dalam kurung siku, tanpa "
        f"perbandingan.{units}"
    )


def officials(ctx: Context, domain: Domain) -> Section | None:
    """Scores that others published, with their words and source; never mixed with ours."""
    study = ctx.results.study
    rows = tuple(
        OfficialRow(
            instrument=o.instrument,
            year=str(o.year),
            score=figures.number(o.score, 2),
            words=o.category,
            source=o.source,
            unit=_unit_name(ctx, o.unit_id),
        )
        for o in study.officials
        if domain.type != "unit" or o.unit_id == domain.id
    )
    if not rows:
        return None
    return Section(
        "resmi",
        "Nilai yang diterbitkan pihak lain",
        notes.OFFICIALS_LEAD,
        (OfficialTable("Nilai resmi terdahulu", rows, has_units=domain.type != "unit"),),
        (notes.OFFICIALS,),
    )


def _unit_name(ctx: Context, unit_id: str) -> str:
    unit = ctx.results.study.unit(unit_id)
    return unit.short_name if unit else unit_id


def footer(ctx: Context) -> tuple[str, ...]:
    """Edition, source and contact at the end of a page."""
    study = ctx.results.study
    edition = f" Edisi {study.report.edition}." if study.report.edition else ""
    lines = [f"{study.institution or study.name}.{edition}"]
    if study.has_settings:
        lines[0] += f" Gelombang {ctx.results.wave}."
    if study.report.contact:
        lines.append(f"Tanya jawab tentang laporan ini: {study.report.contact}.")
    if study.report.complaint:
        lines.append(f"{study.report.complaint}.")
    lines.append(f"Sumber data: {_source(ctx)}.")
    return tuple(lines)


def _source(ctx: Context) -> str:
    """Where the data come from; never an address, which may differ from run to run."""
    server = ctx.results.study.server
    if ctx.results.simulated:
        return "simulasi"
    return "berkas ekspor" if server.kind == "export" else f"server {server.id}"


def head_facts(ctx: Context, domain: Domain, n: int) -> tuple[Fact, ...]:
    """The line under the title."""
    if not ctx.results.study.is_designed:
        return (Fact("Responden", sentences.counted(n, "orang")),)
    return (
        Fact("Masa survei", ctx.period),
        Fact("Responden", sentences.counted(n, "pengguna layanan")),
    )


def provenance(ctx: Context, domain: Domain) -> str:
    """The line below the answer: who collected the data, announced or not."""
    if not ctx.results.study.is_designed:
        return ""
    sessions = sessions_of(ctx, domain)
    if not worked_of(sessions):
        return sentences.NOT_COLLECTED
    return sentences.collected(collectors(sessions), visits(sessions))
