"""The HTML page: one self-contained file, no script, nothing fetched."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from reports.language import NOTHING, load_speech
from reports.plain import MOST_CHARACTERS, mask_tax_ids, plain
from reports.shown import Shown
from reports.summary import Summary

MOST_CREDITORS = 20
"""Creditors with pages of their own; the others stand in the table of all and in summary.json."""

MOST_PROVIDERS = 12


def render_page(summary: Summary, language: str) -> str:
    """Return the whole page as text, the same for the same summary and language."""
    speech = load_speech(language)
    template = _environment(language).get_template("page.html.jinja")
    ranked = sorted(summary.creditors, key=lambda c: (-c.debtors, c.creditor_id))
    return template.render(
        summary=summary,
        creditors=ranked[:MOST_CREDITORS],
        ranked=ranked,
        shown=Shown(speech, summary.rules.small_cell),
        most_providers=MOST_PROVIDERS,
    )


@cache
def _environment(language: str) -> Environment:
    speech = load_speech(language)
    environment = Environment(
        loader=PackageLoader("reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    sentences = speech.translations
    environment.install_gettext_callables(  # type: ignore[attr-defined]  # added by the extension
        sentences.gettext,
        sentences.ngettext,
        newstyle=True,
        pgettext=sentences.pgettext,
        npgettext=sentences.npgettext,
    )
    environment.globals |= {
        "nothing": NOTHING,
        "speech": speech,
        "n": speech.number,
        "share": speech.share,
        "limit": speech.limit,
    }
    environment.filters["plain"] = _plain
    return environment


def _plain(text: str, most: int = MOST_CHARACTERS) -> str:
    return mask_tax_ids(plain(text, most))
