"""Tax ids, phones and names: who a record is about."""

from checks.identity.names import NameReference, fold_names
from checks.identity.phones import check_phones
from checks.identity.tax_ids import TAX_IDS, check_tax_ids

__all__ = ["TAX_IDS", "NameReference", "check_phones", "check_tax_ids", "fold_names"]
