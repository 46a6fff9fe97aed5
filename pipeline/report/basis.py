"""What kind of sample stands behind the numbers of a domain, and the words that follow from it.

Only a probability sample has intervals, weights, comparisons and a mutu. Every builder asks the
basis of its domain before it says one of them.
"""

from dataclasses import dataclass

from pipeline.report import wording

RANDOM = "probability"
VISITS, USERS, ANSWERED = "kunjungan", "pengguna", "orang yang menjawab"


@dataclass(frozen=True)
class Basis:
    """Selection, estimand and domain, as far as they decide words.

    `level` is the confidence level as printed (`95%`); `has_units` says whether the study
    reports on units, `has_lines` whether it has configured thresholds.
    """

    domain_type: str = "unit"
    selection: str = RANDOM
    estimand: str = "visits"
    level: str = "95%"
    has_units: bool = True
    has_lines: bool = True

    @property
    def is_random(self) -> bool:
        """Whether respondents were drawn by chance, so that there are intervals."""
        return self.selection == RANDOM

    @property
    def kind(self) -> str:
        """The sample in two words, for a reason: `sampel kuota`."""
        return wording.KINDS.get(self.selection, self.selection)

    @property
    def noun(self) -> str:
        """What a hundred are counted of: visits, users, or only those who answered."""
        if not self.is_random:
            return ANSWERED
        return VISITS if self.estimand == "visits" else USERS

    @property
    def pooled(self) -> str:
        """How the city brings all answers together, after a colon or a comma."""
        if not self.is_random:
            return "semua jawaban digabung"
        return f"menurut {self.noun}"

    @property
    def here(self) -> str:
        """The unit or units that the domain speaks of."""
        if not self.has_units:
            return "layanan ini"
        return "unit ini" if self.domain_type == "unit" else "unit-unit ini"

    @property
    def is_judged(self) -> bool:
        """Whether the page may put a unit beside the others."""
        return self.is_random and self.domain_type == "unit" and self.has_units

    def caption(self, text: str) -> str:
        """Caption of a table, naming the interval where there is one."""
        return f"{text}, dengan rentang keyakinan {self.level}" if self.is_random else text

    @property
    def notes(self) -> tuple[str, ...]:
        """How the units are brought together in a domain of several."""
        if not self.has_units:
            return ()
        if self.domain_type == "city" and self.is_random:
            pooled = self.pooled[:1].upper() + self.pooled[1:]
            return (f"{pooled}: unit yang ramai berbobot lebih besar.",)
        table = wording.BASIS if self.is_random else wording.BASIS_UNWEIGHTED
        return table[self.domain_type]

    @property
    def key_note(self) -> str:
        """The same as the end of a key figure's sentence."""
        if not self.has_units or self.domain_type == "unit":
            return ""
        if self.domain_type == "city_mean":
            return " Rata-rata unit."
        return f" {self.pooled[:1].upper() + self.pooled[1:]}."

    def count(self, share: str, span: str, verb: str) -> str:
        """A natural frequency as the start of a sentence.

        `Pada kira-kira 31 dari 100 kunjungan (...), pengunjung <verb>` for visits, else
        `Kira-kira 31 dari 100 pengguna (...) <verb>`.
        """
        about = share if not share[:1].isdigit() else f"kira-kira {share}"
        if self.noun == VISITS:
            return f"Pada {about} dari 100 kunjungan{span}, pengunjung {verb}"
        return f"{about[:1].upper() + about[1:]} dari 100 {self.noun}{span} {verb}"
