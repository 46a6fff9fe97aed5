"""Submissions from a file that somebody exported: KoBo's JSON, CSV or XLSX, Central's zip of CSV.

A JSON file holds a list of records, or an object with that list under `results`, plain or
gzipped. Tables are read by the questionnaire (`pipeline.exported`) into the same records.
It is read whole at every pull, so a corrected export brings its corrections. A record without
`_id` is numbered by its place in the file (from 1): then rows must not change places between
two exports, or they count as edited.
"""

import gzip
import json
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import tzinfo
from pathlib import Path

from analysis.instrument import Instrument
from pipeline.exported import TABLE_SUFFIXES, ExportError, read_grids, records_of
from pipeline.record import ListingError, Record, read_listing, to_submission
from pipeline.source import FormVersion, Page
from pipeline.submission import Submission

SUFFIXES = (".json", ".json.gz")

SAVED_SUFFIXES = (*SUFFIXES, *TABLE_SUFFIXES)
"""In a folder of their own; beside study.toml a CSV or XLSX is a table or form of the study."""

_GZIP = b"\x1f\x8b"


class ExportSource:
    """Files as a source: one for each form, under the name the store keeps as the asset.

    Parameters
    ----------
    instruments : Mapping[str, Instrument], optional
        The form of each, without which tables cannot be read.
    zone
        Clock of the place, for times that a spreadsheet wrote without an offset.
    say
        Told what a file leaves out.
    """

    def __init__(
        self,
        files: Mapping[str, Path],
        server_id: str = "export",
        *,
        instruments: Mapping[str, Instrument] | None = None,
        zone: tzinfo | None = None,
        say: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        self._files = dict(files)
        self._instruments = dict(instruments or {})
        self._zone = zone
        self._say = say
        self.server_id = server_id

    def __repr__(self) -> str:
        return f"ExportSource({self.address!r})"

    @property
    def address(self) -> str:
        """Names of the files."""
        return ", ".join(path.name for path in self._files.values())

    def check(self) -> None:
        """Raise an ExportError unless every file is there."""
        for path in self._files.values():
            if not path.is_file():
                raise ExportError(
                    f"{path}: no such file, so there is nothing to analyse. Export the data as "
                    "JSON from the server and put the file there, or correct [server] export."
                )

    def versions(self, asset: str, known: Collection[str] = ()) -> list[FormVersion]:
        """Nothing: a file of submissions does not tell the versions of its form."""
        del asset, known
        return []

    def pages(self, asset: str, after: int, page_size: int) -> Iterator[Page]:
        """Submissions with an id above `after`, ascending; at least one page.

        Raises
        ------
        ExportError
            Where the file is not a JSON export, or its ids are unusable; nothing is given then.
        """
        found = [s for s in self._read(asset) if s.id > after]
        for first in range(0, max(len(found), 1), page_size):
            yield Page(tuple(found[first : first + page_size]), len(found) - first)

    def _read(self, asset: str) -> list[Submission]:
        path = self._files[asset]
        records = self._records(asset, path)
        numbered = _bring_ids(records, path)
        found: dict[int, Submission] = {}
        for order, record in enumerate(records, start=1):
            try:
                submission = to_submission(
                    record,
                    server_id=self.server_id,
                    asset=asset,
                    order=None if numbered else order,
                )
            except ValueError:
                raise ExportError(
                    f"{path}, record {order}: _id is no whole number from 0, so the record cannot "
                    "be told from the others. Export the data again, without editing the file."
                ) from None
            if submission.id in found:
                raise ExportError(
                    f"{path}, record {order}: _id {submission.id} stands in the file twice, so it "
                    "is unclear which one counts. Export the data again; do not join files by hand."
                )
            found[submission.id] = submission
        return [found[number] for number in sorted(found)]

    def _records(self, asset: str, path: Path) -> Sequence[Record]:
        if path.suffix.lower() not in TABLE_SUFFIXES:
            return read_export(path)
        instrument = self._instruments.get(asset)
        if instrument is None:
            raise ExportError(
                f"{path}: a table is read by its questionnaire, and none is known for {asset}. Put "
                "the XLSForm beside study.toml, or export as JSON."
            )
        found = records_of(read_grids(path), instrument, zone=self._zone, say=self._say)
        return [Record(json.dumps(fields, ensure_ascii=False), fields) for fields in found]


def _bring_ids(records: Sequence[Record], path: Path) -> bool:
    having = sum("_id" in record.fields for record in records)
    if having not in (0, len(records)):
        raise ExportError(
            f"{path}: {having} of {len(records)} records have an _id and the others none, so the "
            "file was edited or joined from two. Export the data again in one piece."
        )
    return having > 0


def read_export(path: Path) -> tuple[Record, ...]:
    """Records of an export file in their order.

    Raises
    ------
    ExportError
        Where the file cannot be read, is cut off, is something else, or holds one page of many.
    """
    try:
        raw = path.read_bytes()
        text = (gzip.decompress(raw) if raw.startswith(_GZIP) else raw).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ExportError(f"{path}: not UTF-8 text, so not a JSON export. {_AGAIN}") from None
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise ExportError(f"{path}: the gzip file is cut off or damaged. {_AGAIN}") from None
    except OSError as error:
        raise ExportError(
            f"{path}: cannot be read ({error.strerror}). Check the name and your permission."
        ) from None
    try:
        listing = read_listing(text)
    except ListingError as error:
        raise ExportError(f"{path}: not a JSON list of submissions ({error}). {_AGAIN}") from None
    count = listing.rest.get("count")
    if isinstance(count, int) and count != len(listing.records):
        # KoBo gives 100 rows to whoever asks for none in particular.
        raise ExportError(
            f"{path}: only one page of the data, {len(listing.records)} of {count} submissions, so "
            "every figure would be wrong. Export all of them, or pull from the server instead."
        )
    return listing.records


_AGAIN = (
    "Export the data again from the server as JSON (/api/v2/assets/<asset>/data/?format=json), "
    "and save the answer unchanged."
)


def find_exports(folder: Path, export: str, forms: Sequence[str]) -> dict[str, Path]:
    """File of each form of a study: form id to path.

    Parameters
    ----------
    folder
        Of the study; `export` is relative to it.
    export : str
        A file (then there must be one form), a folder, or empty for the study's folder itself.
    forms : Sequence[str]
        Form ids. In a folder a form's file is `<form>.json`, `.json.gz`, `.csv`, `.xlsx` or
        `.zip`; a study with one form may call its only file anything. In the study's own folder
        only the JSON ones count, since its tables and forms lie there too.

    Raises
    ------
    ExportError
        Where a form has no file or several, named in the message.
    """
    place = folder / export
    if place.is_file() or place.name.lower().endswith(SAVED_SUFFIXES):
        if len(forms) != 1:
            raise ExportError(
                f"[server] export = {export!r} names one file, but the study has the forms "
                f"{', '.join(forms)}. Name a folder that holds <form>.json for each."
            )
        return {forms[0]: place}
    if not place.is_dir():
        raise ExportError(
            f"{place}: no such file or folder, so there is nothing to analyse. Correct [server] "
            "export in study.toml."
        )
    suffixes = SAVED_SUFFIXES if place.resolve() != folder.resolve() else SUFFIXES
    files = sorted(p for p in place.iterdir() if p.name.endswith(suffixes) and p.is_file())
    chosen = {}
    for form in forms:
        named = [p for p in files if p.name in {form + suffix for suffix in suffixes}]
        candidates = named or (files if len(forms) == 1 else [])
        if len(candidates) != 1:
            listed = ", ".join(p.name for p in candidates) or "none"
            raise ExportError(
                f"{place}: form {form} needs exactly one export file, found {listed}. Keep one, "
                f"called {form}.json, or name it as [server] export in study.toml."
            )
        chosen[form] = candidates[0]
    return chosen
