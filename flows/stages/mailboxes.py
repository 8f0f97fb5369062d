"""Whether each mailbox exists, as far as servers may be asked."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

import polars as pl

from checks.errors import SettingError
from checks.frames import FINDINGS, empty
from checks.mailbox.domain_run import Outcome
from checks.mailbox.findings import ProbeReport, findings_of
from checks.mailbox.plan import make_plan
from checks.mailbox.probe import ProbeResult, payloads, probe_mailboxes, targets_of
from checks.mailbox.recall import remember
from checks.mailbox.records import Payload
from checks.mailbox.session import Deadlines, Identity
from checks.mailbox.settings import ProbeSettings
from checks.mailbox.worth import order_of_asking, worth_of_answers
from data.journal import Journal, read_journal
from data.reference.providers import load_providers
from data.reference.smtp_replies import load_reply_rules
from data.verifiers import CHECK
from flows.asking import sent_unasked
from flows.away import JOURNAL, Told, forget_handout, hand_out, taken_in
from flows.clocks import policy_clock
from flows.overrides import overridden
from flows.plan import work_folder
from flows.proxy import proxy_of
from flows.run import Run
from flows.settings import Settings, SmtpSettings
from flows.stages.domains import lab_networks
from flows.stages.score import scored_with
from flows.suppression import suppressed_now

ANSWERS_LAST = dt.timedelta(days=30)  # docs/politeness.md: nobody is asked again within 30 days
WORTH_KEEPING = ("deliverable", "undeliverable", "risky")


def check_mailboxes(run: Run) -> None:
    """Ask mail servers about the addresses that may be asked; each distinct one once."""
    settings = run.plan.settings
    claims = claims_of_others(run)
    if not settings.smtp.asks:
        run.remember("mailboxes", {"asked": False})
        run.commit("check_mailboxes", {"findings": claims})
        return
    addresses = askable(run)
    known = run.warehouse.recent_findings(
        "mailbox", run.plan.run_id, run.plan.day - ANSWERS_LAST
    ).filter(pl.col("verdict").is_in(WORTH_KEEPING))
    fresh = addresses.join(known, on="address", how="anti")
    fresh = fresh.join(priorities(run, fresh, pl.concat([known, claims])), on="address", how="left")
    reused = known.join(addresses, on="address", how="semi")
    told = _ask_away(run, fresh) if settings.smtp.away else _ask(run, fresh)
    if told.degraded:
        run.warn("mailboxes", [told.degraded])
    run.remember("mailboxes", {"asked": True, **told.figures})
    run.commit("check_mailboxes", {"findings": pl.concat([reused, told.findings, claims])})
    forget_handout(run.plan)


def askable(run: Run) -> pl.DataFrame:
    """Return the addresses that may be asked, with their domain's provider and MX.

    Left out: impossible shapes, suspected typos (the mailbox would be a stranger's), throw-away
    domains, domains that take no mail or whose DNS is not known, and whoever is suppressed.
    """
    suppressed = suppressed_now(run).addresses.select("address").unique()
    shapes = run.read("syntax").filter(
        pl.col("domain").is_not_null() & pl.col("reason").is_null() & ~pl.col("is_disposable")
    )
    takers = run.read("domains").filter(pl.col("verdict").is_null())
    return (
        shapes.select("address", "domain")
        .unique()
        .join(suppressed, on="address", how="anti")
        .join(
            takers.select("domain", "provider", "mx_hosts", "mx_addresses"),
            on="domain",
        )
        .sort("address")
    )


def claims_of_others(run: Run) -> pl.DataFrame:
    """Return FINDINGS of verifiers about the addresses of a run; they last as answers do."""
    known = run.warehouse.recent_findings(CHECK, run.plan.run_id, run.plan.day - ANSWERS_LAST)
    return known.join(run.read("syntax").select("address").unique(), on="address", how="semi")


def priorities(run: Run, asked: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Return `address, priority` of those asked: lower first, where an answer is worth most.

    `known` are findings of earlier runs and claims of others that still count: they make a
    debtor's other addresses matter less.
    """
    settings = run.plan.settings
    scored = scored_with(run, known).contacts
    owed = run.read("debtors").select("creditor_id", "debtor_id", "amount", "currency")
    contacts = scored.select("creditor_id", "debtor_id", "address", "score").join(
        owed, on=["creditor_id", "debtor_id"], how="left"
    )
    worth = worth_of_answers(contacts, sent_unasked(settings.score, settings.gate))
    providers = overridden(load_providers(), settings.smtp.providers)
    return order_of_asking(asked.join(worth, on="address", how="left"), providers)


def _ask(run: Run, addresses: pl.DataFrame) -> Told:
    if addresses.is_empty():
        return Told(empty(FINDINGS), report_facts(ProbeReport()))
    result = asyncio.run(_probe(run, addresses))
    return Told(result.findings, report_facts(result.report), result.report.degraded)


def _ask_away(run: Run, addresses: pl.DataFrame) -> Told:
    """Return what another host was told; raise AwayError while it has still to ask.

    Who may not be asked anywhere is left out of its file.
    """
    providers = overridden(load_providers(), run.plan.settings.smtp.providers)
    left_out = make_plan(targets_of(addresses), providers).not_asked
    asked = addresses.filter(~pl.col("address").is_in(list(left_out)))
    if asked.is_empty():
        found = _ask(run, asked)
    elif (taken := taken_in(run)) is not None:
        found = taken
    else:
        hand_out(run, asked, remember(_earlier(run), providers))
    answered = found.findings.join(asked, on="address", how="semi")
    outcomes = (Outcome(address, reason) for address, reason in left_out.items())
    findings = pl.concat([answered, findings_of(outcomes, {}, run.plan.day)])
    reasons = dict(findings["reason"].value_counts().sort("reason").iter_rows())
    return replace(found, findings=findings, figures={**found.figures, "reasons": reasons})


async def _probe(run: Run, addresses: pl.DataFrame) -> ProbeResult:
    settings = run.plan.settings
    providers = overridden(load_providers(), settings.smtp.providers)
    path = run.folder("mailboxes") / JOURNAL
    written = list(payloads(read_journal(path))) if path.exists() else []
    async with policy_clock(settings.smtp) as clock:
        with Journal.open(path, epoch=run.warehouse.epoch) as journal:
            return await probe_mailboxes(
                addresses,
                probe_settings(settings),
                providers,
                load_reply_rules(),
                clock=clock,
                journal=journal,
                as_of=run.plan.day,
                written=written,
                memory=remember(_earlier(run), providers),
                all_clear=run.plan.all_clear,
                progress=lambda done, total: run.progress.step(done, total, "addresses"),
            )


def _earlier(run: Run) -> Iterator[Payload]:
    """Yield what the journals of earlier runs hold, older runs first."""
    own = run.plan.run_id
    for folder in sorted(work_folder(run.plan.warehouse, own).parent.iterdir()):
        path = folder / "mailboxes" / JOURNAL
        if folder.name != own and path.exists():
            yield from payloads(read_journal(path))


def probe_settings(settings: Settings) -> ProbeSettings:
    """Return what `[smtp]` says of identity, time-outs and retries."""
    smtp = settings.smtp
    proxy = proxy_of(smtp)
    try:
        return ProbeSettings(
            identity=Identity(smtp.helo, smtp.mail_from),
            port=smtp.port,
            deadlines=deadlines(smtp),
            retry_after=tuple(smtp.retry_after),
            source_addresses=smtp.source_addresses,
            proxy=proxy,
            lab_networks=lab_networks(smtp),
            starttls=smtp.starttls,
        )
    except ValueError as error:
        problem = f"[smtp] {error}"
        raise SettingError(problem, "correct it in entrega.toml") from None


def deadlines(smtp: SmtpSettings) -> Deadlines:
    """Return how long a server may take."""
    return Deadlines(
        connect=smtp.connect_timeout,
        banner=smtp.banner_timeout,
        reply=smtp.reply_timeout,
        session=smtp.session_timeout,
    )


def report_facts(report: ProbeReport) -> dict[str, object]:
    """Return a probe's figures as plain values."""
    return {
        "providers": {
            name: {
                "sessions": figures.sessions,
                "recipients": figures.recipients,
                "sentinels": figures.sentinels,
                "refusals": figures.refusals,
                "unreachable": figures.unreachable,
                "encrypted": figures.encrypted,
                "tls_failed": figures.tls_failed,
            }
            for name, figures in sorted(report.providers.items())
        },
        "reasons": {reason.value: count for reason, count in sorted(report.reasons.items())},
        "blocked_by": sorted(set(report.blocked_by)),
        "hindrance": report.hindrance,
    }
