"""Seeded runs of a pull over a bad line, and of a pull that is killed; used by two proofs."""

import json
import os
import random
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fakes.phone import ASSET, Phone, state
from fakes.proxy import Proxy, between

from pipeline.attachments import Files, damaged_files, held_files
from pipeline.errors import ServerError
from pipeline.kobo import KoboClient, KoboSource
from pipeline.pull import pull
from pipeline.sandbox import RunningSandbox, serve
from pipeline.store import Store

TESTS = Path(__file__).parents[1]
ROWS = 240
RATE = 0.25
MOST_TRIES = 30


@dataclass(frozen=True)
class Outcome:
    """What one run met, and how many pulls it took."""

    faults: Counter[str]
    failed_pulls: int
    events: Counter[str]


def names(rng: random.Random) -> Any:
    return lambda: uuid.UUID(int=rng.getrandbits(128), version=4)


def something_happens(phone: Phone, rng: random.Random, done: Counter[str]) -> None:
    """One event of the field or the office, on a submission chosen at random."""
    records = phone.sandbox.state.assets[ASSET].records
    number = rng.choice(sorted(records))
    event = rng.choice(
        ["new", "new with file", "edit", "validate", "reset", "delete", "duplicate", "resend"]
    )
    done[event] += 1
    match event:
        case "new":
            phone.hand_in(sesi="DKC-09", tunggu="5")
        case "new with file":
            audit = f"event,node,start,end\nform start,,{rng.randrange(10**12)},\n".encode()
            phone.hand_in({"audit.csv": ("text/csv", audit)}, sesi="DKC-01", audit="audit.csv")
        case "edit":
            phone.edit(number, tunggu=str(rng.randrange(100)))
        case "validate":
            phone.validate(number, rng.choice(["approved", "not_approved", "on_hold"]))
        case "reset":
            phone.reset(number)
        case "delete":
            phone.delete(number)
        case "duplicate":
            phone.duplicate(number)
        case "resend":
            xml = records[number].xml
            phone.delete(number)
            if xml:
                phone.send(xml)


def one_pull(url: str, token: str, path: Path, folder: Path, page_size: int = 50) -> int:
    """Pull once; gives how many submissions were said to be deleted."""
    with (
        Store.open(path) as store,
        KoboClient(url, token, sleep=lambda _: None) as client,
    ):
        summary = pull(
            KoboSource(client, "uji"), store, {"wawancara": ASSET}, page_size=page_size,
            now=lambda: datetime.now(UTC), files=Files(folder, "all"),
        )  # fmt: skip
    return summary.forms[0].deleted


def agrees(phone: Phone, path: Path, folder: Path) -> None:
    """Assert that the store holds exactly what the server has, files too, and is undamaged."""
    truth = phone.truth()
    with Store.open(path) as store:
        assert store.verify() == []
        assert damaged_files(store, folder) == []
        found = [json.loads(s.submission.body) for s in store.current("uji", ASSET)]
        files = {(f.id, f.name): f.path.read_bytes() for f in
                 held_files(store, folder, "uji", ASSET)}  # fmt: skip
    # The address of a file names the host we came by: the proxy, not the server.
    assert [_without_links(row) for row in found] == [_without_links(row) for row in truth]
    records = phone.sandbox.state.assets[ASSET].records.values()
    assert files == {
        (r.id, a.basename): a.content for r in records for a in r.attachments if not a.is_deleted
    }


def _without_links(row: dict[str, Any]) -> dict[str, Any]:
    kept = [
        {k: v for k, v in item.items() if not k.startswith("download")}
        for item in row["_attachments"]
    ]
    return {**row, "_attachments": kept}


def faulty_run(seed: int, folder: Path) -> Outcome:
    """Pull over a line that fails by the seed, while things happen; then once more in peace."""
    rng = random.Random(seed)
    path, files, done = folder / f"{seed}.sqlite", folder / f"{seed}.files", Counter[str]()
    events = random.Random(seed + 1)
    with serve(state(page_cap=60)) as sandbox:
        phone = Phone(sandbox, names(random.Random(seed + 2)))
        phone.fill(ROWS)
        proxy = Proxy(sandbox.port, rng, RATE, lambda: something_happens(phone, events, done))
        failed = 0
        with between(proxy) as url:
            for _ in range(3):
                failed += not _tried(url, sandbox, path, files)
                for _ in range(events.randrange(4)):
                    something_happens(phone, events, done)
            # The line stays bad, but the office sleeps: it must come to the truth by itself.
            proxy.change = lambda: None
            tries = 0
            while not _tried(url, sandbox, path, files):
                tries += 1
                assert tries < MOST_TRIES, f"seed {seed}: no pull came through"
        failed += tries
        _settle(sandbox, path, files)
        agrees(phone, path, files)
        phone.close()
    return Outcome(Counter(proxy.done), failed, done)


def _tried(url: str, sandbox: RunningSandbox, path: Path, files: Path) -> bool:
    try:
        one_pull(url, sandbox.token, path, files)
    except ServerError:
        return False
    return True


def _settle(sandbox: RunningSandbox, path: Path, files: Path) -> None:
    """A pull on a good line: nothing that was called deleted may come back with it."""
    one_pull(sandbox.url, sandbox.token, path, files)
    with Store.open(path) as store:
        alive = set(sandbox.state.assets[ASSET].records)
        rows = store.rows("SELECT DISTINCT id FROM submission_version WHERE op = 'D'")
        back = alive & {row["id"] for row in rows}
    assert not back, "a submission that is on the server was called deleted"


PULL = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from fakes.phone import ASSET
from pipeline.attachments import Files
from pipeline.kobo import KoboClient, KoboSource
from pipeline.pull import pull
from pipeline.store import Store
url, token, path, folder = sys.argv[1:]
with Store.open(Path(path)) as store, KoboClient(url, token) as client:
    pull(KoboSource(client, "uji"), store, {"wawancara": ASSET}, page_size=40,
         now=lambda: datetime.now(UTC), files=Files(Path(folder), "all"),
         progress=lambda p: print(p.seen, flush=True))
"""


def killed_pulls(kills: int, seed: int, folder: Path) -> Counter[str]:
    """Kill pulls of one store at random moments while things happen; the store verifies each time.

    Gives where they died, `kills` of them, and how many were done first.
    """
    rng, done, died = random.Random(seed), Counter[str](), Counter[str]()
    path, files = folder / "uji.sqlite", folder / "uji.files"
    environment = {**os.environ, "PYTHONPATH": f"{TESTS.parent}{os.pathsep}{TESTS}"}
    with serve(state(page_cap=40)) as sandbox:
        phone = Phone(sandbox, names(random.Random(seed + 1)))
        phone.fill(ROWS)
        for _ in range(4):
            something_happens(phone, rng, done)
        held = 0
        while sum(died.values()) - died["done first"] < kills:
            process = subprocess.Popen(
                [sys.executable, "-c", PULL, sandbox.url, sandbox.token, str(path), str(files)],
                stdout=subprocess.PIPE, text=True, env=environment,
            )  # fmt: skip
            assert process.stdout is not None
            acknowledged = _kill_somewhere(process, rng)
            process.stdout.close()
            if process.wait() == 0:
                died["done first"] += 1
            else:
                assert process.returncode == -signal.SIGKILL
                died["between pages" if acknowledged else "before the first page"] += 1
            if path.exists():
                with Store.open(path) as store:
                    assert store.verify() == []
                    rows = store.counts()
                    assert sum(c.versions for c in rows) >= held, "nothing acknowledged is lost"
                    held = sum(c.versions for c in rows)
                    assert held >= min(acknowledged, 1)
            for _ in range(rng.randrange(3)):
                something_happens(phone, rng, done)
        one_pull(sandbox.url, sandbox.token, path, files)
        agrees(phone, path, files)
        phone.close()
    return died


def _kill_somewhere(process: "subprocess.Popen[str]", rng: random.Random) -> int:
    """Kill after some acknowledged pages and a moment more; gives what was acknowledged."""
    assert process.stdout is not None
    seen, wait_for = 0, rng.randrange(8)
    for _ in range(wait_for):
        line = process.stdout.readline()
        if not line:
            return seen
        seen = int(line)
    time.sleep(rng.uniform(0, 0.03) if wait_for else rng.uniform(0, 0.6))
    process.send_signal(signal.SIGKILL)
    for line in process.stdout:
        seen = int(line)
    return seen
