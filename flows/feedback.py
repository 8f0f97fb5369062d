"""Taking events in: files and folders into the warehouse, then what they suppress."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from checks.errors import InputRefusedError
from data.feedback import read_events, suppressions_from
from data.feedback.mapping import EventMapping, load_event_mapping
from data.intake.staging import source_name
from data.warehouse import Warehouse, open_warehouse
from flows.configuration import load_settings
from flows.drop_folder import EventSource, sources_of
from flows.plan import DEFAULT_WAREHOUSE
from flows.run import WAIT_SECONDS, utc_now
from flows.settings import FeedbackSettings


@dataclass(frozen=True, slots=True)
class FeedbackRequest:
    """What to take in: files, maildirs, and folders of which each file is taken once."""

    paths: tuple[Path, ...]
    mapping: Path | None = None
    config: Path | None = None
    warehouse: Path | None = None
    wait: bool = False


@dataclass(frozen=True, slots=True)
class TakenFile:
    """What a file brought: `refused` rows by their `reasons`, or the `problem` of all of it."""

    file: str
    events: int = 0
    new: int = 0
    refused: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """What all files brought."""

    files: tuple[TakenFile, ...]
    new_suppressions: int


def take_events(request: FeedbackRequest) -> Taken:
    """Read every file into the warehouse; one that is refused keeps no other from being read.

    What is known already changes nothing, and suppressions are worked out anew from all events,
    so neither the order of files nor their repetition matters.
    """
    settings = load_settings(request.config).feedback
    mapping = load_event_mapping(request.mapping) if request.mapping else None
    path = (request.warehouse or DEFAULT_WAREHOUSE).absolute()
    wait = WAIT_SECONDS if request.wait else None
    with ExitStack() as stack:
        opened = stack.enter_context(open_warehouse(path, now=utc_now, wait=wait))
        work_dir = Path(stack.enter_context(TemporaryDirectory(prefix="entrega-")))
        sources = _sources(request.paths, work_dir)
        taken = tuple(_take(opened, source, mapping, settings) for source in sources)
        silenced = opened.renew_suppressions(suppressions_from(opened.events(), opened.hash_key))
    return Taken(taken, silenced)


def _sources(paths: tuple[Path, ...], work_dir: Path) -> Iterator[EventSource]:
    for path in paths:
        yield from sources_of(path, work_dir)


def _take(
    warehouse: Warehouse,
    source: EventSource,
    mapping: EventMapping | None,
    settings: FeedbackSettings,
) -> TakenFile:
    key = settings.mailgun_signing_key
    try:
        events, refused = read_events(
            source.path,
            warehouse.messages(),
            warehouse.hash_key,
            now=utc_now(),
            mapping=mapping,
            signing_key=key.read_bytes().strip() if key else None,
        )
    except InputRefusedError as error:
        source.set_aside("refused")
        moved = f"; moved to {source.folder.name}/refused" if source.folder else ""
        return TakenFile(source_name(source.path), problem=f"{error}{moved}")
    new = warehouse.merge_events(events)
    source.set_aside("done")
    counted = refused["reason"].value_counts().rows()
    return TakenFile(
        source_name(source.path), events.height, new, refused.height, reasons=dict(counted)
    )
