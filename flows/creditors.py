"""Who the creditors of a run are, and what the law wants known of them."""

from __future__ import annotations

from collections.abc import Iterable

from checks.errors import SettingError
from data.intake import creditor_slugs
from flows.settings import CreditorIdentity, Settings


def creditor_id(settings: Settings) -> str | None:
    """Return the id of the one creditor, or None where a column of the file may tell.

    >>> from flows.settings import CreditorSettings
    >>> creditor_id(Settings(creditor=CreditorSettings(name="Loja São João")))
    'loja-sao-joao'
    """
    creditor = settings.creditor
    if creditor.column:
        return None
    wanted = creditor.id or creditor.name
    if not wanted:
        return None
    return creditor_slugs([wanted])[wanted]


def identity_of(settings: Settings, creditor: str) -> CreditorIdentity:
    """Return what the configuration says of a creditor; empty where it says nothing."""
    if not settings.creditor.column:
        return settings.creditor
    slugs = creditor_slugs(settings.creditor.each)
    named = {slugs[name]: identity for name, identity in settings.creditor.each.items()}
    return named.get(creditor, CreditorIdentity())


def unnamed_creditors(settings: Settings, creditors: Iterable[str]) -> frozenset[str]:
    """Return creditors whose name, address or tax id is missing (CDC art. 42-A, rule L13)."""
    return frozenset(
        creditor for creditor in creditors if missing_identity(identity_of(settings, creditor))
    )


def missing_identity(identity: CreditorIdentity) -> list[str]:
    """Return the names of the settings that a collection document needs and that are empty."""
    return [key for key in ("name", "address", "tax_id") if not getattr(identity, key)]


def refuse_missing_settings(
    settings: Settings,
    creditors: Iterable[str],
    *,
    legal_basis_missing: bool,
) -> None:
    """Raise one `SettingError` where invoices cannot be told to anybody as things stand.

    A file whose rows are one creditor's needs [creditor]; a column with several needs at least
    one table, the others are held row by row. [legal] is needed where no row brings a basis.
    """
    known = list(creditors)
    if known and len(unnamed_creditors(settings, known)) == len(known):
        lacking = ", ".join(missing_identity(identity_of(settings, known[0])))
        problem = (
            f"[creditor] {lacking} missing: a debt notice names its creditor (CDC 42-A in Brazil)"
        )
        remedy = f"write {lacking} into [creditor] of entrega.toml; entrega init makes a template"
        raise SettingError(problem, remedy)
    if legal_basis_missing:
        problem = (
            "[legal] basis is missing and no row brings one: no address may be used (rule L16)"
        )
        raise SettingError(problem, "write [legal] basis, source and date into entrega.toml")
