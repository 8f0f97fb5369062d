"""`entrega plan`: whom a run would ask, within which budget, in how many nights; asks nobody."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from checks.frames import CLUSTERS, DOMAINS, FINDINGS, HISTORY, empty
from checks.mailbox.forecast import Bound, Outlook
from checks.mailbox.providers import Provider, Providers
from checks.score import Facts, ScoreModel, score_contacts
from checks.syntax import check_syntax
from data.hashing import keyed_hash
from data.intake import Portfolio, read_portfolio
from data.reference.providers import load_providers
from data.reference.score import load_score_model, load_score_reference
from data.reference.syntax import load_syntax_reference
from data.verifiers import CHECK as CLAIMED
from data.warehouse import open_warehouse
from flows.asking import AskFacts, AskPlan, plan_asking, sent_unasked
from flows.configuration import load_settings
from flows.overrides import overridden
from flows.plan import DEFAULT_WAREHOUSE, model_file
from flows.run import utc_now
from flows.settings import Settings
from flows.stages.mailboxes import ANSWERS_LAST, WORTH_KEEPING
from flows.stages.read import intake_settings

NIGHTS_SHOWN = 14
_WHY = {
    Bound.NOTHING: "",
    Bound.REFUSALS: "refusal budget",
    Bound.UNKNOWN_SHARE: "share of unknown recipients",
    Bound.TIME: "spacing and connections",
}


@dataclass(frozen=True, slots=True)
class Known:
    """What earlier runs left; empty frames without a warehouse.

    `answered` and `claims` are FINDINGS that still count: of servers, who are then not asked again,
    and of verifiers, which only tell who is likely to exist.
    """

    domains: pl.DataFrame
    history: pl.DataFrame
    suppressed: pl.DataFrame
    answered: pl.DataFrame
    claims: pl.DataFrame


def run_plan(
    inputs: Sequence[Path], config: Path | None, warehouse: Path | None, *, as_json: bool
) -> int:
    """Print what probing the files would take."""
    settings = load_settings(config)
    with TemporaryDirectory(prefix="entrega-") as folder:
        portfolio = read_portfolio(inputs, intake_settings(settings), Path(folder))
    reference = load_syntax_reference(allow_special_use=bool(settings.smtp.lab_networks))
    syntax = check_syntax(portfolio.contacts["email_raw"].unique().sort(), reference)
    path = (warehouse or DEFAULT_WAREHOUSE).absolute()
    known = _known(path, portfolio, syntax)
    model = load_score_model(model_file(settings, path))
    providers = overridden(load_providers(), settings.smtp.providers)
    found = plan_asking(
        AskFacts(
            contacts=portfolio.contacts,
            syntax=syntax,
            debtors=portfolio.debtors,
            domains=known.domains,
            suppressed=known.suppressed,
            answered=known.answered,
            scores=_scores(portfolio, syntax, known, model),
            threshold=sent_unasked(settings.score, settings.gate),
        ),
        providers,
    )
    if as_json:
        print(json.dumps(plan_facts(found, providers, portfolio, settings), sort_keys=True))
    else:
        print("\n".join(plan_lines(found, providers, portfolio, settings)))
    return 0


def _known(path: Path, portfolio: Portfolio, syntax: pl.DataFrame) -> Known:
    nobody = pl.DataFrame(schema={"address": pl.String})
    if not path.is_file():
        return Known(empty(DOMAINS), empty(HISTORY), nobody, empty(FINDINGS), empty(FINDINGS))
    now = utc_now()
    with open_warehouse(path, now=utc_now) as opened:
        answered, claims = (
            opened.recent_findings(check, "", now - ANSWERS_LAST) for check in ("mailbox", CLAIMED)
        )
        keys = syntax.select(
            "address", key=keyed_hash(opened.hash_key, syntax["address"])
        ).drop_nulls()
        in_force = opened.suppressions().filter(pl.col("until").is_null() | (pl.col("until") > now))
        return Known(
            opened.domain_cache(),
            opened.history(portfolio.debtors["creditor_id"].unique().sort().to_list()),
            keys.join(in_force, on="key", how="semi").select("address").unique(),
            answered.filter(pl.col("verdict").is_in(WORTH_KEEPING)),
            claims.join(syntax.select("address").unique(), on="address", how="semi"),
        )


def _scores(
    portfolio: Portfolio, syntax: pl.DataFrame, known: Known, model: ScoreModel
) -> pl.DataFrame:
    """Return each contact's score before anyone is asked; whose mailbox it is plays no part."""
    facts = Facts(
        contacts=portfolio.contacts,
        debtors=portfolio.debtors,
        clusters=empty(CLUSTERS),
        syntax=syntax,
        domains=known.domains,
        findings=pl.concat([known.answered, known.claims]),
        history=known.history,
    )
    scored = score_contacts(facts, utc_now(), model, load_score_reference())
    return scored.contacts.select("creditor_id", "debtor_id", "address", "score")


@dataclass(frozen=True, slots=True)
class ProviderTotals:
    """The outlooks of one provider together: nights run side by side, counts add up."""

    addresses: int
    sentinels: int
    refusals: float
    sessions: int
    first_night: int
    nights: int
    hours: float
    bound: Bound

    @classmethod
    def of(cls, outlooks: Sequence[Outlook]) -> ProviderTotals:
        """Add up; the slowest owner of limits tells nights, hours and what bounds them."""
        slowest = max(outlooks, key=lambda found: (found.nights, found.hours))
        return cls(
            addresses=sum(found.recipients for found in outlooks),
            sentinels=sum(found.sentinels for found in outlooks),
            refusals=sum(found.refusals for found in outlooks),
            sessions=sum(found.sessions for found in outlooks),
            first_night=sum(found.by_night[0] for found in outlooks),
            nights=slowest.nights,
            hours=slowest.hours,
            bound=slowest.bound,
        )


def plan_facts(
    found: AskPlan, providers: Providers, portfolio: Portfolio, settings: Settings
) -> dict[str, object]:
    """Return the plan as plain values, for machines."""
    return {
        "probing": settings.smtp.asks,
        "debtors": portfolio.debtors.height,
        "asked": found.nights.height,
        "nights": _nights(found),
        "providers": [
            {
                "provider": name,
                "addresses": totals.addresses,
                "sentinels": totals.sentinels,
                "expected_refusals": round(totals.refusals, 1),
                "sessions": totals.sessions,
                "first_night": totals.first_night,
                "nights": totals.nights,
                "hours_first_night": round(totals.hours, 2),
                "bound": totals.bound.value,
                "refusals_per_hour": providers.named(name).limits.refusals_per_hour,
                "refusals_per_day": providers.named(name).limits.refusals_per_day,
                "unknown_share": providers.named(name).limits.unknown_share,
                "budget_scope": providers.named(name).limits.budget_scope.value,
            }
            for name, totals in _totals(found)
        ],
        "coverage": found.coverage.to_dicts(),
        "not_asked": found.left_out.to_dicts(),
    }


def plan_lines(
    found: AskPlan, providers: Providers, portfolio: Portfolio, settings: Settings
) -> Iterator[str]:
    """Yield the plan as a table for people."""
    yield (
        f"{portfolio.debtors.height:,} debtors; addresses that would be asked: "
        f"{found.nights.height:,}; nights of eight hours: {_nights(found)}"
    )
    if not settings.smtp.asks:
        yield "probing is off: set [smtp] helo and mail_from, then see: entrega preflight"
    yield ""
    yield f"{'provider':<22}{'addresses':>10}{'1st night':>11}{'nights':>8}{'refusals':>10}  budget"
    for name, totals in _totals(found):
        yield _provider_line(providers.named(name), totals)
    yield from _coverage_lines(found.coverage)
    yield from _left_out_lines(found.left_out, providers)


def _totals(found: AskPlan) -> list[tuple[str, ProviderTotals]]:
    totals = [(name, ProviderTotals.of(found.outlooks[name])) for name in found.providers]
    return sorted(totals, key=lambda each: (-each[1].addresses, each[0]))


def _nights(found: AskPlan) -> int:
    return max((each.nights for parts in found.outlooks.values() for each in parts), default=0)


def _provider_line(provider: Provider, totals: ProviderTotals) -> str:
    limits = provider.limits
    owner = "an MX address" if limits.budget_scope.value == "address" else "in all"
    budget = f"{limits.refusals_per_hour:,} refusals an hour, {limits.refusals_per_day:,} a day"
    why = f"; bound by {_WHY[totals.bound]}" if _WHY[totals.bound] else ""
    return (
        f"{provider.label[:21]:<22}{totals.addresses:>10,}{totals.first_night:>11,}{totals.nights:>8,}"
        f"{totals.refusals:>10,.0f}  {budget} {owner}, stop at "
        f"{limits.unknown_share:.0%} unknown{why}"
    )


def _coverage_lines(coverage: pl.DataFrame) -> Iterator[str]:
    for currency in coverage["currency"].unique().sort():
        rows = coverage.filter(pl.col("currency") == currency)
        yield ""
        head = f"{'after night':<12}{'debtors':>10}{'share':>8}"
        yield f"{head}{f'amount {currency}':>20}{'share':>8}" if currency else head
        shown = rows.filter(
            (pl.col("night") <= NIGHTS_SHOWN) | (pl.col("night") == rows["night"][-1])
        )
        for night, _, debtors, share, amount, of_amount in shown.iter_rows():
            money = f"{amount:>20,.2f}{of_amount:>8.1%}" if of_amount is not None else ""
            yield f"{night:<12}{debtors:>10,}{share:>8.1%}{money}"
        yield f"the other {1 - share:.1%} have no address that can be asked"


def _left_out_lines(left_out: pl.DataFrame, providers: Providers) -> Iterator[str]:
    yield ""
    yield "never asked, and why:"
    for reason, provider, addresses in left_out.iter_rows():
        whose = f" ({providers.named(provider).label})" if provider else ""
        yield f"  {addresses:>9,}  {reason}{whose}"
