"""One decision per contact and per debtor, by the rule table."""

from __future__ import annotations

from checks.score import DecisionPolicy, decide_contacts, decide_debtors, without_effect
from flows.creditors import unnamed_creditors
from flows.executor import write_part
from flows.run import Run
from flows.stages.score import scored_contacts
from flows.suppression import suppressed_now

CANDIDATES_PART = "candidates.parquet"
IDLE = (
    "{count} overrides have no effect: the debtor is suppressed, or has no address that may be "
    "written to; see: entrega override --list"
)


def decide(run: Run) -> None:
    """Decide by the rules, then by what persons decided; who is suppressed is read again later."""
    scored = scored_contacts(run)
    debtors = run.read("debtors")
    suppressed = suppressed_now(run)
    policy = decision_policy(run)
    overrides = run.warehouse.overrides_on(run.plan.as_of.date())
    contacts = decide_contacts(scored, suppressed, policy, overrides)
    decided = decide_debtors(
        contacts=contacts,
        debtors=debtors,
        clusters=run.read("clusters"),
        invoices=run.read("invoices"),
        suppressed=suppressed,
        as_of=run.plan.as_of,
        policy=policy,
        overrides=overrides,
    )
    if idle := without_effect(decided.debtors, overrides).height:
        run.note("decide", [IDLE.format(count=idle)])
    write_part(decided.candidates, run.folder("decide") / CANDIDATES_PART)
    run.commit("decide", {"contacts": contacts, "decided_debtors": decided.debtors})


def decision_policy(run: Run) -> DecisionPolicy:
    """Return the limits of `[score]`, and which creditors lack what the law wants named."""
    score = run.plan.settings.score
    return DecisionPolicy(
        deliver=score.deliverable,
        owner_person=score.owner_person,
        owner_company=score.owner_company,
        unnamed_creditors=unnamed_creditors(run.plan.settings, run.recall("read")["creditors"]),
    )
