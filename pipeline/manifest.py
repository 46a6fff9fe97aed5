"""The manifest: from which data, by which code and settings, the outputs came."""

import dataclasses
import hashlib
import json
import math
import platform
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pipeline.issues import Entry, Issue
from pipeline.results import CalibrationReport, Results
from pipeline.study import Study

PACKAGES = ("persepsi", "numpy", "pandas", "scipy", "statsmodels", "pyarrow", "pyxform", "jinja2")


def describe(
    results: Results,
    *,
    pulls: Mapping[str, Any],
    server: Mapping[str, Any],
    store_digest: str,
    decoded: Mapping[str, Any],
    outputs: Sequence[Path],
    issue: Issue,
    files: Mapping[str, Entry],
    written: Sequence[str],
    pdfs: Mapping[str, Mapping[str, str]],
    build: Path,
    now: datetime,
    seconds: Mapping[str, float],
) -> dict[str, Any]:
    """Everything needed to say where a number came from and to make it again.

    `issue` is the issue that stands, `files` what every file says, as a digest without its own
    issue line, and since which issue; `pdf` says of which page each PDF was made. `run` holds what
    differs from run to run (time, duration, the port of a local server, the files that were
    `written` because they say something new); the rest is equal for equal data, code, settings and
    issues before.
    """
    study = results.study
    return {
        "study": study.id,
        "wave": results.wave,
        "simulated": results.simulated,
        "versions": {"python": platform.python_version(), **_versions()},
        "settings": settings(study),
        "inputs": _inputs(results),
        "store_digest": store_digest,
        "decoded": dict(decoded),
        "server": {key: value for key, value in server.items() if key != "url"},
        "counts": _counts(results),
        "calibration": _calibration(results.calibration),
        "waves": _waves(results),
        "notes": list(results.notes),
        "outputs": {p.relative_to(build).as_posix(): _sha256(p) for p in sorted(outputs)},
        "issue": issue.as_dict(),
        "files": {
            path: {
                "content": entry.content,
                "issue": entry.number,
                "issued": entry.issued.isoformat() if entry.issued else "",
            }
            for path, entry in sorted(files.items())
        },
        "pdf": {name: dict(note) for name, note in sorted(pdfs.items())},
        "run": {
            "finished_at": now.isoformat(timespec="seconds"),
            "server_url": server.get("url", ""),
            "pulled": dict(pulls),
            "written": list(written),
            "seconds": {stage: round(value, 3) for stage, value in seconds.items()},
        },
    }


def earlier_pdfs(path: Path) -> dict[str, dict[str, str]]:
    """Of which page each PDF was made, as the manifest of the run before says; else nothing."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))["pdf"]
        return {str(name): {str(k): str(v) for k, v in note.items()} for name, note in raw.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _counts(results: Results) -> dict[str, Any]:
    """People, sessions and estimates of one wave."""
    sessions = results.sessions
    return {
        "contacts": len(results.contacts),
        "interviews": len(results.weighted),
        "sessions_planned": len(sessions),
        "sessions_worked": int(sessions["worked"].sum()) if "worked" in sessions else 0,
        "response_rate": _response_rates(results),
        "estimates": len(results.estimates),
        "flags": {
            str(flag): int(n)
            for flag, n in results.estimates["flag"].value_counts().sort_index().items()
        },
    }


def _waves(results: Results) -> list[dict[str, Any]]:
    """Each wave as it took effect: dates, index, what was asked otherwise; earlier ones whole.

    The last one's counts, calibration and notes are those of the manifest itself.
    """
    trend = results.trend
    found = []
    for one in (*(trend.earlier if trend else ()), results):
        wave = one.study.wave
        told = {
            "id": wave.id,
            "label": wave.label,
            "start": _plain(wave.start),
            "end": _plain(wave.end),
            "index_version": one.study.index.version,
            "changed": list(wave.changed),
        }
        if trend is not None:
            told["index"] = _plain(one.study.index)
            told["broken"] = [list(name) for name in sorted(trend.broken.get(wave.id, ()))]
        if one is not results:
            told |= {
                "counts": _counts(one),
                "calibration": _calibration(one.calibration),
                "notes": list(one.notes),
            }
        found.append(told)
    return found


def _inputs(results: Results) -> dict[str, str]:
    """Digests of the study's files, and of the known totals wherever in the folder they stand."""
    folder = results.study.folder
    files = [
        path
        for path in folder.iterdir()
        if path.is_file()
        and path.suffix in {".toml", ".csv", ".xlsx", ".json"}
        and not path.name.startswith(("~$", "."))
    ]
    if results.calibration is not None:
        files.append(results.calibration.path)
    named = {path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name: path
             for path in files}  # fmt: skip
    return {name: _sha256(named[name]) for name in sorted(named)}


def _calibration(report: CalibrationReport | None) -> dict[str, Any] | None:
    """What was met, how near, and what it did to the weights; None without calibration."""
    if report is None:
        return None
    c = report.convergence
    return {
        "margins": list(report.margins),
        "sources": list(report.sources),
        "simulated": report.simulated,
        "variance_redoes_it": report.replicated,
        "converged": c.converged,
        "iterations": c.iterations,
        "largest_gap": float(c.levels["gap"].abs().max()),
        **{
            name: round(value, 9) if isinstance(value, float) and math.isfinite(value) else value
            for name, value in dataclasses.asdict(report.diagnostics).items()
            if not (isinstance(value, float) and math.isinf(value))
        },
    }


def _response_rates(results: Results) -> dict[str, float]:
    """RR3 by unit and city, where anybody was eligible."""
    if results.responses.empty:
        return {}
    names = results.responses["domain"].astype(str).tolist()
    rates = results.responses["rr3"].to_numpy(dtype=float).tolist()
    return {n: round(r, 6) for n, r in zip(names, rates, strict=True) if not math.isnan(r)}


def settings(study: Study) -> dict[str, Any]:
    """Every setting that can move a number, as it took effect (defaults included)."""
    return {
        name: _plain(getattr(study, name))
        for name in (
            "level",
            "design",
            "weights",
            "calibration",
            "case_mix",
            "index",
            "thresholds",
            "publication",
        )
    }


def to_json(manifest: Mapping[str, Any]) -> str:
    """The manifest as JSON text, keys in the order given."""
    return json.dumps(manifest, ensure_ascii=False, indent=1, default=str) + "\n"


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(v) for v in value]
    if isinstance(value, date):
        return value.isoformat()
    return value


def _versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
