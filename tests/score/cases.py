"""Cases of the law as short rows: a contact, what is known of it, and the rule that decides."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.score.conftest import Office

OWES = [{"debtor_id": f"d{n}", "invoice_id": f"i{n}"} for n in range(1, 5)]

ROLES = {"financeiro", "contato", "vendas", "noreply", "fiscal"}

SEND = ("L01", "send", "confident")

NO_USE = ("L01", "other_channel", "no_usable_address")


def decided(office: Office, case: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return rule, decision and reason of each contact of a case, by debtor."""
    contacts = [{"email_raw": "maria.souza@gmail.com", **row} for row in case["contacts"]]
    syntax = [
        {"email_raw": raw, "is_free": False, "is_role": raw.split("@")[0] in ROLES}
        for raw in {row["email_raw"] for row in contacts}
        if raw.endswith(".example")
    ]
    known = {**case, "contacts": contacts, "syntax": [*syntax, *case.get("syntax", [])]}
    frame = office.decide(**known)
    return list(frame.select("rule", "decision", "decision_reason").iter_rows())


def dated(office: Office, case: dict[str, Any]) -> dict[str, Any]:
    """Write moments for the zeros of a case: yesterday."""
    yesterday = office.as_of - timedelta(days=1)

    def with_moments(row: dict[str, Any]) -> dict[str, Any]:
        moments = {"confirmed_at", "last_hard_at"}
        return {name: yesterday if name in moments else cell for name, cell in row.items()}

    tables = {"contacts", "history"} & set(case)
    return {**case, **{name: [with_moments(row) for row in case[name]] for name in tables}}


def contact(**more: object) -> dict[str, Any]:
    return {"contacts": [more]}


def found(address: str, reason: str, **more: object) -> dict[str, Any]:
    return {
        **contact(email_raw=address, **more),
        "findings": [{"address": address, "reason": reason, "verdict": "unknown"}],
    }


def company(address: str, name: str = "Padaria Central Ltda", **more: object) -> dict[str, Any]:
    """Return a company's address that its server accepts."""
    return found(address, "mailbox_accepted", kind="pj", name=name, **more)
