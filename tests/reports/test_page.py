"""The HTML page: whole in itself, inert whatever the file held, silent about small groups."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from reports import LANGUAGES, Summary, load_speech, render_page
from reports.language import NOTHING
from reports.page import MOST_CREDITORS
from reports.shown import Shown

TAX_ID = re.compile(r"\d{3}\.?\d{3}\.?\d{3}-?\d{2}(?!\d)")
VOID = frozenset({"meta", "br", "rect", "circle", "line"})


class Outline(HTMLParser):
    """Collects elements and attributes, and checks that elements close in order."""

    def __init__(self) -> None:
        """Start before the first byte."""
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the element."""
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Check that the innermost element closes first."""
        if tag not in VOID:
            assert self.open.pop() == tag


def outline(page: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = Outline()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    return parser.elements


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_as_it_was(
    summary: Summary, golden: Callable[[str, str], None], language: str
) -> None:
    golden(f"report.{language}.html", render_page(summary, language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_needs_nothing_and_runs_nothing(summary: Summary, language: str) -> None:
    elements = outline(render_page(summary, language))
    tags = {tag for tag, _ in elements}
    assert tags.isdisjoint({"script", "img", "link", "iframe", "object", "a", "form", "base"})
    attributes = {name for _, attrs in elements for name in attrs}
    assert {name for name in attributes if name.startswith("on")} == set()
    assert attributes.isdisjoint({"src", "href", "srcset", "xlink:href", "action"})
    policies = [attrs for _, attrs in elements if attrs.get("http-equiv")]
    assert [attrs["content"] for attrs in policies] == [
        "default-src 'none'; style-src 'unsafe-inline'"
    ]


def test_the_page_is_small(summary: Summary) -> None:
    assert len(render_page(summary, "pt-BR").encode()) < 48_000


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_can_be_read_by_ear(summary: Summary, language: str) -> None:
    elements = outline(render_page(summary, language))
    tags = [tag for tag, _ in elements]
    assert next(attrs["lang"] for tag, attrs in elements if tag == "html") == language
    assert tags.count("h1") == 1
    assert tags.count("caption") == tags.count("table") > 5
    assert {attrs.get("scope") for tag, attrs in elements if tag == "th"} <= {"col", "row"}
    drawings = [attrs for tag, attrs in elements if tag == "svg"]
    assert all(d.get("role") == "img" or d.get("aria-hidden") == "true" for d in drawings)
    ids = [attrs["id"] for _, attrs in elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    named = [
        str(attrs["aria-labelledby"]).split() for _, attrs in elements if "aria-labelledby" in attrs
    ]
    assert {name for names in named for name in names} <= set(ids)


def test_hostile_texts_add_no_element(summary: Summary, hostile_summary: Summary) -> None:
    clean = {tag for tag, _ in outline(render_page(summary, "pt-BR"))} | {"ul", "li", "code"}
    page = render_page(hostile_summary, "pt-BR")
    assert {tag for tag, _ in outline(page)} <= clean
    assert "&lt;script&gt;alert(1)" in page
    assert "<script" not in page
    assert "{{ 7 * 7 }}" in page  # text, not a template
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069]", page)
    assert "x" * 241 not in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_l17_no_tax_id_on_the_page(
    summary: Summary, hostile_summary: Summary, language: str
) -> None:
    for each in (summary, hostile_summary):
        text = re.sub(r"<[^>]*>|[0-9a-f]{64}", " ", render_page(each, language))
        assert TAX_ID.findall(text) == []


def test_l26_groups_below_five_are_not_shown(mixed_summary: Summary) -> None:
    page = render_page(mixed_summary, "pt-BR")
    speech = load_speech("pt-BR")
    counted = [
        (tally.debtors, tally.amounts)
        for creditor in mixed_summary.creditors
        for tallies in (creditor.decisions, creditor.advice)
        for tally in tallies
    ]
    small = [amounts for debtors, amounts in counted if 0 < debtors < 5]
    assert len(small) > 3
    assert "&lt;5" in page
    for amounts in small:
        assert speech.amounts(amounts) not in page


@pytest.mark.parametrize(
    ("debtors", "count", "share"),
    [
        (0, "0", "0,0%"),
        (1, "<5", NOTHING),
        (4, "<5", NOTHING),
        (5, "5", "5,0%"),
        (100, "100", "100,0%"),
    ],
)
def test_what_a_small_cell_shows(debtors: int, count: str, share: str) -> None:
    shown = Shown(load_speech("pt-BR"), least=5)
    assert (shown.count(debtors), shown.share(debtors, 100)) == (count, share)


@pytest.mark.parametrize(
    ("debtors", "said"), [(0, "0 devedor"), (1, "<5 devedores"), (7, "7 devedores")]
)
def test_counts_with_their_noun(debtors: int, said: str) -> None:
    assert Shown(load_speech("pt-BR"), least=5).debtors(debtors) == said


def test_many_creditors_make_one_table_and_a_bounded_page(mixed_summary: Summary) -> None:
    one = mixed_summary.creditors[1]
    crowd = tuple(
        replace(one, creditor_id=f"c{number}", name=f"Credor {number}") for number in range(200)
    )
    page = render_page(replace(mixed_summary, creditors=crowd), "pt-BR")
    assert page.count("Semáforo da lista</h3>") == MOST_CREDITORS
    assert all(f"Credor {number}<" in page for number in range(200))


def test_a_warning_stands_at_the_top_in_the_reader_s_language(mixed_summary: Summary) -> None:
    page = render_page(mixed_summary, "es-MX")
    assert page.index("La consulta a los buzones está apagada") < page.index("Qué hacer con cada")


def test_laboratory_networks_are_named(summary: Summary) -> None:
    lab = replace(summary, run=replace(summary.run, lab_networks=("127.0.0.0/8",)))
    assert "127.0.0.0/8" in render_page(lab, "pt-BR")
    assert "127.0.0.0/8" not in render_page(summary, "pt-BR")


def test_the_same_summary_gives_the_same_bytes(summary: Summary) -> None:
    assert render_page(summary, "en") == render_page(summary, "en")
