"""From the store to a snapshot, block by block, so that memory does not grow with the interviews.

A block is decoded, written and forgotten. Two things only the whole tells: which instances stand
twice, and which columns hold hardly an answer that is among its choices. For these the file is
gone through once more.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.util import hash_array

from pipeline.decode import BLOCK, Decoder, Met, clocks_of, in_blocks
from pipeline.snapshot import put_in_place, read_column, read_frames, spool, write_frames
from pipeline.submission import Submission


def snapshot_submissions(
    submissions: Iterable[Submission],
    decoder: Decoder,
    folder: Path,
    name: str,
    key: str,
    *,
    size: int = BLOCK,
) -> tuple[Path, Met]:
    """Write the snapshot `<name>-<key>.parquet` of submissions, given by ascending id.

    Gives its path and what was met. The rows are those of `pipeline.decode.decode`; repeats are
    counted and not kept. Memory holds a block of `size`, and some bytes a submission.

    Raises
    ------
    StoreError
        Where the folder cannot be written; nothing half-written remains under that name.
    """
    inner: Counter[str] = Counter()

    def frames() -> Iterator[pd.DataFrame]:
        for block in in_blocks(submissions, size):
            frame, repeats = decoder.block(block)
            inner.update({path: len(rows) for path, rows in repeats.items()})
            yield frame

    with spool(folder, name) as first, spool(folder, name) as second:
        write_frames(first, frames())
        earlier = _earlier(first)
        done = first
        if earlier.any() or decoder.spoiled:
            write_frames(second, _kept(first, earlier, decoder))
            done = second
        clocks = sum(map(clocks_of, read_column(done, "clock")), Counter[str]())
        met = decoder.met(int((~earlier).sum()), int(earlier.sum()), clocks, inner)
        return put_in_place(done, folder, name, key), met


def _earlier(path: Path) -> NDArray[np.bool_]:
    """Rows whose instance stands further down once more, told by eight bytes a row.

    Where two hashes are alike the ids themselves decide.
    """
    hashes = [hash_array(ids.to_numpy()) for ids in read_column(path, "submission_id")]
    alike = pd.Series(np.concatenate(hashes)).duplicated(keep=False).to_numpy(copy=True)
    at, suspects = 0, []
    for ids in read_column(path, "submission_id") if alike.any() else ():
        suspects.append(ids[alike[at : at + len(ids)]])
        at += len(ids)
    if suspects:
        alike[alike] = pd.concat(suspects).duplicated(keep="last").to_numpy()
    return alike


def _kept(path: Path, earlier: NDArray[np.bool_], decoder: Decoder) -> Iterator[pd.DataFrame]:
    at = 0
    for frame in read_frames(path):
        stay = ~earlier[at : at + len(frame)]
        at += len(frame)
        yield decoder.cleaned(frame[stay].reset_index(drop=True))
