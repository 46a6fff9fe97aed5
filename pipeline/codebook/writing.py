"""`codebook.html`: made by `persepsi analyze` and by `persepsi forms codebook`."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from analysis.instrument import Question
from pipeline.codebook.entries import form_book
from pipeline.codebook.indexes import indexes
from pipeline.codebook.models import Codebook, FormBook, Link
from pipeline.codebook.versions import Seen, seen_versions
from pipeline.errors import PersepsiError, QuestionnaireError
from pipeline.gather import assets_of, forms_of, open_store, store_path
from pipeline.outputs import write_text
from pipeline.paper.folder import readable_forms
from pipeline.paper.outline import Outline, outline_of
from pipeline.paper.page import draw
from pipeline.report import wording
from pipeline.report.codebook import read_bentuk
from pipeline.study import Study

PAGE = "codebook.html"


SIMULATED = (
    "Laporan studi ini dibuat dari data simulasi. Buku kode ini sendiri tidak memuat jawaban siapa "
    "pun."
)


def write_codebook(
    study: Study, data: Path, build: Path, *, home: str = "", simulated: bool = False
) -> Path:
    """Write `build/codebook.html`; `home` is the page it leads back to, empty for none.

    `simulated` says that the reports beside it are made of simulated answers.

    Form versions come from the study's store under `data`, where there is one. The page has the
    same bytes for the same forms and store.

    Raises
    ------
    QuestionnaireError, StudyError
        Where no form at all can be read, or bentuk.csv cannot.
    """
    page = codebook(study, _seen(study, data), home, simulated=simulated)
    path = build / PAGE
    html = draw("codebook.html", "codebook.css", foot=page.footer, script="codebook.js", page=page)
    return write_text(path, html)


def codebook(
    study: Study,
    seen: Mapping[str, tuple[Seen, ...]],
    home: str = "",
    *,
    simulated: bool = False,
) -> Codebook:
    """The page of all forms of a study; `seen` holds published versions by the form's file name.

    A form that cannot be read is told of on the page and does not hold up the others.
    """
    bentuk = {entry.id: entry for entry in read_bentuk(study)}
    anchors = {"isi", "cari", "jumlah", "alat", "bentuk", "dimensi", "skm"}
    found, unread = readable_forms(study)
    forms: list[FormBook] = []
    placed: list[tuple[Question, Link]] = []
    notes = list(unread)
    outlines, pulled = [], _pulled(study)
    for form in found:
        try:
            outlines.append(outline_of(form))
        except QuestionnaireError as error:
            notes.append(str(error).replace(str(form.path), form.path.name))
    for outline in sorted(outlines, key=lambda one: _rank(one, pulled)):
        form = outline.form
        book = form_book(study, outline, bentuk, seen.get(form.path.stem, ()), anchors)
        forms.append(book)
        entries = [entry for group in book.groups for entry in group.entries]
        for ask, entry in zip(outline.asks, entries, strict=True):  # both in the form's order
            # a name alone says enough of the form that is analysed
            text = entry.name if form.path.stem in pulled else f"{entry.form}: {entry.name}"
            placed.append((ask.question, Link(entry.anchor, text)))
    if not forms:
        why = " ".join(notes) or "Put an XLSForm workbook (.xlsx) into the folder."
        raise QuestionnaireError(f"{study.folder}: no questionnaire can be read. {why}")
    shown = wording.shown_study(study)
    return Codebook(
        institution=" · ".join(part for part in (shown.institution, shown.office) if part),
        title=shown.name if study.has_settings else forms[0].title or shown.name,
        home=home,
        banner=SIMULATED if simulated else "",
        forms=tuple(forms),
        indexes=indexes(study, placed, bentuk),
        notes=tuple(f"Formulir ini tidak dapat dibaca. {note}" for note in notes),
    )


def _pulled(study: Study) -> tuple[str, ...]:
    """Forms whose answers are analysed, by file name, the main one first."""
    try:
        return tuple(forms_of(study))
    except PersepsiError:
        return ()  # several forms and no plan: none is the main one


def _rank(outline: Outline, pulled: Sequence[str]) -> tuple[bool, bool]:
    """Forms that measure something come first, and of these the one that is analysed."""
    questions = outline.instrument.questions
    measures = any(q.dimension or q.indicator or q.bentuk or q.skm for q in questions)
    return not measures, outline.form.path.stem not in pulled


def _seen(study: Study, data: Path) -> dict[str, tuple[Seen, ...]]:
    """Published versions of each form that the store knows of; none where there is no store."""
    if not store_path(study, data).exists():
        return {}
    try:
        assets = assets_of(study)
    except PersepsiError:
        return {}  # a study that was never published has a codebook all the same
    is_real = study.server.kind != "sandbox"
    with open_store(study, data) as store:
        return {
            form: seen_versions(store.form_versions(study.server.id, asset), with_days=is_real)
            for form, asset in assets.items()
        }
