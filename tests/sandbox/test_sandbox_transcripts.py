"""The sandbox answers as a real server was recorded to answer."""

from collections.abc import Iterator

import pytest
from recorded import FOLDER
from recorded_acts import play_all
from recorded_session import Session

RECORDED = [path.stem for path in sorted(FOLDER.glob("*.http"))]
NOT_COVERED = {
    "the server's own rebuilding of a workbook, or a preview of a form, has no reader here": (
        "034-asset-xml",
        "035-asset-xls",
        "060-xform-xml",
        "473-xform",
        "491-xls-standard-colon-columns",
    ),
    "geojson leaves out rows and repeats; nobody should read it": (
        "161-geojson",
        "403-geojson-default",
    ),
    "pages for a browser": ("168-accept-html",),
    "the recorded server names a file for nginx to send; the sandbox sends the file": (
        "170-attachment",
    ),
    "media by question and converted media have no reader here": (
        "172-attachment-by-xpath",
        "173-attachment-mp3",
    ),
    "exports: the pipeline reads JSON": (
        "250-export-create",
        "251-export-poll",
        "252-export-download",
        "253-export-download-noauth",
        "254-export-bad",
        "255-export-settings-create",
        "256-sync-csv",
        "257-sync-csv-follow",
        "258-sync-csv-follow-noauth",
        "259-export-settings-dup",
        "260-export-xls",
        "261-export-xls-poll",
        "307-viewer-export",
    ),
    "the recorded server goes on counting what was deleted": ("311-counts",),
    "charts, the description of the API, and OPTIONS": (
        "313-reports",
        "314-schema",
        "439-options",
    ),
    "hxl tags, and columns beginning with a dollar sign, are not read": (
        "490-import-standard-colon-columns",
        "490-import-standard-colon-columns-poll",
        "490-import-standard-colon-columns-asset",
        "492-deploy-colon",
    ),
}


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    yield from play_all()


@pytest.mark.parametrize("name", RECORDED)
def test_the_answer_equals_the_recorded_one(session: Session, name: str) -> None:
    assert session.outcome[name] == []


def test_nothing_went_wrong_inside_the_sandbox(session: Session) -> None:
    assert session.state.failures == []


def test_every_recorded_exchange_is_replayed_or_says_why_not() -> None:
    index = (FOLDER / "INDEX.txt").read_text(encoding="utf-8").splitlines()
    names = {line.split("\t")[0].removesuffix(".http") for line in index}
    excused = [name for group in NOT_COVERED.values() for name in group]
    assert len(excused) == len(set(excused))
    assert set(RECORDED) | set(excused) == names
    assert not set(RECORDED) & set(excused)
    assert len(RECORDED) >= 240
