"""Rule L14: the zone and the hours in which a debtor may be written to."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from checks.identity import CountryHours, contact_hours
from data.reference.contact_hours import load_contact_hours

COUNTRIES: Final = load_contact_hours()
BRAZIL, MEXICO = COUNTRIES
SEASONS: Final = [datetime(2026, month, 15, tzinfo=UTC) for month in (1, 7)]
DAYS: Final = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
RULE: Final = re.compile(r"^(\w\w)(?:-(\w\w))? (\d\d):(\d\d)-(\d\d):(\d\d)$")


def told(
    phone: str | None, currency: str | None = None, language: str | None = None
) -> tuple[str | None, str | None]:
    schema = dict.fromkeys(("phone", "currency", "language"), pl.String)
    frame = pl.DataFrame([(phone, currency, language)], schema=schema, orient="row")
    zone, hours = contact_hours(frame, COUNTRIES).row(0)
    return zone, hours


def allowed(hours: str) -> dict[str, tuple[int, int]]:
    """Return the minutes of each day, as a dispatcher would read them."""
    found: dict[str, tuple[int, int]] = {}
    for rule in hours.split("; "):
        parts = RULE.match(rule)
        assert parts, rule
        first, last, *times = parts.groups()
        days = DAYS[DAYS.index(first) : DAYS.index(last or first) + 1]
        from_hour, from_minute, to_hour, to_minute = map(int, times)
        span = (60 * from_hour + from_minute, 60 * to_hour + to_minute)
        found |= dict.fromkeys(days, span)
    return found


def offset(zone: str, moment: datetime) -> timedelta:
    found = moment.astimezone(ZoneInfo(zone)).utcoffset()
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("phone", "hours_from_utc"),
    [
        ("+5511987654321", (-3, -3)),  # São Paulo
        ("+5581987654321", (-3, -3)),  # Recife, not Fernando de Noronha
        ("+5591987654321", (-3, -3)),  # Belém
        ("+5592987654321", (-4, -4)),  # Manaus
        ("+5565987654321", (-4, -4)),  # Cuiabá
        ("+5567987654321", (-4, -4)),  # Campo Grande
        ("+5568987654321", (-5, -5)),  # Rio Branco
        ("+525551234567", (-6, -6)),  # Mexico City, where summer time ended in 2022
        ("+526141234567", (-6, -6)),  # Chihuahua, which left Pacific time in 2022
        ("+526561234567", (-7, -6)),  # Ciudad Juárez keeps El Paso's time
        ("+526671234567", (-7, -7)),  # Culiacán
        ("+526621234567", (-7, -7)),  # Hermosillo
        ("+526641234567", (-8, -7)),  # Tijuana keeps California's time
        ("+529981234567", (-5, -5)),  # Cancún
    ],
)
def test_l14_the_zone_is_that_of_the_phones_area(
    phone: str, hours_from_utc: tuple[int, int]
) -> None:
    zone, hours = told(phone)
    assert zone is not None
    assert [offset(zone, moment) / timedelta(hours=1) for moment in SEASONS] == [*hours_from_utc]
    assert hours == (BRAZIL if phone.startswith("+55") else MEXICO).hours


@pytest.mark.parametrize(
    ("facts", "zone", "hours"),
    [
        pytest.param((None, "BRL"), BRAZIL.zone, BRAZIL.common_hours, id="no phone: currency"),
        pytest.param(
            (None, "MXN", "pt-BR"), MEXICO.zone, MEXICO.common_hours, id="debt, not tongue"
        ),
        pytest.param(
            (None, None, "es-MX"), MEXICO.zone, MEXICO.common_hours, id="language at last"
        ),
        pytest.param(("+5597991234567",), BRAZIL.zone, BRAZIL.common_hours, id="two zones in 97"),
        pytest.param(("+528681234567",), MEXICO.zone, MEXICO.common_hours, id="border with Texas"),
        pytest.param(("+351211234567", "BRL"), "Europe/Lisbon", BRAZIL.hours, id="a debtor abroad"),
        pytest.param(("+18005550123", "BRL"), BRAZIL.zone, BRAZIL.common_hours, id="which abroad?"),
        pytest.param(("+5511987654321", "MXN"), BRAZIL.zone, BRAZIL.hours, id="where the phone is"),
        pytest.param((None, None, "en"), None, None, id="no country known, no hours claimed"),
        pytest.param((None,), None, None, id="nothing known"),
    ],
)
def test_l14_what_is_not_known_narrows_the_hours(
    facts: tuple[str | None, ...], zone: str | None, hours: str | None
) -> None:
    assert told(*facts) == (zone, hours)


@pytest.mark.parametrize("country", COUNTRIES, ids=lambda country: country.code)
def test_l14_common_hours_are_allowed_everywhere_all_year(country: CountryHours) -> None:
    """Each end of the common hours lies within the country's hours on every wall clock of it."""
    further = {"+55": {"America/Noronha", "America/Eirunepe"}, "+52": {"America/Matamoros"}}
    zones = {country.zone, *country.zones.values()} - {""} | further[country.code]
    everywhere, common = allowed(country.hours), allowed(country.common_hours)
    assert common.keys() == everywhere.keys()
    for zone in sorted(zones):
        for moment in SEASONS:
            ahead = (offset(zone, moment) - offset(country.zone, moment)) // timedelta(minutes=1)
            for day, (first, last) in common.items():
                opens, closes = everywhere[day]
                assert opens <= first + ahead < last + ahead <= closes, (zone, day)


def test_l14_rows_keep_their_order_and_equal_rows_get_equal_hours() -> None:
    rows = pl.DataFrame(
        {
            "phone": ["+525551234567", None, "+5511987654321", None, "+525559999999"],
            "currency": ["MXN", "BRL", None, None, "MXN"],
            "language": ["es-MX", None, None, None, "es-MX"],
        }
    )
    found = contact_hours(rows, COUNTRIES)
    assert found["time_zone"].to_list() == [
        MEXICO.zone,
        BRAZIL.zone,
        BRAZIL.zone,
        None,
        MEXICO.zone,
    ]
    assert_frame_equal(contact_hours(rows.reverse(), COUNTRIES), found.reverse())


def test_l14_no_rows_are_no_fault() -> None:
    nobody = pl.DataFrame(schema=dict.fromkeys(("phone", "currency", "language"), pl.String))
    assert contact_hours(nobody, COUNTRIES).is_empty()
