"""Addresses per second and core: `check_syntax` against email-validator on the same rows.

    python benchmarks/syntax.py [--rows 1000000] [--seed 7]

One thread each. `read_addresses` answers what the peer answers, valid or not and the normal form;
`check_syntax` also flags, names reasons and proposes repairs. The peer's verdicts are compared.
"""

from __future__ import annotations

import argparse
import os
import random
import time
from collections.abc import Callable

os.environ["POLARS_MAX_THREADS"] = "1"  # before polars is imported: figures are per core

import polars as pl
from email_validator import validate_email

from checks.model import Reason
from checks.syntax import SyntaxReference, check_syntax, read_addresses
from data.reference import load_syntax_reference

PEER_ROWS = 50_000
OWN_REASONS = [
    Reason.PLACEHOLDER.value,
    Reason.SPECIAL_USE_DOMAIN.value,
    Reason.MIXED_SCRIPT.value,
]

FIRST = (
    "ana",
    "maria",
    "jose",
    "joao",
    "antonio",
    "francisco",
    "carlos",
    "paulo",
    "pedro",
    "lucas",
    "luiz",
    "marcos",
    "luis",
)
LAST = (
    "silva",
    "santos",
    "oliveira",
    "souza",
    "lima",
    "pereira",
    "ferreira",
    "costa",
    "rodrigues",
    "almeida",
    "gomez",
)
# shares in Brazil's company register, rounded: data/reference/SOURCES.md
DOMAINS = {
    "gmail.com": 49,
    "hotmail.com": 22,
    "yahoo.com.br": 5,
    "outlook.com": 3,
    "uol.com.br": 2,
    "terra.com.br": 2,
    "bol.com.br": 1,
    "icloud.com": 1,
    "live.com": 1,
}
TYPO_DOMAINS = ("gmial.com", "hotmail.con", "hotamil.com", "gmail.com.b", "outlok.com")
BREAKS = (("@", ""), ("@", "@@"), (".", ","), ("@", " @"), (".com", "com"), (".", ".."))
ROLES = ("financeiro", "contato", "contasapagar", "vendas", "adm")


def make_rows(rows: int, seed: int) -> list[str]:
    """Return distinct synthetic addresses: 40 % upper case, 14 % own domains, 3 % wrong."""
    chance = random.Random(seed)  # noqa: S311 - a seeded portfolio, no secret
    popular, shares = list(DOMAINS), list(DOMAINS.values())
    texts: dict[str, None] = {}
    while len(texts) < rows:
        fate = chance.random()
        first, last = chance.choice(FIRST), chance.choice(LAST)
        local = f"{first}{chance.choice(('.', '_', ''))}{last}{chance.randrange(100_000) or ''}"
        domain = chance.choices(popular, shares)[0]
        if fate < 0.14:
            domain = f"{last}{chance.randrange(3_000)}.com.br"
            local = chance.choice(ROLES) if chance.random() < 0.33 else local
        elif fate < 0.16:
            domain = chance.choice(TYPO_DOMAINS)
        elif fate < 0.162:
            local = local.replace("a", "ã", 1)
        text = f"{local}@{domain}"
        if fate > 0.99:
            text = text.replace(*chance.choice(BREAKS))
        texts[text.upper() if chance.random() < 0.4 else text] = None
    return list(texts)


def peer_says(text: str) -> bool:
    """Return email-validator's verdict."""
    try:
        validate_email(text, check_deliverability=False, test_environment=True)
    except ValueError:
        return False
    return True


def count_differences(texts: list[str], verdicts: list[bool], reference: SyntaxReference) -> int:
    """Return how many distinct texts the two judge differently, reasons of our own aside."""
    ours = check_syntax(pl.Series(texts), reference)
    theirs = pl.DataFrame({"email_raw": texts, "peer": verdicts}).unique()
    both = ours.join(theirs, on="email_raw")
    undeliverable = pl.col("verdict") == "undeliverable"
    own = pl.col("reason").is_in(OWN_REASONS)
    return both.filter((undeliverable.fill_null(value=False) == pl.col("peer")) & ~own).height


def best_rate(work: Callable[[], object], rows: int) -> float:
    """Return rows per second of the best of three rounds."""
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return rows / min(seconds)


def main() -> None:
    """Print both rates, their ratio and the differences."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    texts = make_rows(options.rows, options.seed)
    reference = load_syntax_reference()
    column = pl.Series(texts)

    sample = texts[:PEER_ROWS]
    start = time.perf_counter()
    verdicts = [peer_says(text) for text in sample]
    peer_rate = len(sample) / (time.perf_counter() - start)

    read_rate = best_rate(lambda: read_addresses(column), len(texts))
    check_rate = best_rate(lambda: check_syntax(column, reference), len(texts))

    print(f"{len(texts):,} distinct addresses, seed {options.seed}, one thread")
    print(f"{'':44}{'addresses/s':>12}{'ratio':>8}")
    print(f"{'email-validator 2.4':44}{peer_rate:>12,.0f}{1:>8}")
    for name, rate in (
        ("the same: valid or not, normal form", read_rate),
        ("the whole check: reasons, flags, repairs too", check_rate),
    ):
        print(f"{name:44}{rate:>12,.0f}{rate / peer_rate:>8.0f}")
    print(f"{'verdicts that differ':44}{count_differences(sample, verdicts, reference):>12}")


if __name__ == "__main__":
    main()
