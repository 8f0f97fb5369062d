"""Tax ids, phones and contact hours: who a record is about, and when to reach them."""

from checks.identity.contact_hours import CountryHours, contact_hours
from checks.identity.phones import check_phones
from checks.identity.tax_ids import TAX_IDS, check_distinct_tax_ids, check_tax_ids

__all__ = [
    "TAX_IDS",
    "CountryHours",
    "check_distinct_tax_ids",
    "check_phones",
    "check_tax_ids",
    "contact_hours",
]
