"""Findings as pages: HTML, XLSX and text in pt-BR, es-MX and en.

`summarise` turns the frames of a run into a `Summary` of machine words and exact sums;
`render_page`, `render_note`, `render_workbook` and `summary_json` turn that into what people and
programs read; `write_reports` puts all four into a folder.
"""

from reports.facts import (
    CreditorFacts,
    GateFacts,
    ReportFacts,
    ReportRules,
    RunFacts,
    RunFrames,
    SourceFacts,
)
from reports.files import write_reports
from reports.language import LANGUAGES, load_speech
from reports.note import render_note
from reports.page import render_page
from reports.summarise import UnbalancedError, summarise
from reports.summary import Summary, summary_json
from reports.work_lists import WorkLists, work_lists
from reports.workbook import render_workbook

__all__ = [
    "LANGUAGES",
    "CreditorFacts",
    "GateFacts",
    "ReportFacts",
    "ReportRules",
    "RunFacts",
    "RunFrames",
    "SourceFacts",
    "Summary",
    "UnbalancedError",
    "WorkLists",
    "load_speech",
    "render_note",
    "render_page",
    "render_workbook",
    "summarise",
    "summary_json",
    "work_lists",
    "write_reports",
]
