"""Sections that put something beside what citizens say: own scores, what was seen, the reply."""

from collections.abc import Mapping

from analysis.changes import FIRST, PREVIOUS
from pipeline.replies import Action, Reply
from pipeline.report import beside_said as said
from pipeline.report import codebook, wording
from pipeline.report.cells import UNSUR, Style, cell
from pipeline.report.context import Context
from pipeline.report.finding_parts import Evidence, FindingTable, Quotation
from pipeline.report.listings import Fact, FactList
from pipeline.report.lookup import Domain, Estimate, real, records, text, whole
from pipeline.report.models import Section

THINGS: Mapping[str, tuple[tuple[str, str], Mapping[str, str]]] = {
    "Syarat, biaya, dan waktu mudah diketahui": (
        ("indikator", "transparansi"),
        {
            "o_syarat": "syarat dan alur terpampang",
            "o_biaya": "biaya terpampang",
            "o_waktu": "jangka waktu terpampang",
        },
    ),
    "Tahu ke mana mengadu": (
        ("pengaduan", "tahu"),
        {
            "o_aduan": "tempat pengaduan mudah ditemukan",
            "o_aduan_petugas": "petugas pengaduan ada di tempat",
        },
    ),
    "Sarana dan prasarana": (
        ("skm", "sarana"),
        {
            "o_kursi": "tempat duduk cukup",
            "o_landai": "kursi roda dapat masuk",
            "o_toilet": "toilet bagi pengguna kursi roda",
            "o_prioritas": "loket khusus kelompok rentan",
            "o_pandu": "petunjuk bagi yang sulit melihat atau mendengar",
        },
    ),
    "Kesopanan dan keramahan petugas": (
        ("skm", "perilaku"),
        {"o_ponsel": "petugas memakai ponsel untuk urusan pribadi saat melayani"},
    ),
}
"""What citizens are asked, and the observations that speak of the same thing (form `sesi`)."""

UNLIKE = (
    "Unit menilai dokumen dan sarana yang ada; pengguna menilai yang mereka alami. Selisih "
    "menunjukkan di mana keduanya berbeda, bukan siapa yang benar. Rentang selisih adalah rentang "
    "nilai pengguna, tiap dimensi sendiri-sendiri."
)
SEEN = (
    "Diamati pewawancara saat membuka sesi; yang tidak dapat dilihat dari luar tidak dihitung. "
    "Jumlah sesi bukan taksiran, jadi tanpa rentang."
)


def own_scores(ctx: Context, domain: Domain) -> Section | None:
    """The unit's self-assessment by dimension, beside the citizens' value of the same."""
    table = ctx.results.self_assessments
    if table.empty:
        return None
    own = table[(table["unit_id"] == domain.id) & (table["measure_type"] == "dimensi")]
    rows, sides = [], []
    for row in records(own):
        name = text(row["measure"])
        e = ctx.lookup.get(domain, "dimensi", name)
        mine, theirs = real(row["own"]), real(row["verified"])
        label = codebook.label_of(ctx.results.study, name)
        rows.append(Evidence(label, *_value(e, ctx.score), said.own_score(mine, theirs, e)))
        sides.append(_side(mine, e))
    if not rows:
        return None
    period = text(own["period"].iloc[0])
    heads = ("Dimensi", "Pengguna (rentang)", "Penilaian sendiri")
    caption = f"Penilaian sendiri {wording.shown(period)}".strip()
    return Section(
        "mandiri",
        "Penilaian sendiri dan kata pengguna",
        said.own_lead(*(sides.count(side) for side in ("higher", "lower", "same"))),
        (FindingTable(caption, tuple(rows), heads),),
        (UNLIKE,),
    )


def _value(e: Estimate | None, style: Style) -> tuple[str, str]:
    """Value and interval as the tables print them, or why there is none."""
    shown = cell(e, style)
    return (shown.reason, "") if shown.state == "withheld" else (shown.figure, shown.aside)


def _side(own: float | None, e: Estimate | None) -> str:
    if own is None or e is None or not e.is_shown or e.low is None or e.high is None:
        return ""
    if e.low <= own <= e.high:
        return "same"
    return "higher" if own > e.high else "lower"


def observations(ctx: Context, domain: Domain) -> Section | None:
    """What enumerators saw at the unit, beside what its users say of the same thing."""
    table = ctx.results.observations
    if table.empty:
        return None
    own = {
        text(row["question"]): (whole(row["seen"]), whole(row["yes"]))
        for row in records(table[table["unit_id"] == domain.id])
    }
    rows = []
    for label, ((kind, measure), things) in THINGS.items():
        found = [(words, *own[name]) for name, words in things.items() if name in own]
        e = ctx.lookup.get(domain, kind, measure)
        if not found or e is None:
            continue
        style = {"pengaduan": ctx.share, "skm": UNSUR}.get(kind, ctx.score)
        rows.append(Evidence(label, *_value(e, style), said.seen(found)))
    if not rows:
        return None
    heads = ("Kata pengguna", "Nilai (rentang)", "Yang terlihat")
    return Section(
        "amatan",
        "Kata pengguna dan yang terlihat",
        "Hal yang sama dari dua sisi: jawaban pengguna dan yang dilihat pewawancara di tempat.",
        (FindingTable("Pengguna dan pengamatan", tuple(rows), heads),),
        (SEEN,),
    )


def reply(ctx: Context, domain: Domain) -> Section | None:
    """What the unit replied to the report and plans to do, newest first; nothing without one."""
    order = [wave.id for wave in ctx.results.study.waves]
    order = order[: order.index(ctx.results.wave) + 1] if ctx.results.wave in order else order
    own = [r for r in ctx.results.replies if r.unit_id == domain.id and r.wave in order]
    own.sort(key=lambda r: order.index(r.wave), reverse=True)
    if not own:
        return None
    parts: list[Quotation | FactList] = []
    for one in own:
        lines = [wording.shown(line) for line in one.reply.splitlines()]
        head = said.replied(wording.shown(one.office), one.date) if one is not own[0] else ""
        parts.append(Quotation(tuple(p for p in (head, *lines) if p)))
        if one.plan:
            parts.append(FactList(tuple(_action(ctx, domain, one, a) for a in one.plan)))
    return Section(
        "jawab",
        "Hak jawab unit",
        said.replied(wording.shown(own[0].office), own[0].date),
        tuple(parts),
        ("Isi tanggapan adalah tanggung jawab unit, bukan hasil survei ini.",),
    )


def _action(ctx: Context, domain: Domain, one: Reply, action: Action) -> Fact:
    words = wording.shown(action.action)
    words = words if words.endswith((".", "!", "?")) else f"{words}."
    if action.measure and one.wave != ctx.results.wave:
        label = codebook.label_of(ctx.results.study, action.measure)
        waves = ctx.waves.changes if ctx.waves is not None else {}
        known = (waves.get((domain, "indikator", action.measure, s)) for s in (PREVIOUS, FIRST))
        change = next((c for c in known if c is not None and c.before == one.wave), None)
        words = f"{words} {said.since(label, change)}"
    return Fact(said.planned(wording.shown(action.office), action.by), words)
