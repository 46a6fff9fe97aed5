"""Writing decisions back to the server as validation statuses or review states.

A status that a human set is never replaced: only submissions without one, and those whose status
is still the one that we set ourselves. Each batch is read once more right before it is written.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.decisions import Decision
from pipeline.errors import StudyError
from pipeline.kobo.deployment import LOST
from pipeline.pushed import Held, Pushed, append_pushed, is_free, read_pushed
from pipeline.review_server import ReviewServer

Say = Callable[[str], None]

SHOWN = 10
TOLD = 20
"""Progress is told after so many decisions, where a server takes them one by one."""


@dataclass(frozen=True)
class PushPlan:
    """Decisions by what is to be done with them; each comes with the submission as it is now."""

    asset: str
    wanted: tuple[tuple[Decision, Held], ...]
    same: tuple[Decision, ...]
    kept: tuple[tuple[Decision, Held], ...]

    def lines(self) -> list[str]:
        """The plan for a person."""
        found = [f"{len(self.wanted)} to set, {len(self.same)} so already, {len(self.kept)} kept"]
        counts: dict[str, int] = {}
        for decision, _ in self.wanted:
            counts[decision.status] = counts.get(decision.status, 0) + 1
        found += [f"  set {status}: {count}" for status, count in sorted(counts.items())]
        found += _kept_lines(self.kept)
        return found

    def as_dict(self) -> dict[str, Any]:
        """The plan for a script."""
        return {
            "asset": self.asset,
            "set": [{"_id": held.number, "status": d.status} for d, held in self.wanted],
            "same": len(self.same),
            "kept": [{"_id": held.number, "status": held.status} for _, held in self.kept],
        }


@dataclass
class PushOutcome:
    """What was written: numbers that were set, left for a human's status, or gone meanwhile."""

    done: list[int] = field(default_factory=list)
    kept: list[tuple[Decision, Held]] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)

    def lines(self) -> list[str]:
        """The outcome for a person."""
        found = [f"{len(self.done)} set, {len(self.kept)} kept, {len(self.gone)} gone meanwhile"]
        return found + _kept_lines(self.kept)

    def as_dict(self) -> dict[str, Any]:
        """The outcome for a script."""
        return {
            "set": self.done,
            "kept": [{"_id": held.number, "status": held.status} for _, held in self.kept],
            "gone": self.gone,
        }


def plan_push(
    server: ReviewServer,
    server_id: str,
    asset: str,
    decisions: Sequence[Decision],
    ledger: Path,
    page_size: int,
) -> PushPlan:
    """Hold decisions against the server; nothing is changed.

    Raises
    ------
    StudyError
        Where decisions name submissions that the form does not have.
    ForbiddenError
        Where our account may not validate.
    """
    server.check(asset)
    held = list(server.every(asset, page_size))
    by_number, by_uuid = {h.number: h for h in held}, {h.root_uuid: h for h in held}
    found = {d.line: by_uuid.get(d.root_uuid) or by_number.get(d.number) for d in decisions}
    _refuse_unknown(asset, server, [d for d in decisions if found[d.line] is None])
    pushed = read_pushed(ledger)
    wanted, same, kept = [], [], []
    taken: dict[int, Decision] = {}
    for decision in decisions:
        now = found[decision.line]
        if now is None:
            continue
        first = taken.setdefault(now.number, decision)
        if first is not decision:
            if first.status != decision.status:
                raise StudyError(
                    f"Rows {first.line} and {decision.line} of the decisions are of the same "
                    f"submission, by root_uuid and by _id: {first.status} and {decision.status}. "
                    "Keep the row that counts."
                )
            continue
        if now.status == decision.status:
            same.append(decision)
        elif is_free(now, pushed.get((server_id, asset, now.number))):
            wanted.append((decision, now))
        else:
            kept.append((decision, now))
    return PushPlan(asset, tuple(wanted), tuple(same), tuple(kept))


def push(
    server: ReviewServer,
    server_id: str,
    plan: PushPlan,
    ledger: Path,
    say: Say,
) -> PushOutcome:
    """Set the statuses of a plan in batches, and note down each that was set.

    Raises
    ------
    ServerError
        Where a batch cannot be written. Batches before it are done and noted; run again to go on.
    """
    append_pushed(ledger, ())  # before anything is set: it must be possible to note it
    outcome = PushOutcome(kept=list(plan.kept))
    done = 0
    for status, batch in _batches(plan.wanted, server.batch):
        now = {h.number: h for h in _now(server, plan.asset, [h.number for _, h in batch])}
        ready = []
        for decision, before in batch:
            held = now.get(before.number)
            if held is None:
                outcome.gone.append(before.number)
            elif held == before:
                ready.append((decision, held))
            else:  # somebody judged it between plan and now
                outcome.kept.append((decision, held))
        numbers = [held.number for _, held in ready]
        if numbers:
            try:
                server.set(plan.asset, numbers, status)
            except LOST:
                # The answer was lost, and perhaps not the deed: what is so now was done by us.
                _note(server, server_id, plan.asset, ready, ledger)
                raise
            outcome.done += _note(server, server_id, plan.asset, ready, ledger)
        done += len(batch)
        if done % TOLD == 0 or server.batch >= TOLD or done == len(plan.wanted):
            say(f"  {done} of {len(plan.wanted)} decisions")
    return outcome


def _note(
    server: ReviewServer,
    server_id: str,
    asset: str,
    batch: Sequence[tuple[Decision, Held]],
    ledger: Path,
) -> list[int]:
    """Note what a batch has become on the server; the numbers that have our status."""
    after = {h.number: h for h in _now(server, asset, [h.number for _, h in batch])}
    entries = [
        Pushed(
            server_id, asset, now.number, now.root_uuid, now.status, now.by_whom, now.timestamp,
            decision.reason,
        )
        for decision, before in batch
        if (now := after.get(before.number)) is not None
        and now != before
        and now.status == decision.status
        and now.by_whom == server.signature
    ]  # fmt: skip
    append_pushed(ledger, entries)
    return [entry.number for entry in entries]


def _refuse_unknown(asset: str, server: ReviewServer, unknown: Sequence[Decision]) -> None:
    if not unknown:
        return
    rows = ", ".join(str(decision.line) for decision in unknown[:SHOWN])
    more = f" and {len(unknown) - SHOWN} more" if len(unknown) > SHOWN else ""
    raise StudyError(
        f"Rows {rows}{more} of the decisions name submissions that form {asset} on "
        f"{server.url} does not have: deleted, or of another form. Nothing was set. Take the "
        "rows out, or name the form with --form."
    )


def _batches(
    wanted: Sequence[tuple[Decision, Held]], size: int
) -> Iterator[tuple[str, list[tuple[Decision, Held]]]]:
    for status in sorted({decision.status for decision, _ in wanted}):
        of_status = [pair for pair in wanted if pair[0].status == status]
        for first in range(0, len(of_status), size):
            yield status, of_status[first : first + size]


def _now(server: ReviewServer, asset: str, numbers: Sequence[int]) -> list[Held]:
    return list(server.these(asset, numbers))


def _kept_lines(kept: Sequence[tuple[Decision, Held]]) -> list[str]:
    lines = [
        f"  kept, judged on the server: _id {held.number} is {held.status or 'without status'}, "
        f"row {decision.line} says {decision.status}"
        for decision, held in kept[:SHOWN]
    ]
    return lines + ([f"  and {len(kept) - SHOWN} more kept"] if len(kept) > SHOWN else [])
