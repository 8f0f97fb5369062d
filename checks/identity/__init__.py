"""Tax ids and phones: who a record is about."""

from checks.identity.phones import check_phones
from checks.identity.tax_ids import TAX_IDS, check_tax_ids

__all__ = ["TAX_IDS", "check_phones", "check_tax_ids"]
