"""The hours in which debtors may be written to, by country, from `contact_hours.toml`."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

from checks.identity import CountryHours


@cache
def load_contact_hours() -> tuple[CountryHours, ...]:
    """Return the hours of each country that is known, read once."""
    text = resources.files("data.reference").joinpath("contact_hours.toml").read_text("utf-8")
    return tuple(
        CountryHours(**{**country, "zones": _by_area(country["zones"])})
        for country in tomllib.loads(text).values()
    )


def _by_area(areas_of: dict[str, list[str]]) -> dict[str, str]:
    return {area: zone for zone, areas in areas_of.items() for area in areas}
