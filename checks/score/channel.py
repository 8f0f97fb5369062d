"""Which channel is left for a debtor without a usable address, told from the telephone number."""

from __future__ import annotations

from typing import Final

import polars as pl

MOBILE: Final = r"^\+55[1-9][0-9]9[0-9]{8}$"
"""Brazil: area code, then nine digits that begin with 9 (Anatel, since 2016)."""

EITHER: Final = r"^\+52[0-9]{10}$"
"""Mexico: since 2019 a number does not tell mobile from fixed; a message tried costs nothing."""


def other_channel(mobile_channel: str) -> pl.Expr:
    """Return whatsapp or sms for mobiles, voice for other numbers, letter without a number.

    A number that may be a fixed line gets WhatsApp or voice, never an SMS that nobody receives.

    >>> frame = pl.DataFrame({"phone": ["+5511987654321", "+551133334444", None]})
    >>> frame.select(other_channel("sms"))["other_channel"].to_list()
    ['sms', 'voice', 'letter']
    """
    phone = pl.col("phone")
    either = "whatsapp" if mobile_channel == "whatsapp" else "voice"
    return (
        pl.when(phone.is_null())
        .then(pl.lit("letter"))
        .when(phone.str.contains(MOBILE))
        .then(pl.lit(mobile_channel))
        .when(phone.str.contains(EITHER))
        .then(pl.lit(either))
        .otherwise(pl.lit("voice"))
        .alias("other_channel")
    )
