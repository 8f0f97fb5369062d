"""The syntax check: every distinct address once, ordinary ones as whole columns."""

from __future__ import annotations

import polars as pl

from checks.syntax.reading import read_addresses
from checks.syntax.reference import SyntaxReference
from checks.syntax.verdicts import judge_addresses, judge_refused


def check_syntax(
    email_raw: pl.Series, reference: SyntaxReference, *, trim: bool = False
) -> pl.DataFrame:
    """Return `SYNTAX`, one row per distinct non-null value of `email_raw`, in no set order.

    Valid or not is email-validator's verdict (2.4: SMTPUTF8 allowed; quoted local parts, display
    names and address literals refused). Beside it stand reasons of our own: `placeholder`,
    `special_use_domain`, `mixed_script` (undeliverable), `disposable`, `suspected_typo` (risky).
    `address` is lower case with the domain as A-labels. `trim` first takes invisible characters
    off both ends, which is all that is ever changed without asking: the rest is `suggestion`.
    """
    read = read_addresses(email_raw, trim=trim)
    accepted = pl.concat([read.ordinary, read.others])
    return pl.concat([judge_addresses(accepted, reference), judge_refused(read.refused, reference)])
