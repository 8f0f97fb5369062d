"""What a column of a table of people or companies means."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """The part that a column plays in telling records apart."""

    NAME = "name"  # a person's full name
    GIVEN_NAME = "given_name"
    SURNAME = "surname"
    ORGANISATION = "organisation"
    BIRTH_DATE = "birth_date"
    TAX_ID = "tax_id"
    EMAIL = "email"
    PHONE = "phone"
    STREET = "street"
    POSTCODE = "postcode"
    CITY = "city"
    STATE = "state"
    COUNTRY = "country"
    OTHER = "other"  # a further attribute to compare
    IGNORE = "ignore"


LISTS = frozenset({Role.EMAIL, Role.PHONE})
"""Roles of which one record may have several values, from several columns or one list column."""
