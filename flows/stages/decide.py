"""One decision per contact and per debtor, by the rule table."""

from __future__ import annotations

from checks.score import DecisionPolicy, decide_contacts, decide_debtors
from flows.creditors import unnamed_creditors
from flows.executor import write_part
from flows.run import Run
from flows.stages.score import scored_contacts
from flows.suppression import suppressed_now

CANDIDATES_PART = "candidates.parquet"


def decide(run: Run) -> None:
    """Decide; who is suppressed is read again before publishing."""
    scored = scored_contacts(run)
    debtors = run.read("debtors")
    suppressed = suppressed_now(run)
    policy = decision_policy(run)
    contacts = decide_contacts(scored, suppressed, policy)
    decided = decide_debtors(
        contacts=contacts,
        debtors=debtors,
        clusters=run.read("clusters"),
        invoices=run.read("invoices"),
        suppressed=suppressed,
        as_of=run.plan.as_of,
        policy=policy,
    )
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
