"""An output that is open elsewhere is not lost; the operating system itself refuses here.

On Windows a workbook that Excel has open cannot be replaced (sharing violation, a
PermissionError). Here the same error comes from the kernel: a file in a folder with the sticky
bit belongs to somebody else, so another user may write beside it and not replace it. Root may do
everything, so the run is given up to a user of no rights.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.errors import PersepsiError
from pipeline.outputs import write_text
from pipeline.placing import MOST, names_beside, placing, removed, told_beside

ROOT = Path(__file__).parents[2]
NOBODY = 65534

AS_NOBODY = """
import os, sys
from pathlib import Path
from pipeline.outputs import write_text
from pipeline.placing import removed, told_beside
from pipeline.errors import PersepsiError
os.setgid(65534); os.setuid(65534)
folder = Path(sys.argv[1])
for text in ("kedua", "ketiga"):
    path = write_text(folder / "estimates.csv", text)
    print(path.name, told_beside([path])[0])
try:
    removed(folder / "estimates.csv")
except PersepsiError as error:
    print(error)
"""


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="needs root to be another user")
def test_what_the_kernel_will_not_replace_stays_and_the_new_one_lies_beside_it(tmp_path):
    folder = tmp_path / "build"
    folder.mkdir()
    for above in (folder, *folder.parents):
        if above.stat().st_uid == 0 and above.is_relative_to(tmp_path.parents[2]):
            above.chmod(0o755)
    folder.chmod(0o1777)
    (folder / "estimates.csv").write_text("pertama")
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, str(folder)], cwd=ROOT, capture_output=True, text=True,
        check=True, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(ROOT)},
        timeout=60,
    )  # fmt: skip
    first, second, refused = done.stdout.splitlines()
    assert first.startswith("estimates (baru).csv estimates.csv is open in another program")
    assert second == first  # the second run takes the same name: its own file it may replace
    assert "cannot be removed. Close it" in refused
    assert (folder / "estimates.csv").read_text() == "pertama"
    assert (folder / "estimates (baru).csv").read_text() == "ketiga"
    assert sorted(p.name for p in folder.iterdir()) == ["estimates (baru).csv", "estimates.csv"]


def test_a_folder_under_the_files_name_is_no_reason_to_lose_it_either(tmp_path):
    (tmp_path / "hasil.xlsx").mkdir()
    (tmp_path / "hasil (baru).xlsx").mkdir()
    path = write_text(tmp_path / "hasil.xlsx", "isi")
    assert path.name == "hasil (baru 2).xlsx"
    assert path.read_text() == "isi"
    (tmp_path / "hasil.xlsx").rmdir()
    assert write_text(tmp_path / "hasil.xlsx", "baru") == tmp_path / "hasil.xlsx"
    # What lay beside it is out of date now; a folder is not ours to remove.
    assert sorted(p.name for p in tmp_path.iterdir()) == ["hasil (baru).xlsx", "hasil.xlsx"]


def test_where_every_name_is_in_use_it_is_said_and_nothing_is_left_behind(tmp_path):
    asked = []

    def busy(source: Path, target: Path) -> None:
        asked.append(target.name)
        raise PermissionError(13, "The process cannot access the file", str(target))

    (tmp_path / "hasil.xlsx").write_text("lama")
    with (
        pytest.raises(PersepsiError, match=r"cannot be written\. Is it open .*nothing was lost"),
        placing(tmp_path / "hasil.xlsx", replace=busy) as placed,
    ):
        placed.temporary.write_text("baru")
    assert len(asked) == 1 + MOST
    assert [p.name for p in tmp_path.iterdir()] == ["hasil.xlsx"]
    assert (tmp_path / "hasil.xlsx").read_text() == "lama"


def test_a_failure_while_writing_leaves_the_old_file_and_no_other(tmp_path):
    (tmp_path / "hasil.xlsx").write_text("lama")

    def full() -> None:
        with placing(tmp_path / "hasil.xlsx") as placed:
            placed.temporary.write_text("setengah")
            raise OSError(28, "No space left on device")

    with pytest.raises(PersepsiError, match="free some disk space"):
        full()
    assert [p.read_text() for p in tmp_path.iterdir()] == ["lama"]


def test_a_table_that_has_no_rows_now_goes_with_what_lay_beside_it(tmp_path):
    for name in ("changes.csv", "changes (baru).csv", "changes-lain.csv"):
        (tmp_path / name).write_text("lama")
    removed(tmp_path / "changes.csv")
    removed(tmp_path / "changes.csv")  # there is nothing left to remove
    assert [p.name for p in tmp_path.iterdir()] == ["changes-lain.csv"]


def test_only_files_that_lie_beside_are_told_of():
    names = [Path(n) for n in ("hasil.xlsx", "hasil (baru 3).xlsx", "unit/kelurahan-baru.html")]
    (told,) = told_beside(names)
    assert told.startswith("hasil.xlsx is open")
    assert "hasil (baru 3).xlsx beside it" in told
    assert [p.name for p in names_beside(Path("a.csv"))][:2] == ["a (baru).csv", "a (baru 2).csv"]
