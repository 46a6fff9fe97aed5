"""How weights and intervals were made, in plain words: calibration, variance, enumerators."""

from collections.abc import Iterable, Sequence

from pipeline.report import figures, wording
from pipeline.report.basis import VISITS, Basis
from pipeline.report.context import Context
from pipeline.report.grouped import Printed
from pipeline.report.listings import Fact
from pipeline.report.lookup import Domain
from pipeline.results import CalibrationReport

SOURCES = 2
"""Sources of known totals named one by one."""
WITHOUT_ENUMERATORS = "Beda cara bertanya antarpewawancara tidak termasuk dalam rentang"
"""What every sheet of paper says where a study leaves enumerators out."""


def facts(ctx: Context, domain: Domain, basis: Basis) -> list[Fact]:
    """The entries of the method box for a probability sample."""
    found = [Fact("Bobot", _weights(ctx, basis))]
    report = ctx.results.calibration
    if report is not None:
        found.append(Fact("Angka kunjungan", _calibration(ctx, domain, report, basis)))
    found.append(Fact("Rentang", _interval(ctx, domain, report)))
    found.append(Fact("Pewawancara dan rentang", _enumerators(ctx, domain)))
    return found


def of_totals(ctx: Context, domain: Domain, basis: Basis) -> list[Fact]:
    """The entry on known totals of a study that brings its own design; none without them."""
    report = ctx.results.calibration
    if report is None:
        return []
    return [
        Fact("Angka yang diketahui", _calibration(ctx, domain, report, basis)),
        Fact("Rentang", _interval(ctx, domain, report)),
    ]


def _weights(ctx: Context, basis: Basis) -> str:
    trim = figures.number(ctx.results.study.weights.trim)
    text = (
        f"Setiap jawaban ditimbang agar mewakili semua {basis.noun} selama masa survei: menurut "
        "banyaknya blok waktu, bagian blok yang dijaga, pengunjung yang lewat per orang terpilih, "
        "dan penolakan."
    )
    if basis.noun != VISITS:
        text += (
            " Bobot lalu dibagi banyaknya kunjungan orang itu, karena yang sering datang lebih "
            "mudah terpilih."
        )
    return f"{text} Bobot dibatasi sampai {trim} kali median unit."


def _calibration(ctx: Context, domain: Domain, report: CalibrationReport, basis: Basis) -> str:
    settings = ctx.results.study.calibration
    labels = settings.labels if settings else {}
    names = [
        " dan ".join(labels.get(part, part) for part in margin.split(":"))
        for margin in report.margins
    ]
    met = report.convergence.levels
    by_unit = met["margin"].str.startswith("unit_id:")
    if domain.type == "unit" and by_unit.all() and not _speaks_of(domain.id, met["level"]):
        return (
            "Unit ini tidak memberi jumlah yang diketahui, jadi bobot jawabannya tidak "
            "disesuaikan; yang disesuaikan hanya bobot unit lain."
        )
    per_unit = ", unit demi unit," if by_unit.any() else ""
    noun = basis.noun if ctx.results.study.is_designed else "orang"
    text = (
        f"Bobot disesuaikan agar jumlahnya{per_unit} sama dengan banyaknya {noun} yang "
        f"diketahui menurut {_and(names)}. Sumber: {_sources(report.sources)}."
    )
    own = f"{domain.id}:" if domain.type == "unit" and per_unit else ""
    if any(" + " in level and own in level for level in report.convergence.levels["level"]):
        minimum = settings.minimum if settings else 0
        text += (
            f" Kelompok dengan kurang dari {minimum} wawancara digabung dengan kelompok di "
            "sebelahnya."
        )
    if report.simulated:
        text += " Angka kunjungan ini dibuat program, seperti seluruh data di halaman ini."
    return text


def _speaks_of(unit: str, levels: Iterable[str]) -> bool:
    """Whether a level, or one of those merged in it, is of that unit."""
    return any(part.startswith(f"{unit}:") for level in levels for part in level.split(" + "))


def _interval(ctx: Context, domain: Domain, report: CalibrationReport | None) -> str:
    group = "sesi" if ctx.results.study.is_designed else "kelompok"
    if report is None:
        how = "taksiran Taylor dengan sesi sebagai kelompok"
    elif report.replicated:
        how = (
            f"setiap {group} dikeluarkan satu per satu dan bobot disesuaikan ulang setiap kali "
            "(jackknife)"
        )
    else:
        how = "taksiran Taylor dari sisa yang tidak dijelaskan oleh penyesuaian bobot"
    text = (
        f"Rentang keyakinan {ctx.level} dari ragam antar{group}: {how}; sebaran t untuk nilai, "
        "Wilson untuk persen."
    )
    unit = ctx.results.study.unit(domain.id)
    if domain.type == "unit" and unit is not None and unit.census:
        text = (
            f"Rentang keyakinan {ctx.level}: semua blok layanan unit ini dijaga, jadi rentang "
            "hanya memuat ketidakpastian karena sebagian pengunjung tidak terwawancara; sebaran t "
            "untuk nilai, Wilson untuk persen."
        )
    printed = _printed(ctx, domain)
    if report is not None and report.replicated and printed.count:
        if printed.fallen:
            text += (
                f" Untuk {printed.fallen} dari {printed.count} angka penyesuaian ulang tidak "
                f"mungkin tanpa salah satu {group}; di situ dipakai taksiran Taylor."
            )
        text += (
            f" Taksiran kedua (Taylor) menjadi pembanding; {_many(printed.apart, printed.count)} "
            "berbeda lebih dari 10%."
        )
    return (
        f"{text} Rentang hanya memuat ketidakpastian karena sampel, bukan salah ingat atau rasa "
        "sungkan."
    )


def _enumerators(ctx: Context, domain: Domain) -> str:
    rho = ctx.results.study.design.enumerator_rho
    if not rho:
        return f"{WITHOUT_ENUMERATORS}, jadi rentang dapat terlalu sempit."
    printed = _printed(ctx, domain)
    text = "Beda cara bertanya antarpewawancara termasuk dalam rentang."
    if printed.assumed:
        text += (
            f" Untuk {printed.assumed} dari {printed.count} angka, pewawancara yang bergilir "
            f"terlalu sedikit untuk mengukurnya, jadi dipakai anggapan: korelasi "
            f"{figures.number(rho, 2)} antara jawaban kepada pewawancara yang sama."
        )
    return text


def _printed(ctx: Context, domain: Domain) -> Printed:
    return ctx.grouped.printed.get(domain, Printed())


def _many(count: int, of: int) -> str:
    return f"{count} dari {of} angka" if count else "tidak satu angka pun"


def _and(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} dan {names[-1]}" if len(names) > 1 else "".join(names)


def _sources(sources: Sequence[str]) -> str:
    if not sources:
        return "tidak disebutkan"
    named = "; ".join(wording.shown(text) for text in sources[:SOURCES])
    return f"{named}; dan {len(sources) - SOURCES} lainnya" if len(sources) > SOURCES else named
