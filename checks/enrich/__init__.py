"""The ladder that finds a better address for a debtor who has none that works."""

from checks.enrich.ladder import propose_contacts

__all__ = ["propose_contacts"]
