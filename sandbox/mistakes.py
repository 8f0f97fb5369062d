"""How addresses, ids and names come out when people type them: the errors of real lists."""

from __future__ import annotations

import polars as pl

from sandbox.draws import indices, stream, words, zipf
from sandbox.mailboxes import mailbox_key
from sandbox.market import Market

_SLIPS = {
    "comma": 0.35,  # gmail,com
    "two_ats": 0.15,
    "blank": 0.20,
    "no_at": 0.15,
    "trailing_dot": 0.15,
}


def write_addresses(market: Market, contacts: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Add what stands in the cell and what a server would be asked.

    Columns added: `raw` (null: nothing was typed) and `asked` (the lower-case address that the
    raw text shows; null: the shape is impossible or no address).
    """
    rng = stream(seed, "typing")
    size = contacts.height
    frame = contacts.with_columns(
        pl.col("address").str.split("@").list.first().alias("local"),
        words(rng, _SLIPS, size).alias("slip"),
        pl.Series("placeholder", rng.choice(market.placeholders, size).tolist()),
        pl.Series("upper", rng.random(size) < market.common("habits")["upper_case"]),
        _mistyped_domain(market, contacts["domain"], seed).alias("wrong_domain"),
    )
    frame = frame.with_columns(_read_as().alias("asked"))
    error = pl.col("error")
    raw = (
        pl.when(error == "missing")
        .then(None)
        .when(error == "syntax")
        .then(_slipped())
        .otherwise("asked")
    )
    shapeless = error.is_in(["missing", "syntax"]) | ~pl.col("asked").str.contains(
        "@", literal=True
    )
    return frame.with_columns(
        pl.when("upper").then(raw.str.to_uppercase()).otherwise(raw).alias("raw"),
        pl.when(~shapeless).then("asked").alias("asked"),
    ).drop("local", "slip", "placeholder", "upper", "wrong_domain")


def _read_as() -> pl.Expr:
    """Return the address as typed, leaving slips of shape aside."""
    error = pl.col("error")
    return (
        pl.when(error == "domain_typo")
        .then(pl.concat_str("local", pl.lit("@"), "wrong_domain"))
        .when(error == "local_typo")
        .then(pl.concat_str(_mistyped_local(), pl.lit("@"), "domain"))
        .when(error == "placeholder")
        .then(pl.col("placeholder").str.to_lowercase())
        .otherwise("address")
    )


def _mistyped_domain(market: Market, domain: pl.Series, seed: int) -> pl.Series:
    rng = stream(seed, "typos")
    typos = market.common("typo_domains")
    fallback = (
        domain.str.replace(r"\.example$", ".exampel")
        .str.replace(r"\.com$", ".cmo")
        .str.replace(r"\.com\.br$", ".com.b")
    )
    written = pl.lit(fallback)
    for right, wrong in typos.items():
        drawn = pl.Series(wrong, dtype=pl.String).gather(
            indices(rng, zipf(len(wrong)), len(domain))
        )
        written = pl.when(pl.Series(domain == right)).then(drawn).otherwise(written)
    return pl.select(written).to_series()


def _mistyped_local() -> pl.Expr:
    """Swap the second and third letters, or double the first where that changes nothing."""
    local = pl.col("local")
    swapped = (
        local.str.slice(0, 1) + local.str.slice(2, 1) + local.str.slice(1, 1) + local.str.slice(3)
    )
    return pl.when(swapped != local).then(swapped).otherwise(local.str.slice(0, 1) + local)


def _slipped() -> pl.Expr:
    address = pl.col("address")
    slip = pl.col("slip")
    return (
        pl.when(slip == "comma")
        .then(address.str.replace(r"\.([a-z]+)$", ",$1"))
        .when(slip == "two_ats")
        .then(address.str.replace("@", "@@", literal=True))
        .when(slip == "blank")
        .then(address.str.replace("@", " @ ", literal=True).str.replace(".", " .", literal=True))
        .when(slip == "no_at")
        .then(address.str.replace("@", "", literal=True))
        .otherwise(address + ".")
    )


def mistyped_mailboxes(market: Market, contacts: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Return the mailboxes behind mistyped, placeholder and re-dotted addresses.

    Same columns as `mailboxes.live_and_die`: most do not exist; a mistyped local part may be a
    stranger's mailbox.
    """
    rng = stream(seed, "strangers")
    wrong = contacts.filter(pl.col("asked").is_not_null() & (pl.col("asked") != pl.col("address")))
    taken = pl.Series(
        rng.random(wrong.height) < market.common("mailboxes")["stranger_at_local_typo"]
    )
    lives = taken & (pl.col("error") == "local_typo")
    return wrong.select(
        pl.col("asked").alias("address"),
        pl.col("asked").str.split("@").list.last().alias("domain"),
        pl.lit(None, dtype=pl.Int64).alias("owner"),
        pl.lit("stranger").alias("relation"),
        pl.when(lives).then(pl.lit("exists")).otherwise(pl.lit("absent")).alias("state"),
        pl.lit(value=False).alias("put_off"),
    )


def other_case_or_dots(asked: pl.Expr, raw: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """Return (asked, raw) as another clerk would have typed the same mailbox.

    Gmail ignores dots in the local part, so they go there; elsewhere only the case changes.
    """
    retyped = mailbox_key(asked)
    is_upper = raw == raw.str.to_uppercase()
    return retyped, pl.when(is_upper).then(retyped).otherwise(retyped.str.to_uppercase())


def abbreviated(name: pl.Expr) -> pl.Expr:
    """Return the name as another system keeps it: upper case, no accents, middle names cut.

    >>> pl.DataFrame({"n": ["José Carlos da Silva"]}).select(abbreviated(pl.col("n"))).item()
    'JOSE C DA SILVA'
    """
    upper = name.str.to_uppercase().str.normalize("NFKD").str.replace_all(r"\p{M}", "")
    return upper.str.replace(r"^(\S+) (\S)\S+ (.*)$", "$1 $2 $3")


def mistyped_tax_id(tax_id: pl.Expr) -> pl.Expr:
    """Return the id with its last digit changed, so that the check no longer holds."""
    last = tax_id.str.tail(1)
    wrong = pl.when(last == "7").then(pl.lit("3")).otherwise(pl.lit("7"))
    return tax_id.str.slice(0, tax_id.str.len_chars() - 1) + wrong
