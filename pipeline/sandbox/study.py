"""A study's questionnaires and its simulated fieldwork, ready to be served."""

import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline.errors import StudyError
from pipeline.sandbox.identifiers import asset_uid
from pipeline.sandbox.state import SandboxState, utc_now

FIELDWORK = "simulasi"
SUFFIX = ".jsonl.gz"


def study_state(
    folder: Path, study_id: str, *, clock: Callable[[], datetime] = utc_now
) -> SandboxState:
    """State with every questionnaire of a study that has `simulasi/<form>.jsonl.gz`.

    The study's CSV files go with each form as its media. Fieldwork of a wave of its own lies in
    `simulasi/<wave>/<form>.jsonl.gz` and is served as a project of its own, form `<form>@<wave>`.

    Each file holds one KoBo record a line, by ascending `_id`, without the keys
    `_xform_id_string`, `__version__` and `formhub/uuid`, which the server adds. The asset of a
    form is `asset_uid(study_id, form_id)`.

    Raises
    ------
    StudyError
        Where the study has no simulated fieldwork, a file cannot be read, a line is no JSON
        object, or the questionnaire of a file is missing.
    """
    state = SandboxState(clock=clock)
    files = simulated_files(folder)
    if not files:
        raise StudyError(
            f"{folder / FIELDWORK}: no *{SUFFIX} there, so the sandbox has nothing to serve. "
            "Set [server] kind in study.toml to kobo or export, or bring simulated fieldwork."
        )
    for label, path in files.items():
        form_id = path.name.removesuffix(SUFFIX)
        workbook = folder / f"{form_id}.xlsx"
        if not workbook.exists():
            raise StudyError(
                f"{workbook}: not found, but {path.name} holds answers to it. "
                "Bring the questionnaire back or take the file away."
            )
        uid = asset_uid(study_id, label)
        state.add_form(form_id, workbook.read_bytes(), label, uid, _media(folder))
        state.load(uid, _records(path))
    return state


def simulated_files(folder: Path) -> dict[str, Path]:
    """Simulated fieldwork of a study: `<form>`, or of a wave's own `<form>@<wave>`, to its file."""
    root = folder / FIELDWORK
    found = {path.name.removesuffix(SUFFIX): path for path in sorted(root.glob(f"*{SUFFIX}"))}
    for path in sorted(root.glob(f"*/*{SUFFIX}")):
        found[f"{path.name.removesuffix(SUFFIX)}@{path.parent.name}"] = path
    return found


def has_wave(folder: Path, wave: str) -> bool:
    """Whether the study in `folder` has simulated fieldwork of that wave alone."""
    return any((folder / FIELDWORK / wave).glob(f"*{SUFFIX}"))


def _media(folder: Path) -> dict[str, bytes]:
    """Lists that a form reads its choices from: phones need them to fill it."""
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.csv"))}


def _records(path: Path) -> Iterator[dict[str, Any]]:
    try:
        text = gzip.decompress(path.read_bytes()).decode()
    except (OSError, EOFError, zlib.error, UnicodeDecodeError):
        raise StudyError(
            f"{path}: cannot be unpacked; the file is damaged. Take it anew from the repository."
        ) from None
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            record = json.loads(line)
        except ValueError:
            record = None
        if not isinstance(record, dict):
            raise StudyError(
                f"{path}, line {number}: no JSON object; the file is damaged. "
                "Take it anew from the repository."
            )
        yield record
