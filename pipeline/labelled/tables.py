"""The tables of a study with their variables: estimates, sessions, contacts, interviews.

Respondents' rows hold answers to closed questions and numbers only. Free text, devices, tickets and
what a form calculates for itself stay in the store: no statistic needs them, and a file travels.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

import pandas as pd

from analysis.instrument import Instrument, Question
from pipeline.errors import StudyError
from pipeline.labelled import wordings
from pipeline.labelled.variables import Kind, Table, Variable, named, numbered
from pipeline.outputs import printed
from pipeline.report import wording
from pipeline.report.context import context
from pipeline.report.lookup import Domain
from pipeline.result_book import measures
from pipeline.results import Results
from pipeline.typed_answers import kind_of

ESTIMATES, SESSIONS, CONTACTS, INTERVIEWS = "estimates", "sessions", "contacts", "interviews"
TABLES = (ESTIMATES, SESSIONS, CONTACTS, INTERVIEWS)
RESPONDENTS = (SESSIONS, CONTACTS, INTERVIEWS)
"""Tables of single people and single sessions: they stay in the office."""

INTERVIEWED = ("1.1", "1.2")


def table_of(results: Results, name: str) -> Table:
    """The table of that name, all waves below each other.

    `results` are those of an edition for the estimates, and as analysed for the others.

    Raises
    ------
    StudyError
        Where there is no table of that name, or the study has none.
    """
    makers: Mapping[str, Callable[[Results], Table]] = {
        ESTIMATES: _estimates, SESSIONS: _sessions, CONTACTS: _contacts, INTERVIEWS: _interviews,
    }  # fmt: skip
    if name not in makers:
        raise StudyError(f"There is no table {name!r}. Choose one of {', '.join(TABLES)}.")
    made = makers[name](results)
    if made.frame.empty:
        raise StudyError(
            f"{results.study.id} has no rows for the table {name}, so there is nothing to export. "
            "Sessions need a session plan; interviews need submissions."
        )
    return made


def _waves(results: Results) -> tuple[Results, ...]:
    return (*(results.trend.earlier if results.trend else ()), results)


def _estimates(results: Results) -> Table:
    ctx = context(results, None)
    frame = printed(results.estimates if results.trend is None else results.trend.estimates)
    instrument = ctx.results.instrument
    labels = {
        q.name: wording.choice_labels(instrument, q) for q in instrument.questions if q.is_closed
    }
    domains = {
        key: measures.domain(ctx, Domain(key[0], key[1] if key[0] == "unit" else ""))
        for key in set(zip(frame["domain_type"], frame["domain"], strict=True))
    }
    called = {
        key: measures.measure(ctx, *key)
        for key in set(zip(frame["measure_type"], frame["measure"], strict=True))
    }
    after = {
        "domain_label": (
            "domain",
            [domains[k] for k in zip(frame["domain_type"], frame["domain"], strict=True)],
        ),
        "measure_label": (
            "measure",
            [called[k] for k in zip(frame["measure_type"], frame["measure"], strict=True)],
        ),
        "category_label": (
            "category",
            [
                labels.get(m, {}).get(c, "") if kind == "topline" else ""
                for kind, m, c in zip(
                    frame["measure_type"], frame["measure"], frame["category"], strict=True
                )
            ],
        ),
    }
    for name, (before, values) in after.items():
        frame.insert(list(frame.columns).index(before) + 1, name, values)
    variables = named(_plain(c, wordings.ESTIMATES, frame[c]) for c in frame.columns)
    return Table(ESTIMATES, _title(results, "taksiran"), frame, variables)


def _sessions(results: Results) -> Table:
    frames = [
        one.sessions.drop(columns="wave", errors="ignore").assign(wave=one.wave)
        for one in _waves(results)
        if not one.sessions.empty
    ]
    frame = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
    kept = [name for name in wordings.SESSIONS if name in frame]
    left_out = tuple(str(c) for c in frame.columns if c not in kept)
    variables = [_plain(c, wordings.SESSIONS, frame[c]) for c in kept]
    return Table(
        SESSIONS, _title(results, "sesi"), frame[kept], named(_with_units(results, variables)),
        left_out, respondents=True,
    )  # fmt: skip


def _contacts(results: Results) -> Table:
    return _people(results, CONTACTS, "kontak", [one.contacts for one in _waves(results)])


def _interviews(results: Results) -> Table:
    frames = []
    for one in _waves(results):
        people = one.contacts
        if "outcome" in people:
            people = people[people["outcome"].isin(INTERVIEWED)]
        # The design's columns are those that the estimates used.
        own = [c for c in one.weighted.columns if c == "submission_id" or c not in people]
        frames.append(people.merge(one.weighted[own], on="submission_id", how="inner"))
    return _people(results, INTERVIEWS, "wawancara", frames)


def _people(
    results: Results, name: str, what: str, frames: Sequence[pd.DataFrame]
) -> Table:  # fmt: skip
    waves = [
        f if "wave" in f else f.assign(wave=one.wave)
        for f, one in zip(frames, _waves(results), strict=True)
    ]
    held = [frame for frame in waves if not frame.empty]
    frame = pd.concat(held, ignore_index=True) if held else pd.DataFrame()
    instrument = results.instrument
    system = wordings.PEOPLE | wordings.WEIGHTS
    design = results.study.design
    margins = results.study.calibration.margins if results.study.calibration else ()
    kept: list[Variable] = []
    left_out = []
    columns: dict[str, pd.Series] = {}
    questions = {q.name: q for q in instrument.questions}
    for column in map(str, frame.columns):
        question = questions.get(column)
        if column in system:
            kept.append(_plain(column, system, frame[column]))
            columns[column] = frame[column]
        elif question is not None and (found := _asked(question, frame[column], instrument)):
            for variable, values in found:
                kept.append(variable)
                columns[variable.column] = values
        elif column in {*margins, design.weight, design.psu, design.domain, *design.stratum}:
            label = question.label(wording.language(instrument)) if question else column
            kept.append(Variable(column, label, _kind_of(frame[column]), question=column))
            columns[column] = frame[column]
        else:
            left_out.append(column)
    order = {n: i for i, n in enumerate(system)}
    kept.sort(key=lambda v: order.get(v.column, len(order)))  # stable: questions keep their order
    variables = named(_with_units(results, kept))
    ordered = pd.DataFrame({v.column: columns[v.column] for v in variables})
    return Table(
        name, _title(results, what), ordered, variables, tuple(left_out), respondents=True,
        form=instrument.form_id, zone=results.study.timezone,
    )  # fmt: skip


def _asked(
    question: Question, values: pd.Series, instrument: Instrument
) -> list[tuple[Variable, pd.Series]]:
    """The variables of a question; none where its answers are not for a file."""
    language = wording.language(instrument)
    label = wording.shown(question.label(language))
    if question.is_closed and not question.repeat and instrument.choices_of(question):
        text = values.astype("object").where(values.notna(), "").astype(str)
        choices = instrument.choices_of(question)
        if question.type == "select_multiple":
            return list(_several(question, label, text, language, instrument))
        made = numbered(choices, text.unique(), language)
        variable = Variable(
            question.name, label, "code", made.codes, made.words, question=question.name
        )
        return [(variable, text)]
    kind = kind_of(question)
    if kind == "number":
        return [(Variable(question.name, label, "number", question=question.name), values)]
    if kind == "time":
        return [(Variable(question.name, label, "moment", question=question.name), values)]
    return []


def _several(
    question: Question, label: str, text: pd.Series, language: str, instrument: Instrument
) -> Iterator[tuple[Variable, pd.Series]]:
    """A yes/no variable for every choice of a question that takes several; blank unanswered."""
    marked = text.str.split().map(set)
    answered = text != ""
    known = [c.name for c in instrument.choices_of(question)]
    words = {c.name: wording.shown(c.label(language)) for c in instrument.choices_of(question)}
    for code in [*known, *sorted(set().union(*marked) - set(known))]:
        values = marked.map(lambda own, code=code: code in own).astype("object")
        variable = Variable(
            f"{question.name}_{code}", f"{label}: {words.get(code, f'[{code}]')}", "flag",
            question=question.name,
        )  # fmt: skip
        yield variable, values.where(answered, None)


def _plain(column: str, labels: Mapping[str, str], values: pd.Series) -> Variable:
    """A column that no question asks for."""
    label = labels.get(column, column)
    if column == "outcome":
        given = [c for c in wordings.OUTCOMES if c in set(values)]
        extra = sorted(set(values.dropna()) - set(given) - {""})
        codes = {code: i for i, code in enumerate([*given, *extra], start=1)}
        said = {i: f"{c} {wordings.OUTCOMES.get(c, '')}".strip() for c, i in codes.items()}
        return Variable(column, label, "code", codes, said)
    if column == "date":
        return Variable(column, label, "date")
    if column in wordings.FLAGS:
        return Variable(column, label, "flag")
    return Variable(column, label, "whole" if column in wordings.WHOLE else _kind_of(values))


def _kind_of(values: pd.Series) -> Kind:
    if pd.api.types.is_bool_dtype(values):
        return "flag"
    if pd.api.types.is_datetime64_any_dtype(values):
        return "moment"
    return "number" if pd.api.types.is_numeric_dtype(values) else "text"


def _with_units(results: Results, variables: Sequence[Variable]) -> list[Variable]:
    """The same, units with their names."""
    units = results.study.units
    if not units:
        return list(variables)
    codes = {u.unit_id: i for i, u in enumerate(units, start=1)}
    words = {i: wording.shown(u.name) for i, u in enumerate(units, start=1)}
    return [
        Variable(v.column, v.label, "code", codes, words) if v.column == "unit_id" else v
        for v in variables
    ]


def _title(results: Results, what: str) -> str:
    # First, for programs cut a title to some 60 letters.
    simulated = "DATA SIMULASI. " if results.simulated else ""
    return f"{simulated}{wording.shown(results.study.name)}: {what}"
