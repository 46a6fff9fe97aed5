"""What the publication sheet says: its sentences, and when a mutu may stand on a wall.

A sheet is read without the report beside it. So a letter is given only where the whole interval
lies in it; the rule is stricter than that of the table in the report.
"""

from pipeline.report import figures, frequencies, notes, wording
from pipeline.report.basis import Basis
from pipeline.report.listings import ProfileGroup
from pipeline.report.lookup import Estimate
from pipeline.report.poster_parts import Badge
from pipeline.report.verdicts import mutu, no_mutu

THANKS = (
    "Terima kasih atas penilaian Anda. Masukan Anda membantu kami memperbaiki dan meningkatkan "
    "pelayanan."
)
"""The closing words that sheets of the Survei Kepuasan Masyarakat have."""
NOT_OPINI = (
    "Ini bukan Opini Ombudsman RI. Mutu IKM menurut tabel Permenpan RB 14/2017; indeks lain tidak "
    "diberi huruf."
)
BRACKETS = "Angka dalam kurung siku dibaca dengan hati-hati: sampelnya kecil atau rentangnya lebar."
LONG, LONGEST = 60, 120
"""Letters of a unit's name from which it is set smaller."""


def badge(ikm: Estimate) -> Badge | None:
    """The mutu, where the sample is large enough and the whole interval lies in one letter."""
    if ikm.flag != "published" or ikm.value is None or ikm.low is None or ikm.high is None:
        return None
    lowest, highest = mutu(max(ikm.low, 25.0)), mutu(min(ikm.high, 100.0))
    return Badge(*mutu(ikm.value)) if lowest == highest else None


def unsettled(ikm: Estimate, basis: Basis) -> str:
    """Why there is no letter."""
    if ikm.low is None or ikm.high is None:
        return no_mutu(ikm, basis)
    if ikm.flag != "published":
        return f"Mutu tidak ditetapkan: {wording.reasons(ikm.reasons, 1) or 'sampelnya kecil'}."
    lowest, highest = mutu(max(ikm.low, 25.0))[0], mutu(min(ikm.high, 100.0))[0]
    return f"Mutu belum pasti: rentangnya meliputi {lowest} sampai {highest}."


def sentences(
    ikm: Estimate | None, anyone: Estimate | None, interviews: int, basis: Basis
) -> tuple[str, ...]:
    """At most three: where the IKM may lie, what people met, and who was asked."""
    found = []
    if ikm is not None and ikm.is_shown and ikm.low is not None and ikm.high is not None:
        found.append(
            "Bila semua pengguna ditanya dengan cara yang sama, IKM kemungkinan besar "
            f"{figures.between(ikm.low, ikm.high, 2)}."
        )
    if anyone is not None and anyone.is_shown and not anyone.is_careful:
        found.append(frequencies.how_many(anyone, frequencies.ANY, basis))
    if basis.is_random:
        found.append(
            f"Angka ini berasal dari {figures.number(interviews)} wawancara dengan pengguna yang "
            "dipilih acak menurut urutan keluar."
        )
    else:
        found.append(notes.not_random(basis))
    return tuple(found)


def counted(group: ProfileGroup) -> str:
    """How many respondents each group had: `Perempuan 100; Laki-laki 80`."""
    text = "; ".join(f"{row.label} {row.count}" for row in group.rows)
    hidden = any(row.count == figures.DASH for row in group.rows)
    return f"{text} ({figures.DASH} disamarkan)" if hidden else text


def size(name: str) -> str:
    """How small the name of a unit is set."""
    longest_word = max((len(word) for word in name.split()), default=0)
    if len(name) > LONGEST or longest_word > 34:
        return "longest"
    return "long" if len(name) > LONG or longest_word > 22 else ""
