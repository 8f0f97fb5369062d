"""Files to a portfolio: read apart, understood together, every row accounted for."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping as Table
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from checks.errors import InputRefusedError
from checks.frames import QUARANTINE, RECORDS, shaped
from checks.identity import check_phones
from data.intake.addresses import with_addresses
from data.intake.child import FAULTS_PARTS, ROWS_PARTS
from data.intake.confined import run_confined
from data.intake.contacts import find_contacts
from data.intake.country import CURRENCY_OF, guess_country
from data.intake.fold import fold_debtors
from data.intake.identify import identify_rows
from data.intake.invoices import find_invoices
from data.intake.jobs import Job, Outcome
from data.intake.limits import Limits
from data.intake.rows import ROWS, to_rows
from data.intake.settings import IntakeSettings
from data.intake.staging import StagedFile, source_name, stage_file
from data.intake.tables import FAULTS
from data.intake.vocabulary import Vocabulary, load_vocabulary

_PHONE_SEPARATORS: Final = r"[;|,\n]|\s/\s|/(?:\s*\()"


@dataclass(frozen=True, slots=True)
class SourceSums:
    """What became of the rows of one file; `rows` is always accepted + quarantined."""

    source: str
    sha256: str
    rows: int
    accepted: int
    quarantined: int
    mapped_columns: int
    dropped_columns: int


@dataclass(frozen=True, slots=True)
class IntakeSums:
    """The sums of a portfolio.

    `unreadable` counts cells by role (amount, due_date, ...) whose text could not be read and
    became null; `tax_ids` counts records by flag.
    """

    sources: tuple[SourceSums, ...]
    unreadable: Table[str, int]
    tax_ids: Table[str, int]
    has_invoices: bool

    @property
    def rows(self) -> int:
        """Data rows of all files."""
        return sum(source.rows for source in self.sources)

    @property
    def accepted(self) -> int:
        """Rows that are about exactly one debtor."""
        return sum(source.accepted for source in self.sources)

    @property
    def quarantined(self) -> int:
        """Rows that were unreadable or about nobody."""
        return sum(source.quarantined for source in self.sources)


@dataclass(frozen=True, slots=True)
class Portfolio:
    """The frames of `checks.frames` that intake gives, each sorted, and their sums."""

    records: pl.DataFrame
    contacts: pl.DataFrame
    invoices: pl.DataFrame
    quarantine: pl.DataFrame
    debtors: pl.DataFrame
    sums: IntakeSums


@dataclass(frozen=True, slots=True)
class _ReadFile:
    staged: StagedFile
    outcome: Outcome
    cells: pl.DataFrame
    faults: pl.DataFrame


def read_portfolio(
    paths: Sequence[Path],
    settings: IntakeSettings,
    work_dir: Path,
    *,
    limits: Limits | None = None,
) -> Portfolio:
    """Return the portfolio of all files, each read in a limited child process.

    `work_dir` gets a private folder (0700) that is gone afterwards. Raises `InputRefusedError`
    for a file that cannot be used and `SettingError` for a setting that does not fit it.
    """
    _refuse_same_names(paths)
    read = [_read_file(path, settings, work_dir, limits or Limits()) for path in paths]
    _refuse_same_contents([file.staged for file in read])
    return _understand(read, settings, load_vocabulary())


def _refuse_same_names(paths: Sequence[Path]) -> None:
    names = Counter(source_name(path) for path in paths)
    for name, times in names.items():
        if times > 1:
            problem = f"{times} inputs are named '{name}'"
            raise InputRefusedError(problem, "rename all but one")


def _refuse_same_contents(staged: Sequence[StagedFile]) -> None:
    by_digest: dict[str, str] = {}
    for file in staged:
        first = by_digest.setdefault(file.sha256, file.source)
        if first != file.source:
            problem = f"'{file.source}' is the same file as '{first}'"
            raise InputRefusedError(problem, "give it once: its invoices would count twice")


def _read_file(path: Path, settings: IntakeSettings, work_dir: Path, limits: Limits) -> _ReadFile:
    with tempfile.TemporaryDirectory(prefix="intake-", dir=work_dir) as name:
        folder = Path(name)
        staged = stage_file(path, folder, limits)
        outcome = run_confined(folder, Job(staged.source, settings, limits))
        fields = {name: pl.String() for name in outcome.mapping.fields()}
        schema = pl.Schema([("line", pl.Int64()), *fields.items()])
        file = _ReadFile(
            staged,
            outcome,
            cells=_read_parts(folder, ROWS_PARTS, schema),
            faults=_read_parts(folder, FAULTS_PARTS, FAULTS),
        )
    lines = pl.concat([file.cells.get_column("line"), file.faults.get_column("line")])
    if lines.n_unique() != outcome.rows + outcome.quarantined or lines.len() != lines.n_unique():
        problem = "rows read and rows accounted for differ"
        raise AssertionError(problem)
    if not lines.len():
        problem = f"'{staged.source}' holds no rows"
        raise InputRefusedError(problem, "export it again")
    return file


def _read_parts(folder: Path, pattern: str, schema: pl.Schema) -> pl.DataFrame:
    parts = [pl.read_parquet(part, glob=False) for part in sorted(folder.glob(pattern))]
    return pl.concat([pl.DataFrame(schema=schema), *parts]).sort("line")


def _understand(
    files: Sequence[_ReadFile],
    settings: IntakeSettings,
    vocabulary: Vocabulary,
) -> Portfolio:
    cells = [file.cells for file in files]
    country = settings.country or guess_country(cells, files[0].outcome.language)
    unreadable: Counter[str] = Counter()
    frames = []
    for file in files:
        mapping = file.outcome.mapping
        rows, lost = to_rows(
            file.staged.source,
            file.cells,
            mapping,
            settings=settings,
            country=country,
            vocabulary=vocabulary,
        )
        unreadable.update(lost)
        frames.append(rows)
    rows = with_addresses(pl.concat([pl.DataFrame(schema=ROWS), *frames]), vocabulary)
    accepted, unidentified = identify_rows(rows, settings.creditor_id)
    records = _to_records(accepted, country)
    invoices = find_invoices(accepted, settings.currency or CURRENCY_OF[country])
    quarantine = _to_quarantine(files, unidentified)
    return Portfolio(
        records=records,
        contacts=find_contacts(
            accepted,
            legal_basis=settings.legal_basis,
            legal_source=settings.legal_source,
            legal_date=settings.legal_date,
            vocabulary=vocabulary,
        ),
        invoices=invoices,
        quarantine=quarantine,
        debtors=fold_debtors(records, invoices),
        sums=_to_sums(files, records, quarantine, unreadable),
    )


def _to_records(accepted: pl.DataFrame, country: str) -> pl.DataFrame:
    phones = (
        accepted.select("source", "line", "phones")
        .explode("phones", keep_nulls=False)
        .with_columns(
            phones=pl.col("phones").str.replace_all(_PHONE_SEPARATORS, "\n").str.split("\n"),
        )
        .explode("phones", keep_nulls=False)
    )
    usable = phones.with_columns(phone=check_phones(phones.get_column("phones"), country))
    first = (
        usable.filter(pl.col("phone").is_not_null())
        .group_by("source", "line", maintain_order=True)
        .agg(pl.col("phone").first())
    )
    records = accepted.join(first, on=["source", "line"], how="left")
    return shaped(records, RECORDS).sort("creditor_id", "debtor_id", "source", "line")


def _to_quarantine(files: Sequence[_ReadFile], unidentified: pl.DataFrame) -> pl.DataFrame:
    faults = [
        file.faults.with_columns(source=pl.lit(file.staged.source)).select(QUARANTINE.names())
        for file in files
    ]
    about_nobody = unidentified.with_columns(detail=pl.lit("")).select(QUARANTINE.names())
    return shaped(pl.concat([*faults, about_nobody]), QUARANTINE).sort("source", "line")


def _to_sums(
    files: Sequence[_ReadFile],
    records: pl.DataFrame,
    quarantine: pl.DataFrame,
    unreadable: Table[str, int],
) -> IntakeSums:
    accepted = _count_by(records, "source")
    quarantined = _count_by(quarantine, "source")
    sums = tuple(
        SourceSums(
            source=file.staged.source,
            sha256=file.staged.sha256,
            rows=file.outcome.rows + file.outcome.quarantined,
            accepted=accepted.get(file.staged.source, 0),
            quarantined=quarantined.get(file.staged.source, 0),
            mapped_columns=len(file.outcome.mapping.fields()),
            dropped_columns=len(file.outcome.header) - len(file.outcome.mapping.fields()),
        )
        for file in files
    )
    for source in sums:
        if source.rows != source.accepted + source.quarantined:
            problem = f"rows of '{source.source}' were lost on the way"
            raise AssertionError(problem)
    return IntakeSums(
        sources=sums,
        unreadable=dict(sorted(unreadable.items())),
        tax_ids=_count_by(records, "tax_id_flag"),
        has_invoices=any(file.outcome.mapping.has_invoices for file in files),
    )


def _count_by(frame: pl.DataFrame, column: str) -> dict[str, int]:
    return dict(sorted(frame.group_by(column).len().iter_rows()))
