"""`persepsi pull` and `persepsi store` as people run them: each refusal has its own sentence."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes.kobo import Kobo, Reply, page, serving
from fakes.phone import ASSET, Phone, state, workbook

from pipeline.cli import _run
from pipeline.kobo.token import find_token
from pipeline.place import filesystem, in_cloud, unsafe
from pipeline.sandbox import VIEWER_TOKEN, Fault, serve, study_state
from pipeline.store import Store
from pipeline.study import open_study


@pytest.fixture
def phone() -> Iterator[Phone]:
    with serve(state()) as sandbox:
        phone = Phone(sandbox)
        phone.fill(12)
        yield phone
        phone.close()


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KOBO_TOKEN", raising=False)
    folder = tmp_path / "survei"
    folder.mkdir()
    (folder / "air.xlsx").write_bytes(workbook())
    set_asset(folder, ASSET)
    return folder


def set_asset(folder: Path, asset: str) -> None:
    (folder / "study.toml").write_text(
        '[server]\nid = "kobo"\nkind = "kobo"\nurl = "https://kobo.example"\n'
        f'[[wave]]\nid = "1"\n[wave.assets]\nair = "{asset}"\n',
        "utf-8",
    )


def pulling(capsys: pytest.CaptureFixture[str], url: str, *more: str) -> tuple[int, str]:
    code = _run(["pull", "./survei", "--server", url, *more])
    heard = capsys.readouterr()
    assert "Traceback" not in heard.err
    return code, " ".join((heard.out + heard.err).split())


def refused(
    study: Path, phone: Phone, monkeypatch: pytest.MonkeyPatch, what: str
) -> tuple[str, str]:
    """Token to use and server to ask, for each way of being refused."""
    made = phone.sandbox.state
    token, url = phone.sandbox.token, phone.sandbox.url
    if what == "wrong token":
        token = "0" * 40
    if what == "viewer":  # may see the form, and none of its submissions
        made.assets[ASSET].grants["peninjau"] = {"view_asset"}
        token = VIEWER_TOKEN
    if what == "not shared":
        made.assets[ASSET].grants.clear()
        token = VIEWER_TOKEN
    if what == "no such asset":
        set_asset(study, "aTidakAda12345678901234")
    if what == "draft":
        draft = made.create_asset("Draf", "survey", made.owner.username)
        made.save_version(draft, made.assets[ASSET].latest.content)
        set_asset(study, draft.uid)
    monkeypatch.setenv("KOBO_TOKEN", token)
    return token, url


REFUSALS = {
    "wrong token": "does not accept the token",
    "viewer": "may see form",
    "not shared": "has no form",
    "no such asset": "has no form",
    "draft": "never deployed",
}


@pytest.mark.parametrize("what", REFUSALS)
def test_each_refusal_of_the_server_has_its_own_sentence(
    what: str,
    study: Path,
    phone: Phone,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    token, url = refused(study, phone, monkeypatch, what)
    code, said = pulling(capsys, url)
    assert code == 12
    assert REFUSALS[what] in said
    others = {words for name, words in REFUSALS.items() if words != REFUSALS[what]}
    assert not [words for words in others if words in said]
    assert token not in said


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (page(200, "Login Wi-Fi"), "answered with a web page"),
        (page(404, "Halaman tidak ditemukan"), "has no KoBo API"),
        (Reply(302, b"", {"Location": "https://login.hotspot.example/"}), "sends us on to login"),
    ],
    ids=["captive portal", "wrong host", "redirect"],
)
def test_each_stranger_on_the_line_has_its_own_sentence(
    reply: Reply,
    words: str,
    study: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("KOBO_TOKEN", "1" * 40)
    kobo = Kobo(script=[("/me/", reply)])
    with serving(kobo) as url:
        code, said = pulling(capsys, url)
    assert code == 12
    assert words in said
    assert "1" * 40 not in said
    assert kobo.seen == ["/me/"], "nothing more was asked, and the token is in no address"


def test_without_a_token_nothing_is_asked(
    study: Path, phone: Phone, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = pulling(capsys, phone.sandbox.url)
    assert code == 12
    assert "KOBO_TOKEN" in said
    assert "keyring" in said
    assert not phone.sandbox.state.requests


def test_the_token_is_found_in_a_keyring_and_the_environment_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "keyring.py").write_text(
        "def get_password(service, name):\n"
        "    if name == 'rusak': raise RuntimeError('locked: rahasia')\n"
        "    return {('persepsi', 'kobo'): 'dari-ring'}.get((service, name))\n"
    )
    assert find_token({}, "kobo") == ""
    monkeypatch.syspath_prepend(str(tmp_path))
    assert find_token({}, "kobo") == "dari-ring"
    assert find_token({"KOBO_TOKEN": "dari-lingkungan"}, "kobo") == "dari-lingkungan"
    assert find_token({}, "lain") == ""
    assert find_token({}, "rusak") == ""
    monkeypatch.delitem(sys.modules, "keyring")


def test_a_pull_names_what_happened(
    study: Path,
    phone: Phone,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("KOBO_TOKEN", phone.sandbox.token)
    audit = {"audit.csv": ("text/csv", b"event,node,start,end\nform start,,1790000000123,\n")}
    phone.hand_in(audit, sesi="DKC-01", audit="audit.csv")
    code, said = pulling(capsys, phone.sandbox.url)
    assert code == 0
    assert "air: 13 new, 0 edited, 13 on the server" in said
    assert "air: 1 files fetched" in said
    assert Path("data/survei/store.files/air.audit.parquet").exists()
    phone.delete(3)
    phone.edit(4, tunggu="9")
    phone.validate(5)
    code, said = pulling(capsys, phone.sandbox.url, "--json")
    assert '"deleted": 1' in said
    assert '"edited": 1' in said
    assert '"validated": 1' in said


def test_ctrl_c_stops_all_forms_at_once_and_the_next_pull_goes_on(tmp_path: Path) -> None:
    made = study_state(open_study("kendari").folder, "kendari")
    made.faults.add(Fault("delay", seconds=0.3, times=None))
    with serve(made) as sandbox:
        command = [
            sys.executable, "-m", "pipeline", "pull", "kendari", "--server", sandbox.url,
            "--page-size", "100", "--data", str(tmp_path),
        ]  # fmt: skip
        # A shell starts background jobs deaf to Ctrl-C, and they pass it on to their children.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        running = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        signal.signal(signal.SIGINT, before)
        assert running.stderr is not None
        while "wawancara: 200 of" not in running.stderr.readline():
            assert running.poll() is None
        running.send_signal(signal.SIGINT)
        error = running.stderr.read()  # what `communicate` would take leaves out what was buffered
        running.communicate(timeout=30)
        assert running.returncode == 130
        assert "Stopped. What was pulled so far is kept" in error
        assert "Traceback" not in error
        made.faults.clear()
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "1136 on the server" in done.stdout
    with Store.open(tmp_path / "kendari" / "sandbox.sqlite") as held:
        assert held.verify() == []
        assert sum(form.submissions for form in held.counts()) == 1226


# The store


@pytest.fixture
def filled(
    study: Path,
    phone: Phone,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Path:
    monkeypatch.setenv("KOBO_TOKEN", phone.sandbox.token)
    assert pulling(capsys, phone.sandbox.url)[0] == 0
    return Path("data/survei/store.sqlite")


def store(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = _run(["store", *arguments])
    heard = capsys.readouterr()
    return code, heard.out + heard.err


def test_a_sound_store_verifies_and_its_copy_can_take_its_place(
    filled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = store(capsys, "verify", "./survei")
    assert (code, said.startswith("No damage in 12 rows")) == (0, True)
    code, said = store(capsys, "backup", "./survei", "--to", "salinan/s.sqlite")
    assert code == 0
    assert "wrote salinan/s.sqlite" in said
    with Store.open(filled) as one, Store.open(Path("salinan/s.sqlite")) as two:
        assert one.digest() == two.digest()
        assert two.verify() == []
    if os.name == "posix":
        assert Path("salinan/s.sqlite").stat().st_mode & 0o777 == 0o600
    code, said = store(capsys, "backup", "./survei", "--to", "salinan/s.sqlite")
    assert code == 13
    assert "left as it was" in said
    assert [p.name for p in Path("salinan").iterdir()] == ["s.sqlite"]
    code, _ = store(capsys, "backup", "./survei")
    assert code == 0
    (copy,) = (filled.parent / "backup").iterdir()
    assert copy.stem.startswith("store-")


def test_a_damaged_store_says_where_and_what_to_do(
    filled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    connection = sqlite3.connect(filled)
    connection.execute("DROP TRIGGER submission_version_is_final")
    connection.execute("UPDATE submission_version SET body = '{}' WHERE seq = 3")
    connection.commit()
    connection.close()
    code, said = store(capsys, "verify", "./survei")
    assert code == 13
    assert "Row 3" in said
    assert "store backup" in said
    code, said = store(capsys, "verify", "./survei", "--json")
    assert code == 13
    assert json.loads(said)["rows"] == 12
    assert len(json.loads(said)["damage"]) >= 1


def test_the_stats_name_forms_pulls_and_the_end_of_the_chain(
    filled: Path, phone: Phone, capsys: pytest.CaptureFixture[str]
) -> None:
    phone.delete(3)
    assert pulling(capsys, phone.sandbox.url)[0] == 0
    code, said = store(capsys, "stats", "./survei", "--json")
    found = json.loads(said)
    assert code == 0
    assert (found["rows"], found["deleted"], found["pulls"]) == (13, 1, 2)
    assert found["forms"][0]["submissions"] == 11
    with Store.open(filled) as opened:
        head = next(opened.rows("SELECT chain FROM submission_version WHERE seq = 13"))[0]
    assert found["head"] == head
    code, said = store(capsys, "stats", "./survei")
    assert f"the chain ends with {head}" in said


def test_a_store_that_is_not_there_is_no_traceback(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for verb in ("verify", "backup", "stats"):
        code, said = store(capsys, verb, "./survei")
        assert (code, "no store yet" in said) == (13, True)
    assert not Path("data").exists()


READER = """
import sys
from pathlib import Path
from pipeline.store import Store
with Store.open(Path(sys.argv[1])) as store:
    while True:
        rows = [s.submission.id for s in store.current("kobo", sys.argv[2])]
        assert len(rows) == len(set(rows)) and len(rows) >= 12
        print(len(rows), flush=True)
"""


def test_a_reader_beside_the_pull_sees_whole_pages_and_disturbs_nobody(
    filled: Path, phone: Phone, capsys: pytest.CaptureFixture[str]
) -> None:
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, str(filled), ASSET], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert reader.stdout is not None
    assert reader.stdout.readline() == "12\n"
    for _ in range(3):
        phone.fill(40)
        assert pulling(capsys, phone.sandbox.url, "--page-size", "20")[0] == 0
    while reader.poll() is None and (line := reader.stdout.readline()):
        if int(line) == 132:
            break
    reader.kill()
    _, error = reader.communicate()
    assert error == ""
    assert store(capsys, "verify", "./survei")[0] == 0


# Places where no store belongs

MOUNTS = """\
/dev/sda1 / ext4 rw 0 0
//server/arsip /mnt/arsip\\040kantor cifs rw 0 0
server:/data /srv/nfs nfs4 rw 0 0
/dev/sdb1 /srv/nfs/lokal ext4 rw 0 0
user@host:/ /home/a/ssh fuse.sshfs rw 0 0
"""


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("/home/a/data", "ext4"),
        ("/mnt/arsip kantor/data", "cifs"),
        ("/srv/nfs", "nfs4"),
        ("/srv/nfs/data", "nfs4"),
        ("/srv/nfs/lokal/data", "ext4"),
        ("/srv/nfsx", "ext4"),
        ("/home/a/ssh/data", "fuse.sshfs"),
    ],
)
def test_the_file_system_of_a_place_is_that_of_its_mount(place: str, kind: str) -> None:
    assert filesystem(place, MOUNTS) == kind


@pytest.mark.parametrize(
    ("place", "cloud"),
    [
        ("/home/a/OneDrive - Ombudsman RI/data", True),
        ("/home/a/Dropbox/survei", True),
        ("/Users/a/Library/Mobile Documents/iCloud Drive/x", True),
        ("/home/a/Google Drive/x", True),
        ("/home/a/data", False),
        ("/home/a/dropboxed/data", False),
    ],
)
def test_the_folder_of_a_cloud_service_is_known(place: str, cloud: bool) -> None:
    assert in_cloud(Path(place)) is cloud


def test_doctor_refuses_a_synced_folder_and_the_pull_warns(
    study: Path,
    phone: Phone,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert unsafe(Path("data")) == ""
    assert _run(["doctor", "./survei", "--data", "OneDrive/data"]) == 10
    assert "synced to a cloud" in " ".join(capsys.readouterr().out.split())
    monkeypatch.setenv("KOBO_TOKEN", phone.sandbox.token)
    code, said = pulling(capsys, phone.sandbox.url, "--data", "OneDrive/data")
    assert code == 0
    assert "Warning:" in said
