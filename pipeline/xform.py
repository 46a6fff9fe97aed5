"""From XLSForm to the XForm that phones run: pyxform converts, ODK Validate judges.

pyxform is called as a library. Its command line ends with status 0 even where ODK Validate
rejects a form, so that a build would not notice.
"""

import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from pyxform.errors import PyXFormError
from pyxform.xls2xform import convert as pyxform_convert

from pipeline.errors import QuestionnaireError
from pipeline.workbook import write_workbook
from pipeline.xlsform import read_xlsform

ROOT = "data"
"""Name of the XForm's root element: fixed, so that renaming a file changes no path."""

VALIDATE_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Conversion:
    """An XForm as text, and what pyxform warned of."""

    xml: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Validation:
    """Whether ODK Validate judged the form; where it did not, `reason` says why."""

    done: bool
    reason: str = ""
    warnings: tuple[str, ...] = ()


def convert(path: Path | str) -> Conversion:
    """Convert an XLSForm (.xlsx or .md mirror) to an XForm.

    Raises
    ------
    QuestionnaireError
        With pyxform's sentence (which names row and column where it can) and what to do.
    """
    path = Path(path)
    form = read_xlsform(path)
    if path.suffix.lower() == ".md":
        source, kind = write_workbook(form.sheets), ".xlsx"
    else:
        source, kind = path.read_bytes(), path.suffix.lower()
    warnings: list[str] = []
    try:
        result = pyxform_convert(
            source, warnings=warnings, form_name=ROOT, pretty_print=True, file_type=kind
        )
    except PyXFormError as error:
        raise QuestionnaireError(f"{path}: {_sentence(str(error))} {_HINT}") from None
    except Exception as error:  # a header that pyxform does not expect surfaces as any error
        raise QuestionnaireError(
            f"{path}: pyxform could not convert the form ({type(error).__name__}: {error}). A "
            "usual cause is a column header with “:” on the sheet choices, or a survey column "
            "named bind, body, control, instance or media without “::”. Rename the column."
        ) from None
    return Conversion(result.xform, tuple(" ".join(warning.split()) for warning in warnings))


_HINT = "Correct that row and build again."


def _sentence(message: str) -> str:
    text = " ".join(message.split())
    return text if text.endswith((".", "!", "?")) else f"{text}."


def validator() -> Path:
    """ODK Validate as shipped inside pyxform; it contains the XForm engine of ODK Collect."""
    return Path(str(resources.files("pyxform"))) / "validators/odk_validate/bin/ODK_Validate.jar"


def validate(xform: Path | str, *, java: str | None = "java") -> Validation:
    """Judge an XForm (a path, or its text) with ODK Validate, in a process of its own.

    Without Java on the path (or with `java=None`) nothing is judged and the result says so.

    Raises
    ------
    QuestionnaireError
        Where ODK Validate rejects the form, with its reasons.
    """
    program = shutil.which(java) if java else None
    if program is None:
        return Validation(False, "not validated: no Java (Debian: default-jre-headless)")
    if isinstance(xform, Path):
        return _judge(program, xform, str(xform))
    with tempfile.TemporaryDirectory(prefix="persepsi-") as folder:
        path = Path(folder) / "form.xml"
        path.write_text(xform, encoding="utf-8")
        return _judge(program, path, "the XForm")


def _judge(program: str, path: Path, name: str) -> Validation:
    jar = validator()
    if not jar.is_file():
        return Validation(False, "not validated: this pyxform ships no ODK Validate")
    command = [program, "-Djava.awt.headless=true", "-jar", str(jar), str(path)]
    try:
        ended = subprocess.run(
            command, capture_output=True, text=True, encoding="utf-8", errors="replace",
            check=False, timeout=VALIDATE_SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return Validation(
            False, f"not validated: ODK Validate gave no answer in {VALIDATE_SECONDS} s"
        )
    except OSError as error:
        return Validation(False, f"not validated: Java could not be started ({error.strerror})")
    said = [line.strip() for line in ended.stderr.splitlines() if _says_something(line)]
    if ended.returncode == 0:
        return Validation(True, "", tuple(said))
    if "JavaRuntime" in ended.stderr or "UnsupportedClassVersion" in ended.stderr:
        return Validation(False, "not validated: this Java cannot run ODK Validate (needs 11)")
    raise QuestionnaireError(
        f"{name}: ODK Validate rejects the form: {' '.join(said[:6]) or 'no reason given'} "
        "Names such as /data/group/question tell which row of the sheet survey is meant; "
        "correct its relevant, constraint or calculation."
    )


def _says_something(line: str) -> bool:
    """Whether a line of ODK Validate speaks of the form, not of its own stack."""
    text = line.strip()
    return bool(text) and not re.match(r"(at [\w.$]+\(|\.\.\. \d+ more|>>|Result: )", text)
