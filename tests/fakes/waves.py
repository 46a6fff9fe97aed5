"""SIMULATED studies of several waves, drawn from kendari's declared parameters; no Java.

People and answers are made by `pipeline.fieldwork`; instead of the phone's engine a plain writer
puts them under the keys of the questionnaire, since nothing here tests the form. Each wave has
sessions of its own and what is true of its units may be shifted, so that a test knows which
changes there are. No number describes a real unit.
"""

import dataclasses
import gzip
import json
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from analysis.instrument import Instrument
from pipeline.contacts import read_plan
from pipeline.fieldwork.draw import work
from pipeline.fieldwork.entries import Entry, contact_entries, session_entries
from pipeline.fieldwork.parameters import Parameters, read_parameters
from pipeline.questionnaire import read_instrument
from pipeline.settings import Wave
from pipeline.study import Study, open_study
from pipeline.tables import read_table

UNITS = ("dpmptsp", "pkm_lepolepo")
FIRST = date(2026, 10, 5)
STEP = timedelta(days=182)
Shifts = Mapping[tuple[int, str], float]


def waves_of(count: int) -> list[Wave]:
    """Waves of three weeks, half a year apart, the first as kendari's."""
    names = [f"{2026 + (i + 1) // 2}-{2 - i % 2 if i else 2}" for i in range(count)]
    return [
        Wave(
            name, f"Gelombang {name}", FIRST + i * STEP, FIRST + i * STEP + timedelta(days=18),
        )
        for i, name in enumerate(names)
    ]  # fmt: skip


def write_study(
    folder: Path,
    count: int = 3,
    *,
    units: Sequence[str] = UNITS,
    shifts: Shifts | None = None,
    study_id: str = "gelombang",
    extra: Mapping[int, str] | None = None,
    first: int = 0,
) -> Study:
    """Write a sandbox study of `count` waves into `folder` and open it.

    `shifts` are added on the logit scale to every level of a (wave from 0, unit) and taken off
    every rate of an event; `extra` is TOML under a wave's table. Waves before `first` are left out.
    """
    kendari = open_study("kendari")
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("wawancara.xlsx", "sesi.xlsx", "bentuk.csv", "enumerators.csv"):
        shutil.copy(kendari.file(name), folder / name)
    _rows(folder / "units.csv", kendari.file("units.csv"), units)
    waves = waves_of(count)[first:]
    lines, plan = [], []
    for i, wave in enumerate(waves_of(count)):
        if i < first:
            continue
        own = _one_wave(folder / f".draw{i}", kendari, wave, units, i)
        plan += [f"{line},{wave.id}" for line in own[1:]]
        lines = [f"{own[0]},wave"]
        shifted = {unit: by for (at, unit), by in (shifts or {}).items() if at == i}
        records = _fieldwork(folder / f".draw{i}", shifted, seed=100 + i)
        for form, found in records.items():
            start = 100_000 * (i + 1) + (50_000 if form == "sesi" else 0)
            numbered = [{"_id": start + n, **record} for n, record in enumerate(found)]
            path = folder / "simulasi" / wave.id / f"{form}.jsonl.gz"
            path.parent.mkdir(parents=True, exist_ok=True)
            text = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in numbered)
            path.write_bytes(gzip.compress(text.encode(), mtime=0))
        shutil.rmtree(folder / f".draw{i}")
    (folder / "sessions.csv").write_text("\n".join([*lines, *plan]) + "\n", encoding="utf-8")
    text = _settings(kendari, waves, study_id, {} if extra is None else extra, first)
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return open_study(str(folder))


def _rows(path: Path, source: Path, units: Sequence[str]) -> list[str]:
    """The rows of a kendari table that belong to these units, as text."""
    head, *rows = source.read_text("utf-8").splitlines()
    kept = [row for row in rows if any(re.search(rf"(^|,){unit}(,|$)", row) for unit in units)]
    path.write_text("\n".join([head, *kept]) + "\n", encoding="utf-8")
    return [head, *kept]


def _one_wave(
    folder: Path, kendari: Study, wave: Wave, units: Sequence[str], number: int
) -> list[str]:
    """A study of that wave alone, from which its fieldwork is drawn; gives its session plan."""
    assert wave.start is not None
    shutil.copytree(kendari.folder, folder)
    _rows(folder / "units.csv", kendari.file("units.csv"), units)
    plan = _rows(folder / "sessions.csv", kendari.file("sessions.csv"), units)
    codes = [row["session_id"] for row in read_table(folder / "sessions.csv", ["session_id"])]
    text = "\n".join(plan)
    for code in codes:
        text = text.replace(code, f"{code}-{number + 1}")
    shift = wave.start - FIRST
    text = re.sub(r"2026-\d\d-\d\d", lambda m: (date.fromisoformat(m[0]) + shift).isoformat(), text)
    (folder / "sessions.csv").write_text(text + "\n", encoding="utf-8")
    parameters = (folder / "simulasi" / "parameter.toml").read_text("utf-8")
    parameters = parameters[: parameters.index("# --- sessions that did not go")]
    others = [u.unit_id for u in kendari.units if u.unit_id not in units]
    for unit in others:  # sections of units that are not in units.csv are errors
        parameters = re.sub(
            rf"^\[unit\.{unit}(\.\w+)?\].*?(?=^\[|\Z)", "", parameters, flags=re.M | re.S
        )
    (folder / "simulasi" / "parameter.toml").write_text(parameters, encoding="utf-8")
    settings = (folder / "study.toml").read_text("utf-8")
    settings = re.sub(r"^start = .*$", f"start = {wave.start}", settings, flags=re.M)
    settings = re.sub(r"^end = .*$", f"end = {wave.end}", settings, flags=re.M)
    (folder / "study.toml").write_text(settings, encoding="utf-8")
    return text.splitlines()


def _fieldwork(
    folder: Path, shifts: Mapping[str, float], seed: int
) -> dict[str, list[dict[str, Any]]]:
    study = open_study(str(folder))
    read_plan(study)
    forms = {form: read_instrument(study.file(f"{form}.xlsx")) for form in ("wawancara", "sesi")}
    parameters = _shifted(read_parameters(study, forms["wawancara"]), shifts)
    found: dict[str, list[dict[str, Any]]] = {form: [] for form in forms}
    for worked in work(study, parameters, seed):
        entries: Iterator[Entry] = contact_entries(worked, forms["wawancara"], parameters, seed)
        for entry in (*entries, *session_entries(worked, parameters, seed)):
            found[entry.form_id].append(_record(entry, forms[entry.form_id]))
    return found


def _shifted(parameters: Parameters, shifts: Mapping[str, float]) -> Parameters:
    models = dict(parameters.models)
    for unit, by in shifts.items():
        model = models[unit]
        models[unit] = dataclasses.replace(
            model,
            levels={item: _moved(level, by) for item, level in model.levels.items()},
            rates={
                item: _moved(rate, -by) if item.startswith("e_") else rate
                for item, rate in model.rates.items()
            },
        )
    return dataclasses.replace(parameters, models=models)


def _moved(share: float, by: float) -> float:
    return float(1 / (1 + np.exp(-(np.log(share / (1 - share)) + by))))


def _record(entry: Entry, form: Instrument) -> dict[str, Any]:
    """What a KoBo server holds of an entry."""
    phone = entry.phone
    sent = phone.end.astimezone(UTC) + timedelta(hours=2)
    record: dict[str, Any] = {
        "start": phone.start.isoformat(), "end": phone.end.isoformat(),
        "deviceid": phone.device_id,
    }  # fmt: skip
    paths = {q.name: q.path for q in form.questions}
    if "t_pilih" in paths:
        record[paths["t_pilih"]] = phone.at["urut"].isoformat()
    record |= {paths[name]: value for name, value in entry.answers.items() if name in paths}
    bands = {"17-29": 29, "30-44": 44, "45-59": 59, "60+": 999}
    if "umur_kel" in paths and "umur" in entry.answers:
        age = int(entry.answers["umur"])
        record[paths["umur_kel"]] = next(band for band, last in bands.items() if age <= last)
    uid = str(phone.instance_id).removeprefix("uuid:")
    return record | {
        "meta/instanceID": f"uuid:{uid}", "meta/rootUuid": f"uuid:{uid}", "_uuid": uid,
        "_submission_time": sent.replace(tzinfo=None).isoformat(timespec="seconds"),
        "_submitted_by": "lapangan", "_attachments": [], "_validation_status": {},
    }  # fmt: skip


def _settings(
    kendari: Study, waves: Sequence[Wave], study_id: str, extra: Mapping[int, str], first: int
) -> str:
    """Kendari's study.toml with these waves, without its calibration: its totals are others."""
    text = kendari.file("study.toml").read_text("utf-8")
    text = text.replace('id = "kendari"', f'id = "{study_id}"', 1)
    text = re.sub(r"^\[\[official\]\].*\Z", "", text, flags=re.M | re.S)
    text = re.sub(r"^\[calibration\b.*?(?=^\[index\])", "", text, flags=re.M | re.S)
    own = "".join(
        f'[[wave]]\nid = "{wave.id}"\nlabel = "{wave.label}"\nstart = {wave.start}\n'
        f"end = {wave.end}\n{extra.get(i + first, '')}\n"
        for i, wave in enumerate(waves)
    )
    return re.sub(r"^\[\[wave\]\].*?(?=^\[design\])", lambda _: own + "\n", text, flags=re.M | re.S)


NOW = datetime(2027, 11, 16, 1, tzinfo=UTC)
