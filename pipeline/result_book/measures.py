"""What domains and measures are called in a table."""

from pipeline.report import codebook, wording
from pipeline.report.context import Context
from pipeline.report.lookup import CITY, CITY_MEAN, Domain

KINDS = {
    "indeks": "Indeks",
    "dimensi": "Dimensi",
    "indikator": "Indikator",
    "kepercayaan": "Kepercayaan",
    "bentuk": "Bentuk maladministrasi",
    "skm": "SKM",
    "pengaduan": "Alur pengaduan",
    "layanan": "Keadaan layanan",
    "topline": "Jawaban",
}
IKM = "Indeks Kepuasan Masyarakat (IKM)"
ANY = "Sedikitnya satu bentuk"


def domains(ctx: Context) -> tuple[Domain, ...]:
    """Units in the order of the study, then the city in both ways, where they have estimates."""
    present = ctx.lookup.domains("unit")
    order = {unit.unit_id: i for i, unit in enumerate(ctx.results.study.units)}
    units = sorted(present, key=lambda code: (order.get(code, len(order)), present.index(code)))
    whole = [d for d in (CITY, CITY_MEAN) if ctx.lookup.selection(d)]
    return (*(Domain("unit", code) for code in units), *whole)


def domain(ctx: Context, of: Domain) -> str:
    """A unit by its name; the city by how its units are brought together."""
    if of.type == "unit":
        unit = ctx.results.study.unit(of.id)
        return unit.name if unit else wording.shown(of.id)
    basis = ctx.basis(of)
    place = ctx.results.study.place or "Semua unit"
    if not basis.has_units:
        return place if ctx.results.study.place else "Semua"
    return f"{place} ({basis.pooled})" if of == CITY else f"{place} (rata-rata unit)"


def measure(ctx: Context, kind: str, name: str) -> str:
    """A measure as pages call it."""
    study = ctx.results.study
    if kind == "indeks":
        return study.index.name or "Indeks"
    if kind == "bentuk":
        labels = {b.id: b.label for b in ctx.bentuk}
        return ANY if name == "any" else labels.get(name, name)
    if kind == "skm":
        return IKM if name == "ikm" else wording.UNSUR.get(name, name.capitalize())
    if kind in ("pengaduan", "layanan"):
        table = wording.PENGADUAN if kind == "pengaduan" else wording.LAYANAN
        label, gloss = table.get(name, (name, ""))
        return f"{label} ({gloss})" if gloss else label
    if kind == "topline" and name in ctx.results.instrument:
        return wording.question_label(ctx.results.instrument, ctx.results.instrument[name])
    return codebook.label_of(study, name)
