"""What a study has in the field: its questionnaires, and the project or file of each in each wave.

The wave of a submission is that of the project it came to, so no two forms or waves share one.
"""

from collections.abc import Mapping
from pathlib import Path

from pipeline.assets_file import known_assets
from pipeline.errors import PersepsiError, StudyError
from pipeline.export import find_exports
from pipeline.sandbox import asset_uid, has_wave
from pipeline.study import Study
from pipeline.workbook import read_workbook

DESIGNED_FORMS = ("wawancara", "sesi")


def form_file(study: Study) -> Path:
    """The one questionnaire of a study without a session plan.

    Raises
    ------
    StudyError
        Where the folder has none or several XLSForms.
    """
    found = sorted(
        p
        for p in study.folder.iterdir()
        if p.suffix.lower() == ".xlsx" and not p.name.startswith(("~$", "."))
    )
    if len(found) > 1:  # a download or a result beside the form is no questionnaire
        found = [p for p in found if _has_survey(p)] or found
    if len(found) == 1:
        return found[0]
    names = ", ".join(p.name for p in found) or "none"
    raise StudyError(
        f"{study.folder}: a study needs exactly one XLSForm (.xlsx), or units.csv and sessions.csv "
        f"beside wawancara.xlsx and sesi.xlsx; found {names}."
    )


def _has_survey(path: Path) -> bool:
    try:
        return "survey" in read_workbook(path)
    except PersepsiError:
        return False


def forms_of(study: Study) -> dict[str, Path]:
    """Form id to its XLSForm."""
    if not study.is_designed:
        path = form_file(study)
        return {path.stem: path}
    paths = {form: study.file(f"{form}.xlsx") for form in DESIGNED_FORMS}
    for path in paths.values():
        if not path.exists():
            raise StudyError(f"{path}: not found. A study with units.csv needs this questionnaire.")
    return paths


def label_of(study: Study, form: str) -> str:
    """What a form of the present wave is called beside those of other waves: `sesi@2026-2`."""
    return f"{form}@{study.wave.id}" if study.has_waves else form


def assets_of(study: Study) -> dict[str, str]:
    """Form id to the asset that holds its submissions in the present wave.

    Raises
    ------
    StudyError
        Where study.toml does not name the asset of a form on a real server.
    """
    forms = forms_of(study)
    if study.server.kind == "sandbox":
        return {form: _simulated(study, form) for form in forms}
    if study.server.kind == "export":
        return {form: label_of(study, form) for form in forms}
    known = known_assets(study)
    missing = [form for form in forms if form not in known]
    table = f"{study.file('study.toml')} {wave_table(study, 'assets')}"
    if missing and study.server.kind == "central":
        raise StudyError(
            f"{table} does not name {', '.join(missing)}. Write "
            '"<project number>/<form id>", such as wawancara = "1/wawancara", as in the form\'s '
            "address on ODK Central."
        )
    if missing:
        raise StudyError(
            f"{table} does not name {', '.join(missing)}. Publish "
            "with `persepsi forms deploy`, or copy the asset id (22 characters, begins with a) "
            "from the project's address on the server."
        )
    return {form: known[form] for form in forms}


def _simulated(study: Study, form: str) -> str:
    """The sandbox's asset: fieldwork that lies in a folder called after the wave is that wave's."""
    own = study.has_waves and has_wave(study.folder, study.wave.id)
    return asset_uid(study.id, label_of(study, form) if own else form)


def wave_table(study: Study, kind: str) -> str:
    """The table of study.toml in which the present wave has its `assets` or `files`."""
    return f"[[wave]] {study.wave.id!r} [wave.{kind}]" if study.has_waves else f"[wave.{kind}]"


def assets_of_waves(study: Study, only: str = "") -> dict[str, str]:
    """Label (`wawancara`, with several waves `wawancara@2026-2`) to asset, wave by wave.

    `only` is the id of the one wave that is wanted; empty for all.

    Raises
    ------
    StudyError
        As `assets_of`; where there is no such wave; where two waves would be read from one asset.
    """
    found: dict[str, str] = {}
    for wave in study.waves:
        own = study.of_wave(wave.id)
        for form, asset in assets_of(own).items():
            other = next((label for label, taken in found.items() if taken == asset), None)
            if other is not None:
                raise StudyError(_shared(own, label_of(own, form), other, asset))
            found[label_of(own, form)] = asset
    if not only:
        return found
    wanted = study.of_wave(only)
    return {label: found[label] for label in (label_of(wanted, form) for form in forms_of(wanted))}


def _shared(study: Study, label: str, other: str, asset: str) -> str:
    if study.server.kind == "sandbox":
        return (
            f"{study.file('simulasi')} has no folder {study.wave.id}, so {label} would be read "
            f"from the fieldwork of {other}. Bring simulasi/{study.wave.id}/<form>.jsonl.gz for "
            "each wave."
        )
    return (
        f"{study.file('study.toml')} {wave_table(study, 'assets')}: {label} and {other} are both "
        f"project {asset}, and the wave of an answer is that of its project. Correct the one that "
        "was copied (assets.toml holds what forms deploy wrote)."
    )


def export_files(study: Study) -> dict[str, Path]:
    """Label of each form and wave to its export file.

    With several waves a form's file is what `[wave.files]` names, else that in the folder of the
    study's exports that is called after the wave.

    Raises
    ------
    StudyError
        Where `[wave.files]` names no form of the study, or there is no such file.
    """
    found: dict[str, Path] = {}
    for wave in study.waves:
        own, forms = study.of_wave(wave.id), list(forms_of(study))
        unknown = sorted(set(wave.files) - set(forms))
        if unknown:
            raise StudyError(
                f"{study.file('study.toml')} {wave_table(own, 'files')} names "
                f"{', '.join(unknown)}, which is no form of this study ({', '.join(forms)})."
            )
        named: Mapping[str, Path] = {f: study.file(p) for f, p in wave.files.items() if p}
        rest = [form for form in forms if form not in named]
        place = study.server.export
        if study.has_waves:
            place = (Path(place) / wave.id).as_posix()
        searched = find_exports(study.folder, place, rest) if rest else {}
        for form in forms:
            found[label_of(own, form)] = named.get(form) or searched[form]
    return found
