"""`entrega probe`: asking mail servers for a run on another host."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

from checks.errors import InputRefusedError, SettingError
from checks.mailbox.probe import ProbeResult, payloads, probe_mailboxes
from data.away import AwayAnswers, Handout, read_handout, write_answers
from data.files import make_private_folder
from data.journal import Journal, read_journal
from data.reference.providers import load_providers
from data.reference.smtp_replies import load_reply_rules
from data.reference.version import rules_version
from flows.clocks import policy_clock
from flows.configuration import load_settings
from flows.outcome import DEGRADED
from flows.overrides import overridden
from flows.progress import Progress
from flows.settings import ProviderOverride, Settings
from flows.stages.mailboxes import probe_settings, report_facts

_EPOCH = 1  # nobody else writes here: there is no warehouse whose holders are counted


def run_probe(shard: Path, out: Path, config: Path | None, *, as_json: bool) -> int:
    """Ask what a shard file says and write the sealed answers; return 5 where nobody was reached.

    Called again after an interruption, it goes on where its journal ends.
    """
    settings = load_settings(config)
    if not (settings.smtp.helo and settings.smtp.mail_from):
        problem = "[smtp] helo and mail_from are not set: nobody is asked without an identity"
        raise SettingError(problem, "write this host's name and a mailbox of yours there")
    handout, digest = read_handout(shard)
    _refuse_other_rules(shard, handout)
    make_private_folder(out.absolute().parent)
    journal = out.with_name(f"{out.name}.journal")
    _begin(journal, digest)
    result = asyncio.run(_ask(handout, settings, journal))
    answers = AwayAnswers(
        findings=result.findings,
        records=tuple(read_journal(journal)),
        figures=report_facts(result.report),
        degraded=result.report.degraded,
    )
    write_answers(out, handout, digest, answers)
    journal.unlink()
    _tell(answers, handout, out, as_json=as_json)
    return DEGRADED if answers.degraded else 0


def _refuse_other_rules(shard: Path, handout: Handout) -> None:
    if handout.rules != rules_version():
        problem = f"'{shard.name}' was made by a release with other rules and lists"
        raise InputRefusedError(problem, "install the same release on both hosts")


def _begin(journal: Path, digest: str) -> None:
    """Note in a new journal whose it is; refuse one that belongs to another shard file."""
    if journal.exists():
        first = next(iter(read_journal(journal)), None)
        if first is not None and first.payload.get("handout") != digest:
            problem = f"'{journal.name}' belongs to another shard file"
            raise InputRefusedError(problem, "let that one end first, or name another --out")
        if first is not None:
            return
    with Journal.open(journal, epoch=_EPOCH) as opened:
        opened.intend({"kind": "handout", "handout": digest})


async def _ask(handout: Handout, settings: Settings, path: Path) -> ProbeResult:
    limits = {name: ProviderOverride.model_validate(each) for name, each in handout.limits.items()}
    probe = replace(
        probe_settings(settings),
        seed=handout.seed,
        retry_after=handout.retry_after,
        horizon=handout.horizon,
    )
    progress = Progress(1)
    written = list(payloads(read_journal(path)))
    async with policy_clock(settings.smtp) as clock:
        with progress.stage("probe"), Journal.open(path, epoch=_EPOCH) as journal:
            return await probe_mailboxes(
                handout.addresses,
                probe,
                overridden(load_providers(), limits),
                load_reply_rules(),
                clock=clock,
                journal=journal,
                as_of=handout.as_of,
                written=written,
                memory=handout.past.memory(),
                progress=lambda done, total: progress.step(done, total, "addresses"),
            )


def _tell(answers: AwayAnswers, handout: Handout, out: Path, *, as_json: bool) -> None:
    if as_json:
        facts = {
            "run_id": handout.run_id,
            "answers": str(out),
            "addresses": answers.findings.height,
            "degraded": answers.degraded,
            **answers.figures,
        }
        print(json.dumps(facts, sort_keys=True))
        return
    print(f"{answers.findings.height:,} addresses: {out}")
    if answers.degraded:
        print(f"degraded: {answers.degraded}")
    print(f"copy it back and call: entrega answers {out.name}")
