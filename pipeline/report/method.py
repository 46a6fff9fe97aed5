"""How the numbers were made, in plain words, with every setting that moves them."""

from pipeline.report import figures, sentences, wording
from pipeline.report.codebook import label_of
from pipeline.report.context import Context
from pipeline.report.listings import Fact, FactList, OfficialRow, OfficialTable
from pipeline.report.lookup import Domain
from pipeline.report.models import Section
from pipeline.report.quality import announcement, collectors, sessions_of


def method(ctx: Context, domain: Domain) -> Section:
    """The method box."""
    study = ctx.results.study
    facts = [Fact("Bukan apa", wording.NOT_OPINI)] if study.institution else []
    if study.is_designed:
        facts += _designed(ctx, domain)
    else:
        facts.append(Fact("Sampel", _sample(study.design.selection)))
    facts += _rules(ctx)
    if study.report.statistics_recommendation:
        facts.append(Fact("Rekomendasi statistik", study.report.statistics_recommendation))
    return Section(
        "metode",
        "Catatan metode",
        "Bagaimana angka ini dibuat dan apa yang tidak boleh disimpulkan darinya.",
        (FactList(tuple(facts)),),
    )


def _sample(selection: str) -> str:
    if selection == "probability":
        return (
            "Data membawa rancangan sampelnya sendiri (bobot, strata, dan kelompok); rentang "
            "dihitung dari rancangan itu."
        )
    kind = "kuota" if selection == "quota" else "sukarela"
    return (
        f"Sampel {kind}: yang menjawab tidak dipilih secara acak. Angka hanya menggambarkan "
        "mereka yang menjawab; tidak ada rentang dan tidak ada perbandingan."
    )


def _designed(ctx: Context, domain: Domain) -> list[Fact]:
    study = ctx.results.study
    sessions = sessions_of(ctx, domain)
    return [
        Fact("Kapan", f"{ctx.period}, pada jam layanan."),
        Fact("Pengumpul data", f"{collectors(sessions)}; {announcement(sessions)}."),
        Fact(
            "Siapa",
            "Pengguna berumur 18 tahun ke atas yang keluar dari unit, dipilih setiap orang ke-k; "
            "pegawai unit tidak diwawancarai. Penolakan dan yang terlewat ikut dicatat.",
        )
        if study.design.selection == "probability"
        else Fact("Siapa", _sample(study.design.selection)),
        Fact(
            "Bobot",
            "Setiap jawaban ditimbang agar mewakili semua "
            + ("kunjungan" if study.weights.estimand == "visits" else "pengguna")
            + " selama masa survei: menurut banyaknya blok waktu, bagian blok yang dijaga, "
            "pengunjung yang lewat per orang terpilih, dan penolakan. Bobot dibatasi sampai "
            f"{figures.number(study.weights.trim)} kali median unit.",
        ),
        Fact(
            "Rentang",
            f"Rentang keyakinan {ctx.level} dari ragam antarsesi: taksiran Taylor dengan sesi "
            "sebagai kelompok; sebaran t untuk nilai, Wilson untuk persen. Rentang hanya memuat "
            "ketidakpastian karena sampel, bukan salah ingat atau rasa sungkan.",
        ),
    ]


def _rules(ctx: Context) -> list[Fact]:
    study, rules = ctx.results.study, ctx.results.study.publication
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
    for line in study.thresholds:
        if line.measure == study.index.id:
            label = line.label or figures.number(line.value)
            facts.append(
                Fact(
                    f"Garis {label}",
                    f"{line.source[:1].upper() + line.source[1:]}. Peluang dihitung dengan "
                    "model bertingkat yang memperhitungkan keragaman semua unit; disimpulkan "
                    f"bila mencapai {figures.percent(rules.bar)}.",
                )
            )
    if study.design.selection != "probability":
        return [
            *facts,
            Fact("Aturan cetak", f"Kurang dari {rules.minimum_n} jawaban: tidak ada angka."),
        ]
    facts.append(
        Fact(
            "Aturan cetak",
            f"Kurang dari {rules.minimum_n} jawaban: tidak ada angka. Sampai "
            f"{rules.caution_n - 1} jawaban, atau kurang dari {rules.interval_sessions} sesi: "
            "dalam kurung siku, tanpa perbandingan. Perbandingan dan tempat terhadap batas: dari "
            f"{rules.verdict_sessions} sesi dengan ketelitian setara "
            f"{figures.number(rules.verdict_n_eff)} jawaban acak.",
        )
    )
    if study.is_designed:
        facts.append(Fact("Pengalaman", f"{wording.ACCOUNT} {wording.RECALL}"))
    return facts


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
        wording.OFFICIALS_LEAD,
        (OfficialTable("Nilai resmi terdahulu", rows, has_units=domain.type != "unit"),),
        (wording.OFFICIALS_NOTE,),
    )


def _unit_name(ctx: Context, unit_id: str) -> str:
    unit = ctx.results.study.unit(unit_id)
    return unit.short_name if unit else unit_id


def footer(ctx: Context) -> tuple[str, ...]:
    """Edition, source and contact at the end of a page."""
    study = ctx.results.study
    edition = f"Edisi {study.report.edition}" if study.report.edition else "Edisi 1"
    if ctx.issued:
        edition += f", {figures.day(ctx.issued)}"
    lines = [f"{study.institution or study.name}. {edition}."]
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
    facts = []
    if ctx.results.study.is_designed:
        sessions = sessions_of(ctx, domain)
        facts.append(Fact("Masa survei", ctx.period))
        facts.append(Fact("Responden", sentences.counted(n, "pengguna layanan")))
        facts.append(Fact("Pengumpul data", collectors(sessions)))
        facts.append(Fact("Pemberitahuan", announcement(sessions)))
    else:
        facts.append(Fact("Responden", sentences.counted(n, "orang")))
    if ctx.issued:
        facts.append(Fact("Terbit", figures.day(ctx.issued)))
    return tuple(facts)
