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
from pipeline.xlsform import Record, XLSForm, read_xlsform

ROOT = "data"
"""Name of the XForm's root element: fixed, so that renaming a file changes no path."""

VALIDATE_SECONDS = 120

JVM = (
    "-Djava.awt.headless=true", "-XX:+IgnoreUnrecognizedVMOptions", "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
)  # fmt: skip
"""A process of a second: compiling it thoroughly would take longer than running it."""

EXPRESSIONS = frozenset(
    {"relevant", "constraint", "calculation", "required", "choice_filter", "read_only", "default",
     "repeat_count"}
)  # fmt: skip
"""Columns of the sheet survey that hold logic."""


class FormRefused(QuestionnaireError):
    """A form that pyxform or ODK Validate refuses; `row` and `column` say where (0, blank: ?)."""

    def __init__(
        self, message: str, reason: str, sheet: str = "survey", row: int = 0, column: str = ""
    ) -> None:
        super().__init__(message)
        self.reason, self.sheet, self.row, self.column = reason, sheet, row, column


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


def convert(path: Path | str, data: bytes | None = None) -> Conversion:
    """Convert an XLSForm (.xlsx or .md mirror) to an XForm.

    `data` are the bytes of a workbook that is not written yet; default: those of the file.

    Raises
    ------
    QuestionnaireError
        With pyxform's sentence (which names row and column where it can) and what to do.
    """
    path = Path(path)
    form = read_xlsform(path, data)
    if path.suffix.lower() == ".md":
        source, kind = write_workbook(form.sheets), ".xlsx"
    else:
        source, kind = data or path.read_bytes(), path.suffix.lower()
    warnings: list[str] = []
    try:
        result = pyxform_convert(
            source, warnings=warnings, form_name=ROOT, pretty_print=True, file_type=kind
        )
    except PyXFormError as error:
        raise _refused(path, _sentence(str(error))) from None
    except Exception as error:  # a header that pyxform does not expect surfaces as any error
        reason = f"pyxform could not convert the form ({type(error).__name__}: {error})."
        raise FormRefused(
            f"{path}: {reason} A "
            "usual cause is a column header with “:” on the sheet choices, or a survey column "
            "named bind, body, control, instance or media without “::”. Rename the column.",
            reason,
        ) from None
    return Conversion(result.xform, tuple(" ".join(warning.split()) for warning in warnings))


_HINT = "Correct that row and build again."


def _refused(path: Path, said: str) -> FormRefused:
    """What pyxform said, with the sheet, row and column it names."""
    row = re.search(r"\[row : (\d+)\]", said)
    place = re.search(r"On the '(\w+)' sheet, the '([^']+)' value", said)
    return FormRefused(
        f"{path}: {said} {_HINT}",
        said,
        sheet=place[1] if place and place[1] in {"survey", "choices", "settings"} else "survey",
        row=int(row[1]) if row else 0,
        column=place[2] if place else "",
    )


def _sentence(message: str) -> str:
    text = " ".join(message.split())
    return text if text.endswith((".", "!", "?")) else f"{text}."


def validator() -> Path:
    """ODK Validate as shipped inside pyxform; it contains the XForm engine of ODK Collect."""
    return Path(str(resources.files("pyxform"))) / "validators/odk_validate/bin/ODK_Validate.jar"


def validate(
    xform: Path | str, *, java: str | None = "java", form: XLSForm | None = None
) -> Validation:
    """Judge an XForm (a path, or its text) with ODK Validate, in a process of its own.

    Without Java on the path (or with `java=None`) nothing is judged and the result says so. With
    the `form` it was converted from, a refusal names its workbook, row and column.

    Raises
    ------
    QuestionnaireError
        Where ODK Validate rejects the form, with its reasons.
    """
    program = shutil.which(java) if java else None
    if program is None:
        return Validation(False, "not validated: no Java (Debian: default-jre-headless)")
    if isinstance(xform, Path):
        return _judge(program, xform, form, str(xform))
    with tempfile.TemporaryDirectory(prefix="persepsi-") as folder:
        path = Path(folder) / "form.xml"
        path.write_text(xform, encoding="utf-8")
        return _judge(program, path, form, str(form.path) if form else "the XForm")


def _judge(program: str, path: Path, form: XLSForm | None, name: str) -> Validation:
    jar = validator()
    if not jar.is_file():
        return Validation(False, "not validated: this pyxform ships no ODK Validate")
    command = [program, *JVM, "-jar", str(jar), str(path)]
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
    lines = [line for line in ended.stderr.splitlines() if str(path) not in line]
    said = list(dict.fromkeys(filter(None, map(_plain, lines))))
    if ended.returncode == 0:
        return Validation(True, "", tuple(said))
    if "JavaRuntime" in ended.stderr or "UnsupportedClassVersion" in ended.stderr:
        return Validation(False, "not validated: this Java cannot run ODK Validate (needs 11)")
    reason = _sentence(" ".join(said[:6]) or "no reason given")
    rows, column = _place(form, reason) if form else ([], "")
    where = [name]
    if rows:
        numbers = " and ".join(str(record.number) for record in rows)
        where += ["sheet survey", f"row{'s' if len(rows) > 1 else ''} {numbers}"]
    if column:
        where.append(f"column {column}")
    raise FormRefused(
        f"{', '.join(where)}: ODK Validate rejects the form: {reason} "
        + (
            "Correct that cell and build again."
            if column
            else "Names such as /data/group/question tell which row of the sheet survey is meant; "
            "correct its relevant, constraint or calculation."
        ),
        f"ODK Validate: {reason}",
        row=rows[0].number if rows else 0,
        column=column,
    )


def _plain(line: str) -> str:
    """What a line of ODK Validate says of the form; empty where it speaks of files and stacks."""
    text = line.strip()
    if re.match(r"(at [\w.$]+\(|\.\.\. \d+ more|>>|Result: |The following files failed)", text):
        return ""
    text = re.sub(r"^(?:Caused by: )?(?:[\w$]+\.)+[\w$]*(?:Exception|Error)(?:: |$)", "", text)
    return re.sub(r"(?<=[\w.-])\[1\](?=[/)\s]|$)", "", text)


LOGIC = {
    "calculat": ("calculation", "default"),
    "constraint": ("constraint",),
    "display condition": ("relevant",),
    "condition": ("relevant", "required", "read_only"),
}
"""Columns that a word of ODK Validate may mean; it calls three of them a condition."""


def _place(form: XLSForm, reason: str) -> tuple[list[Record], str]:
    """Rows that a reason of ODK Validate speaks of, and the column where there can be but one."""
    records: dict[str, Record] = {}
    inside = [f"/{ROOT}"]
    for record in form.records("survey"):
        kind = record.text("type").replace(" ", "_")
        path = f"{inside[-1]}/{record.text('name')}"
        if kind.startswith("end_"):
            inside = inside[:-1] if len(inside) > 1 else inside
            continue
        records.setdefault(path, record)
        if kind.startswith("begin_"):
            inside.append(path)
    function = re.search(r"function '([^']+)'", reason)
    if function:  # whoever calls it is meant, whatever ODK names beside
        call = re.compile(rf"(?<![\w.-]){re.escape(function[1])}\s*\(")
        for record in form.records("survey"):
            for column, text in record.cells.items():
                if column.base in EXPRESSIONS and call.search(text):
                    return [record], column.base
    named = re.search(r"(?:node|bind for|expression for|field '[^']*') \[?\(?(/[\w./-]+)", reason)
    paths = [named[1]] if named else re.findall(rf"/{ROOT}(?:/[\w.-]+)+", reason)
    known = [records[path.rstrip(".")] for path in paths if path.rstrip(".") in records]
    found = {record.number: record for record in known}
    rows = [found[number] for number in sorted(found)]
    for word, columns in LOGIC.items():
        if word in reason.lower() and len(rows) == 1:
            filled = [column for column in columns if rows[0].text(column)]
            return rows, filled[0] if len(filled) == 1 else ""
    return rows, ""
