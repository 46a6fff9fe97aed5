"""Simulated fieldwork: drawn from declared parameters, filled by the phone's own XForm engine.

The records are KoBo's JSON without `_xform_id_string`, `__version__` and `formhub/uuid`, which
the server adds that serves them. A phone would also send `audit.csv`; Collect writes that, not
the engine, so simulated submissions have none.
"""

import gzip
import io
import json
import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.instrument import Instrument
from analysis.simulation import Population, truth, truth_of_any
from pipeline.errors import QuestionnaireError, StudyError
from pipeline.fieldwork.draw import Worked, populations, work
from pipeline.fieldwork.entries import (
    Entry,
    cancelled_entries,
    contact_entries,
    session_entries,
    submitted,
)
from pipeline.fieldwork.parameters import Parameters, read_parameters
from pipeline.fieldwork.register import as_csv, register
from pipeline.instance import to_kobo
from pipeline.javarosa import Form
from pipeline.questionnaire import read_instrument
from pipeline.study import Study

FORMS = ("wawancara", "sesi")
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Fieldwork:
    """Records by form, sorted by `_id`, the truth they were drawn from, the visitors' register."""

    records: Mapping[str, list[dict[str, Any]]]
    truth: Mapping[str, Any]
    margins: str


def fill(study: Study, seed: int | None = None, *, progress: Progress | None = None) -> list[Path]:
    """Simulate the study's fieldwork and write it under `simulasi/`; give the files written.

    The same seed (default: that of parameter.toml) gives the same text; needs Java.

    Raises
    ------
    StudyError, QuestionnaireError
        Where the parameters, the plan or a questionnaire cannot be used.
    """
    made = simulate(study, seed, progress=progress)
    folder = study.file("simulasi")
    written = []
    for form_id, records in made.records.items():
        lines = "".join(
            json.dumps(r, ensure_ascii=False, separators=(",", ":")) + "\n" for r in records
        )
        written.append(_replace(folder / f"{form_id}.jsonl.gz", _gzip(lines.encode())))
    text = json.dumps(made.truth, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    written.append(_replace(folder / "kebenaran.json", text.encode()))
    written.append(_replace(folder / "margins.csv", made.margins.encode()))
    return written


def simulate(
    study: Study,
    seed: int | None = None,
    *,
    sessions: Collection[str] | None = None,
    progress: Progress | None = None,
) -> Fieldwork:
    """Simulate the study's fieldwork, or only these sessions of the very same fieldwork."""
    instruments = {form_id: read_instrument(study.file(f"{form_id}.xlsx")) for form_id in FORMS}
    parameters = read_parameters(study, instruments["wawancara"])
    seed = parameters.seed if seed is None else seed
    worked = work(study, parameters, seed)
    entries = _entries(study, worked, instruments["wawancara"], parameters, seed)
    forms = {form_id: _form(study, form_id) for form_id in FORMS}
    numbered = list(enumerate(submitted(entries, parameters.practice.upload_late, seed), start=1))
    wanted = [(i, e) for i, e in numbered if sessions is None or e[1].session_id in sessions]
    records: dict[str, list[dict[str, Any]]] = {form_id: [] for form_id in FORMS}
    for done, (number, (received, entry)) in enumerate(wanted, start=1):
        record = to_kobo(
            _fill(forms[entry.form_id], entry),
            id=number,
            submitted_at=received,
            submitted_by=parameters.submitted_by,
            instrument=instruments[entry.form_id],
        )
        record.pop("__version__", None)
        records[entry.form_id].append(record)
        if progress is not None:
            progress(done, len(wanted))
    drawn = populations(parameters, seed)
    margins = as_csv(register(drawn, worked, seed), seed)
    return Fieldwork(records, declared(parameters, drawn, seed), margins)


def declared(parameters: Parameters, drawn: Mapping[str, Population], seed: int) -> dict[str, Any]:
    """What an analysis of the simulated data should find, by unit.

    `service` is true of the service in general, of which the window's blocks are a draw,
    `window` of the visits in these very blocks; `any` is the share with any of the events.
    """

    def rounded(values: Mapping[str, float]) -> dict[str, float]:
        return {name: round(value, 6) for name, value in values.items()}

    units = {}
    for unit_id, population in drawn.items():
        model = parameters.models[unit_id]
        events = [item for item in model.rates if item.startswith("e_")]
        units[unit_id] = {
            "visits_in_window": int(population.visitors.sum()),
            "any": round(truth_of_any(model, events), 6),
            "service": rounded(truth(model)),
            "window": rounded(truth(population)),
        }
    return {"simulated": True, "seed": seed, "units": units}


def _entries(
    study: Study,
    worked: list[Worked],
    instrument: Instrument,
    parameters: Parameters,
    seed: int,
) -> list[Entry]:
    entries = list(cancelled_entries(study, parameters, seed))
    for session in worked:
        entries += contact_entries(session, instrument, parameters, seed)
        entries += session_entries(session, parameters, seed)
    return entries


def _form(study: Study, form_id: str) -> Form:
    path = study.file(f"{form_id}.xml")
    if not path.exists():
        raise QuestionnaireError(
            f"{path}: not found. Convert the questionnaires first: persepsi forms build {study.id}."
        )
    return Form(path, study.folder)


def _fill(form: Form, entry: Entry) -> str:
    filling = form.fill(entry.answers, entry.phone, wording=False)
    refused = filling.refused
    if refused is not None:
        raise StudyError(
            f"simulasi/parameter.toml: session {entry.session_id}, form {entry.form_id}: the "
            f"question {refused.prompt.name} refuses what was drawn ({refused.outcome}). Declare "
            "shares for its present codes, or bring the form and the parameters together."
        )
    return filling.xml


def _gzip(content: bytes) -> bytes:
    held = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=held, compresslevel=9, mtime=0) as packed:
        packed.write(content)
    return held.getvalue()


def _replace(path: Path, content: bytes) -> Path:
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(content)
        os.replace(part, path)
    except OSError as error:
        raise StudyError(
            f"{path}: cannot be written ({error.strerror}). Check the disk and your permission; "
            "a file that stood there is unchanged."
        ) from None
    return path
