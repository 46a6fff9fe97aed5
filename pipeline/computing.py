"""Results of what the store holds: decode, weight and estimate, wave by wave.

Nothing is pulled and nothing is written but the snapshots; editions are cut from what comes out.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.instrument import Instrument
from analysis.moments import Reduce
from pipeline.contacts import assemble, read_plan
from pipeline.decode import DECODER, Decoder, distinct
from pipeline.decoded_snapshot import snapshot_submissions
from pipeline.decoding import counts, notes
from pipeline.designed import analyze_designed
from pipeline.errors import QuestionnaireError, StoreError
from pipeline.fielded import assets_of, assets_of_waves, forms_of, label_of
from pipeline.formlint import lint, read_rules
from pipeline.gather import open_store, store_path
from pipeline.plain import analyze_plain, extra_columns
from pipeline.questionnaire import read_instrument
from pipeline.results import Results
from pipeline.settings import zone
from pipeline.snapshot import digest, read_snapshot
from pipeline.study import Study
from pipeline.study_engine import summing
from pipeline.trending import with_trend

SHOWN = 10
"""Keys named one by one; the rest are counted."""


class Stopwatch:
    """Seconds that each stage took, by the name of the stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Time what runs inside, added to what the stage took before."""
        started = time.perf_counter()
        yield
        self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - started


def results_of(study: Study, data: Path) -> Results:
    """The results of what the store holds, before any edition; nothing is written.

    Raises
    ------
    PersepsiError, analysis.errors.SampleError
        As `analyze`.
    """
    need_store(study, data, "Run persepsi pull or persepsi analyze first.")
    return compute_waves(study, data, Stopwatch())[0]


def store_digest(study: Study, data: Path) -> str:
    """Digest of all that the store of a study holds."""
    with open_store(study, data) as store:
        return store.digest()


def need_store(study: Study, data: Path, what_to_do: str) -> None:
    """Refuse a study that has no store yet, and say `what_to_do`."""
    if not store_path(study, data).exists():
        raise StoreError(
            f"{store_path(study, data)}: not found, so there is nothing to analyse without a pull. "
            f"{what_to_do}"
        )


def compute_waves(
    study: Study, data: Path, watch: Stopwatch, *, has_proof: bool = False
) -> tuple[Results, str, dict[str, Any]]:
    """Each wave on its own, so that none can move a number of another; then all beside the last."""
    with watch("decode"):
        instruments = {
            form: distinct(read_instrument(path)) for form, path in forms_of(study).items()
        }
        wrong = form_errors(study)
    assets_of_waves(study)  # refuses two waves of one project before anything is counted
    found: list[Results] = []
    decoded: dict[str, Any] = {}
    content = ""
    with summing(study, data) as reduce:
        for wave in study.waves:
            own = study.of_wave(wave.id)
            results, content, counted = _compute(
                own, data, instruments, wrong, watch, reduce, has_proof=has_proof
            )
            found.append(results)
            decoded |= {label_of(own, form): told for form, told in counted.items()}
    if any(one.simulated for one in found):
        found = [replace(one, simulated=True) for one in found]
    with watch("estimate"):
        results = with_trend(found)
    return results, content, decoded


def _compute(
    study: Study,
    data: Path,
    instruments: Mapping[str, Instrument],
    wrong: tuple[str, ...],
    watch: Stopwatch,
    reduce: Reduce,
    *,
    has_proof: bool,
) -> tuple[Results, str, dict[str, Any]]:
    """The wave under analysis; `wrong` is what the checks of the questionnaires say."""
    simulated = study.server.kind == "sandbox"
    # Not the address that was really used: a sandbox has another port at every run, and pages
    # must be equal for equal data. The manifest holds it.
    source = study.server.url or study.server.id
    with watch("decode"):
        frames, told, store_digest, decoded = decode_store(study, data, instruments)
        told = (*wrong, *told)
        if not simulated and any(is_simulated(frame) for frame in frames.values()):
            simulated = True
            told = (*told, SIMULATED_NOTE)
    with watch("estimate"):
        if study.is_designed:
            record = assemble(
                study, read_plan(study), frames["wawancara"], frames["sesi"],
                instruments["wawancara"],
            )  # fmt: skip
            results = analyze_designed(
                study, record, instruments["wawancara"],
                simulated=simulated, source=source, notes=told, reduce=reduce,
                has_proof=has_proof,
            )  # fmt: skip
        else:
            ((form, frame),) = frames.items()
            told = (*told, *_left_out(form, frame, instruments[form]))
            results = analyze_plain(
                study, frame, instruments[form],
                simulated=simulated, source=source, notes=told,
            )  # fmt: skip
    return results, store_digest, decoded


def form_errors(study: Study) -> tuple[str, ...]:
    """What the checks of the questionnaires call wrong, where it can still be analysed.

    Raises
    ------
    QuestionnaireError
        Where the form of a study with a session plan has errors: they would move the numbers.
    """
    rules = read_rules(study.folder)
    found = [
        finding
        for path in forms_of(study).values()
        for finding in lint(path, rules, folder=study.folder)
        if finding.severity == "error"
    ]
    if found and study.is_designed:
        shown = "\n  ".join(str(finding) for finding in found[:SHOWN])
        raise QuestionnaireError(
            f"The questionnaires of {study.id} have {len(found)} errors that would move the "
            f"numbers. Mend them, or see persepsi forms lint:\n  {shown}"
        )
    return tuple(str(finding) for finding in found)


def _left_out(form: str, frame: pd.DataFrame, instrument: Instrument) -> tuple[str, ...]:
    """What a topline of every closed question does not hold, said rather than left to be missed."""
    silent = [
        q.name
        for q in instrument.questions
        if q.type.startswith("select_") and (q.repeat or not instrument.choices_of(q))
    ]
    notes = []
    if silent:
        notes.append(
            f"{form}: no topline of {', '.join(silent)}: asked in a repeat, or its choices are not "
            "in the form itself."
        )
    if frame.empty:
        notes.append(
            f"{form}: there is not a single submission, so there is nothing to estimate. Check "
            "that the export is the right one and holds rows."
        )
    return tuple(notes)


def decode_store(
    study: Study, data: Path, instruments: Mapping[str, Instrument]
) -> tuple[dict[str, pd.DataFrame], tuple[str, ...], str, dict[str, Any]]:
    """Typed frames of what the store holds of the present wave, by form, through their snapshots.

    Also the notes of what did not fit, the digest of the store's content, and all counts by form.
    """
    frames, told, met = {}, [], {}
    assets = assets_of(study)
    with open_store(study, data) as store:
        content = store.digest()
        for form, instrument in instruments.items():
            versions = store.form_versions(study.server.id, assets[form])
            known = frozenset(v.version for v in versions) if versions else None
            extra = () if study.is_designed else extra_columns(study)
            decoder = Decoder(
                instrument,
                wave=study.wave.id,
                known_versions=known,
                extra=extra,
                zone=zone(study.timezone),
                renamed=study.renamed.get(form, {}),
            )
            key = digest([
                DECODER, content, repr(instrument), study.wave.id, repr(extra),
                repr(sorted(known or ())),
                study.timezone, repr(sorted(study.renamed.get(form, {}).items())),
            ])  # fmt: skip
            rows = (stored.submission for stored in store.current(study.server.id, assets[form]))
            folder = data / study.id / "snapshot"
            name = f"{study.server.id}-{label_of(study, form)}"
            path, decoded = snapshot_submissions(rows, decoder, folder, name, key)
            frames[form] = read_snapshot(path)
            told += notes(form, decoded)
            met[form] = counts(decoded)
    return frames, tuple(told), content, met


SIMULATED_NOTE = (
    "These submissions come from simulated fieldwork, whatever server they were pulled from; every "
    "page says so. Real data belong in a study and a store of their own."
)


def is_simulated(frame: pd.DataFrame) -> bool:
    """Whether a decoded frame holds simulated fieldwork: its phones say so."""
    if "deviceid" not in frame:
        return False
    return bool(frame["deviceid"].astype("object").fillna("").str.startswith("simulasi:").any())
