"""When a debtor may be written to: a time zone and the hours allowed in it (rule L14)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import phonenumbers
import polars as pl
from phonenumbers import timezone

_CODE: Final = 3  # characters of "+55" and "+52"
_AREA: Final = 3  # digits of the longest area code, Mexico's
_FACTS: Final = ("line", "currency", "language")


@dataclass(frozen=True, slots=True)
class CountryHours:
    """The hours of one country, as OpenStreetMap writes `opening_hours`, in local time.

    `zones` gives the IANA zone of an area code of 2 or 3 digits, "" where its places lie in several
    zones; `zone` holds for all other areas. `common_hours`, told in `zone`, are allowed wherever in
    the country the debtor lives. `code` is the calling code with its "+".
    """

    code: str
    currency: str
    language: str
    zone: str
    hours: str
    common_hours: str
    zones: Mapping[str, str]

    def zone_of(self, line: str) -> str:
        """Return the zone of a number in E.164, or "" where its area lies in several."""
        area = line[_CODE : _CODE + _AREA]
        return self.zones.get(area, self.zones.get(area[:2], self.zone))


def contact_hours(debtors: pl.DataFrame, countries: Sequence[CountryHours]) -> pl.DataFrame:
    """Return `time_zone` and `contact_hours` (String) of each row, in order; null: unknown.

    `debtors` has `phone` (E.164), `currency` and `language`. The country is that of the phone, else
    of the currency, else of the language; elsewhere no hours are known.

    1. A phone of that country whose area lies in one zone: the country's hours there.
    2. A phone of a third country that lies in one zone: the hours of the debt's country, there.
    3. Otherwise the hours that are allowed everywhere in the country.
    """
    phone = pl.col("phone")
    own = phone.str.head(_CODE).is_in([country.code for country in countries])
    # areas stand for their numbers, so that a million debtors are some hundred cases
    line = pl.when(own).then(phone.str.head(_CODE + _AREA)).otherwise(phone)
    cases = debtors.select(line.alias("line"), "currency", "language")
    distinct = cases.unique().sort(_FACTS)
    told = [
        _hours(line, currency, language, countries)
        for line, currency, language in distinct.iter_rows()
    ]
    found = distinct.with_columns(
        time_zone=pl.Series([zone for zone, _ in told], dtype=pl.String),
        contact_hours=pl.Series([hours for _, hours in told], dtype=pl.String),
    )
    return cases.join(found, on=_FACTS, how="left", nulls_equal=True, maintain_order="left").select(
        "time_zone", "contact_hours"
    )


def _hours(
    line: str | None,
    currency: str | None,
    language: str | None,
    countries: Sequence[CountryHours],
) -> tuple[str | None, str | None]:
    for country in countries:
        if line and line.startswith(country.code):
            zone = country.zone_of(line)
            return (zone, country.hours) if zone else (country.zone, country.common_hours)
    owed_in = [country for country in countries if country.currency == currency]
    spoken_in = [country for country in countries if country.language == language]
    for country in (*owed_in, *spoken_in):
        zone = _only_zone(line)
        return (zone, country.hours) if zone else (country.zone, country.common_hours)
    return None, None


def _only_zone(line: str | None) -> str:
    """Return the zone of a number of any country, or "" where there are several or none.

    >>> _only_zone("+351211234567"), _only_zone("+18005550123")
    ('Europe/Lisbon', '')
    """
    if line is None:
        return ""
    zones = timezone.time_zones_for_number(phonenumbers.parse(line))
    known = [zone for zone in zones if zone != timezone.UNKNOWN_TIMEZONE]
    return known[0] if len(known) == 1 else ""
