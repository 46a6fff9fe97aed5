"""Results to render: simulated people, the real questionnaire, the real analysis.

The draws are those of the study's simulated fieldwork; only the phones are left out, so that
the reports can be tested where there is no Java. Test data: no number describes a real unit.
"""

import dataclasses
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pandas as pd

from analysis.instrument import Choice, Instrument, Question
from pipeline.contacts import FieldRecord, read_plan
from pipeline.designed import analyze_designed
from pipeline.fieldwork.draw import work
from pipeline.fieldwork.parameters import read_parameters
from pipeline.plain import analyze_plain
from pipeline.questionnaire import read_instrument
from pipeline.results import Results
from pipeline.study import Study, open_study

SEED = 7


@cache
def instrument() -> Instrument:
    """The questionnaire of the study kendari."""
    return read_instrument(open_study("kendari").file("wawancara.xlsx"))


@cache
def kendari(
    empty_unit: str = "",
    unworked: str = "",
    single_session: str = "",
    few: str = "",
    name: str = "",
    selection: str = "probability",
    has_lines: bool = True,
    rho: float = 0.03,
) -> Results:
    """Results of six units; named units lose all, all but one session, or all but nine people.

    An `unworked` unit lost its sessions too. `name` replaces the name of the first unit, to see
    what hostile text becomes; `selection` takes the same people for a sample of another kind;
    `has_lines` keeps the thresholds; with `rho` 0 enumerators are left out of the intervals.
    """
    study = open_study("kendari")
    study = dataclasses.replace(
        study,
        design=dataclasses.replace(study.design, selection=selection, enumerator_rho=rho),
        thresholds=study.thresholds if has_lines else (),
    )
    if name:
        first = dataclasses.replace(study.units[0], name=name, short_name=name, sector=name)
        study = dataclasses.replace(study, units=(first, *study.units[1:]))
    contacts, sessions = _fieldwork()
    if empty_unit:
        contacts = contacts[~((contacts["unit_id"] == empty_unit) & _done(contacts))]
    if unworked:
        contacts = contacts[contacts["unit_id"] != unworked]
        kept = sessions["unit_id"] != unworked
        sessions = sessions.assign(
            **{c: sessions[c] & kept for c in ("worked", "opened", "closed")}
        )
    if single_session:
        here = sessions["unit_id"] == single_session
        keep = sessions.loc[here & sessions["worked"], "session_id"].iloc[0]
        lost = set(sessions.loc[here, "session_id"]) - {keep}
        contacts = contacts[~contacts["session_id"].isin(lost)]
        sessions = sessions.assign(worked=sessions["worked"] & ~sessions["session_id"].isin(lost))
    if few:
        here = contacts.index[(contacts["unit_id"] == few) & _done(contacts)]
        contacts = contacts.drop(index=here[9:])
    record = FieldRecord(contacts.reset_index(drop=True), sessions.reset_index(drop=True), ())
    return analyze_designed(
        study, record, instrument(), simulated=True, source="simulasi", notes=(), has_proof=True
    )


def _done(contacts: pd.DataFrame) -> pd.Series:
    return contacts["outcome"].isin(["1.1", "1.2"])


@cache
def foreign(selection: str = "volunteer") -> Results:
    """A survey from elsewhere: two closed questions, no codebook; with or without a design."""
    answers = ["ya"] * 61 + ["tidak"] * 44
    rows = pd.DataFrame(
        {
            "submission_id": [f"s{i:03}" for i in range(105)],
            "puas": answers,
            "saluran": ["telepon" if i % 3 else "loket surat" for i in range(105)],
            "bobot": [1.0 + (i % 4) / 2 for i in range(105)],
            "wilayah": [f"w{i % 12:02}" for i in range(105)],
        }
    )
    study = open_study("kendari")
    design = dataclasses.replace(
        study.design,
        selection=selection,
        stratum=(),
        weight="bobot" if selection == "probability" else "",
        psu="wilayah" if selection == "probability" else "",
    )
    plain = Study(
        id="asing", folder=Path("asing"), name="asing", place="", institution="", office="",
        timezone="Asia/Makassar", level=0.95, server=study.server, waves=(study.waves[0],),
        design=design, weights=study.weights, index=type(study.index)(), thresholds=(),
        publication=study.publication, report=type(study.report)(), officials=(), units=(),
        has_settings=False,
    )  # fmt: skip
    form = Instrument(
        "asing",
        "Survei pelanggan <air>",
        "1",
        ("",),
        (
            Question("puas", "puas", "select_one", {"": "Apakah Anda puas?"}, "yt"),
            Question("saluran", "saluran", "select_multiple", {"": "Lewat mana?"}, "saluran"),
            Question("catatan", "catatan", "text", {"": "Catatan"}),
        ),
        {
            "yt": (Choice("ya", {"": "Ya"}), Choice("tidak", {"": "Tidak"})),
            "saluran": tuple(Choice(c, {"": c.title()}) for c in ("telepon", "loket", "surat")),
        },
    )
    return analyze_plain(plain, rows, form, simulated=False, source="ekspor.json", notes=())


@cache
def _fieldwork() -> tuple[pd.DataFrame, pd.DataFrame]:
    study, form = open_study("kendari"), instrument()
    parameters = read_parameters(study, form)
    levels = {
        q.name: {int(score): code for code, score in form.scores_of(q).items()}
        for q in form.questions
        if q.skm
    }
    contacts, sessions = [], {}
    for worked in work(study, parameters, SEED):
        session = worked.plan["session_id"]
        sessions[session] = (worked.visitors, worked.minutes, worked.draw.k)
        for c in worked.contacts:
            given = {
                name: levels[name].get(int(value), None) if isinstance(value, int) else value
                for name, value in c.answers.items()
                if name in levels
            }
            rest = {n: v for n, v in c.answers.items() if n not in levels}
            contacts.append(
                {
                    "submission_id": f"{session}-{c.seq:03}",
                    "unit_id": worked.plan["unit_id"],
                    "session_id": session,
                    "enumerator_id": c.enumerator,
                    "seq": c.seq,
                    "selected_at": pd.Timestamp(worked.begin + timedelta(minutes=c.seq)),
                    "submitted_at": pd.Timestamp(datetime(2026, 10, 24, tzinfo=UTC)),
                    "outcome": c.outcome,
                    "obs_sex": c.sex,
                    "obs_age_band": c.age_band,
                    "jk": c.sex if c.outcome == "1.1" else None,
                    "umur_kel": c.age_band if c.outcome == "1.1" else None,
                    **given,
                    **rest,
                }
            )
    plan = read_plan(study)
    plan = plan[plan["cadangan"] != "ya"].reset_index(drop=True)
    known = plan["session_id"].map(sessions.get)
    plan["worked"] = known.notna()
    plan["opened"] = plan["worked"]
    plan["closed"] = plan["worked"]
    plan["cancelled"] = False
    numbers = [pair if pair else (float("nan"),) * 3 for pair in known]
    plan[["count", "covered_minutes", "k"]] = pd.DataFrame(numbers, index=plan.index, dtype=float)
    fields = {unit: parameters.fields[unit] for unit in parameters.fields}
    plan["count_method"] = plan["unit_id"].map(lambda u: fields[u].counting)
    plan["collector"] = plan["unit_id"].map(lambda u: fields[u].collector)
    plan["announced"] = plan["unit_id"].map(lambda u: fields[u].announced)
    plan["interference"] = ["ya" if i == 3 else "tidak" for i in range(len(plan))]
    plan["n_selected_tally"] = float("nan")
    plan["n_complete_tally"] = float("nan")
    return pd.DataFrame(contacts), plan
