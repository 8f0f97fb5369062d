"""What a report says and how it writes numbers, in each of its languages.

The gettext catalogues are `locale/<language>.po`, read once. Sentences for machine words stand
under a message context, the family of the word (`reason`, `decision`, `gate` ...); everything
else has its English text as key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from gettext import GNUTranslations
from importlib.resources import files
from io import BytesIO
from typing import Final

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal, format_percent

from checks.errors import SettingError
from reports.summary import Money

LANGUAGES: Final = ("pt-BR", "es-MX", "en")

_DAY: Final = {"pt-BR": "dd/MM/yyyy", "es-MX": "dd/MM/yyyy", "en": "d MMM yyyy"}

# Signs as at home, separators as the reader's language has them. Pesos carry their code as well,
# since "$" alone may be dollars.
_MONEY: Final = {"BRL": "R$\N{NO-BREAK SPACE}#,##0.00", "MXN": "$#,##0.00\N{NO-BREAK SPACE}MXN"}

NOTHING: Final = "\N{EN DASH}"
"""What stands where there is no figure to show."""


@dataclass(frozen=True, slots=True)
class Speech:
    """One language: its sentences and its forms of numbers, money and dates."""

    language: str
    locale: Locale
    translations: GNUTranslations

    def text(self, message: str) -> str:
        """Return the sentence for an English message."""
        return self.translations.gettext(message)

    def word(self, family: str, word: str) -> str:
        """Return the sentence for a machine word of a family; the word itself if it is new.

        >>> load_speech("es-MX").word("decision", "other_channel")
        'Otro canal'
        """
        return self.translations.pgettext(family, word)

    def number(self, number: float) -> str:
        """Return a count or a decimal.

        >>> load_speech("pt-BR").number(12345), load_speech("es-MX").number(12345)
        ('12.345', '12,345')
        """
        return format_decimal(number, locale=self.locale)

    def share(self, share: float) -> str:
        """Return a share of one as a percentage with one decimal.

        >>> load_speech("pt-BR").share(0.0312)
        '3,1%'
        """
        return format_percent(share, format="#,##0.0%", locale=self.locale)

    def limit(self, share: float) -> str:
        """Return a round share as a percentage, with a decimal only where it has one.

        >>> load_speech("en").limit(0.1), load_speech("pt-BR").limit(0.025)
        ('10%', '2,5%')
        """
        return format_percent(share, format="#,##0.#%", locale=self.locale)

    def money(self, money: Money) -> str:
        r"""Return an amount as people of this language write it.

        >>> from decimal import Decimal
        >>> brl = Money("BRL", Decimal("1234.56"))
        >>> load_speech("pt-BR").money(brl)
        'R$\xa01.234,56'
        >>> load_speech("es-MX").money(Money("MXN", Decimal("1234.56")))
        '$1,234.56\xa0MXN'
        """
        pattern = _MONEY.get(money.currency)
        return format_currency(money.amount, money.currency, format=pattern, locale=self.locale)

    def amounts(self, amounts: Sequence[Money]) -> str:
        """Return amounts of several currencies side by side, a dash where nothing is owed."""
        return " + ".join(self.money(money) for money in amounts) or NOTHING

    def day(self, moment: datetime) -> str:
        """Return the day of a moment, in UTC.

        >>> load_speech("es-MX").day(datetime(2026, 12, 31, tzinfo=UTC))
        '31/12/2026'
        """
        return format_date(moment.astimezone(UTC), format=_DAY[self.language], locale=self.locale)

    def moment(self, moment: datetime) -> str:
        """Return day and time, in UTC and saying so."""
        pattern = _DAY[self.language] + " HH:mm 'UTC'"
        return format_datetime(moment.astimezone(UTC), format=pattern, locale=self.locale)


@cache
def load_catalogue(language: str) -> Catalog:
    """Read the catalogue of a language; raise `SettingError` for a language there is none of."""
    if language not in LANGUAGES:
        problem = f"reports are not written in {language!r}"
        raise SettingError(problem, f"set [report] language to one of {', '.join(LANGUAGES)}")
    text = files("reports").joinpath("locale", f"{language}.po").read_bytes()
    return read_po(BytesIO(text), locale=language.replace("-", "_"), abort_invalid=True)


@cache
def load_speech(language: str) -> Speech:
    """Return one of `LANGUAGES` ready to speak."""
    compiled = BytesIO()
    write_mo(compiled, load_catalogue(language))
    compiled.seek(0)
    locale = Locale.parse(language, sep="-")
    return Speech(language, locale, GNUTranslations(compiled))
