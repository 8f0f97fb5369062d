"""Every setting of `entrega.toml` and `ENTREGA_*`, with its default and its meaning."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

LAST_PORT = 65_535

Language = Literal["pt-BR", "es-MX", "en"]
Share = Annotated[float, Field(gt=0, lt=1)]
Seconds = Annotated[float, Field(gt=0, le=86_400)]


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


Paths = Annotated[tuple[Path, ...], BeforeValidator(_as_list)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_as_list)]


class Section(BaseModel):
    """A table of the configuration: unknown keys are refused, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class CreditorIdentity(Section):
    """Who a debt is owed to, as the law wants it shown (CDC art. 42-A)."""

    id: str = Field("", description="short name used in folders and keys; made from the name")
    name: str = Field("", description="the creditor's name as debtors know it")
    address: str = Field("", description="the creditor's postal address")
    tax_id: str = Field("", description="CNPJ, CPF or RFC of the creditor")


class CreditorSettings(CreditorIdentity):
    """[creditor]: one creditor, or a column that tells several apart."""

    column: str = Field("", description="the input column that names the creditor of a row")
    each: dict[str, CreditorIdentity] = Field(
        default_factory=dict,
        description="[creditor.each.NAME]: one table per value of that column",
    )


class LegalSettings(Section):
    """[legal]: the basis on which addresses are used, where rows do not say (L16)."""

    basis: str = Field(
        "",
        description="contract, legitimate_interest, credit_protection, or in words of your own",
    )
    source: str = Field(
        "", description="who gave the addresses: debtor, creditor, agency, bureau, register"
    )
    date: dt.date | None = Field(None, description="when they were collected")


class FixedColumn(Section):
    """One column of a fixed-width file; positions count from 1."""

    name: str
    start: int = Field(ge=1)
    length: int = Field(ge=1)


class IntakeSettings(Section):
    """[intake]: how to read the debtor file."""

    columns: dict[str, Texts] = Field(
        default_factory=dict,
        description="role -> column or columns, e.g. email = ['email', 'email 2']; source_date and"
        " confirmed_at are the first e-mail column's, confirmed_at_2 the second's",
    )
    encoding: str = Field("", description="utf-8, cp1252, latin-1, utf-16; found where empty")
    delimiter: str = Field("", max_length=1, description="; , tab or |; found where empty")
    sheet: str = Field("", description="sheet of a workbook; the first where empty")
    fixed: tuple[FixedColumn, ...] = Field((), description="columns of a fixed-width file")
    country: Literal["", "BR", "MX"] = Field("", description="for phones; told from headings")
    currency: str = Field("", description="ISO 4217; BRL or MXN by country where empty")
    date_order: Literal["", "dmy", "mdy", "ymd"] = Field("", description="of 01/02/26; found")
    decimal: Literal["", ",", "."] = Field("", description="decimal sign; found where empty")


class SuppressSettings(Section):
    """[suppress]: files of those who must not be written to, read again before publishing."""

    opt_out: Paths = Field((), description="files of those who want no mail")
    complaint: Paths = Field((), description="of those who called our mail spam")
    wrong_person: Paths = Field((), description="of those who said that they are not the debtor")
    settled: Paths = Field((), description="of debts that are paid")
    disputed: Paths = Field((), description="of debts that are disputed or prescribed")
    deceased: Paths = Field((), description="of debtors who died")
    erased: Paths = Field((), description="of those who asked to be erased")
    max_age_hours: Seconds = Field(48, description="an older file keeps the gate closed")


class DnsSettings(Section):
    """[dns]: whom to ask about domains."""

    enabled: bool = Field(default=True, description="ask DNS at all")
    nameservers: Texts = Field((), description="host or host:port; the system's where empty")
    positive_controls: Texts = Field(
        ("gmail.com", "outlook.com"),
        description="domains that must have MX, or the resolver is not believed",
    )
    concurrency: int = Field(64, ge=1, le=1024, description="questions under way at once")
    timeout: Seconds = Field(3.0, description="seconds for one question")
    sockets: Literal["auto", "kept", "fresh"] = Field(
        "auto",
        description="kept sockets for a resolver on loopback, a fresh port a query for any other",
    )


class ProviderOverride(Section):
    """[smtp.providers.NAME]: tighter or wider limits, inside hard bounds."""

    asked: bool | None = None
    recipients_per_session: int | None = Field(None, ge=2, le=100)
    refusals_per_session: int | None = Field(None, ge=1, le=10)
    connections_per_address: int | None = Field(None, ge=1, le=20)
    connections_per_provider: int | None = Field(None, ge=1, le=64)
    refusals_per_hour: int | None = Field(None, ge=1, le=1_000)
    refusals_per_day: int | None = Field(None, ge=1, le=10_000)
    unknown_share: float | None = Field(None, gt=0, le=0.30)


class SmtpSettings(Section):
    """[smtp]: asking mail servers; off until it has an identity."""

    enabled: bool | None = Field(None, description="on where helo and mail_from are set")
    away: bool = Field(
        default=False, description="hand what is to be asked to another host, see docs/running.md"
    )
    helo: str = Field("", description="this host's own name: PTR, A and HELO agree")
    mail_from: str = Field("", description="a real, read mailbox of yours")
    port: int = Field(25, ge=1, le=LAST_PORT, description="of mail servers; another one in labs")
    source_addresses: Texts = Field((), description="own addresses to ask from")
    proxy: str = Field("", description="socks5://host:port through which mail servers are asked")
    proxy_login: Path | None = Field(
        None, description="file with user:password of the proxy; or ENTREGA_PROXY_LOGIN"
    )
    retry_after: tuple[Seconds, ...] = Field(
        (360, 1_800, 7_200),
        description="seconds after which a greylisted address is asked again",
    )
    connect_timeout: Seconds = Field(10, description="seconds until a connection is given up")
    banner_timeout: Seconds = Field(60, description="seconds for a server's greeting")
    reply_timeout: Seconds = Field(30, description="seconds for any other reply")
    session_timeout: Seconds = Field(180, description="seconds for a whole session")
    starttls: bool = Field(default=True, description="TLS where a server demands it, nowhere else")
    blocklists: Texts = Field((), description="DNS blocklists that `preflight` asks for us")
    lab_networks: Texts = Field((), description="networks the address guard lets pass; labs only")
    lab_clock: str = Field("", description="host:port of a lab's policy clock; labs only")
    providers: dict[str, ProviderOverride] = Field(
        default_factory=dict,
        description="[smtp.providers.NAME]: limits of one provider, see docs/politeness.md",
    )

    @property
    def asks(self) -> bool:
        """Whether mail servers are asked: an identity is there, or another host's will do."""
        return self.enabled is not False and (self.away or bool(self.helo and self.mail_from))


class ScoreSettings(Section):
    """[score]: how sure is sure enough (L01)."""

    deliverable: Share = Field(0.80, description="least score to send to")
    owner_person: Share = Field(0.80, description="least ownership for a person's debt")
    owner_company: Share = Field(0.60, description="least ownership for a company's debt")
    model: Path | None = Field(None, description="a fitted model; the built-in priors where empty")
    same_debtor: Share = Field(
        0.95,
        description="least certainty that two records are one debtor, for the one's debt to go to "
        "the other's address",
    )
    duplicates: Path | None = Field(
        None, description="a run's duplicates.csv in which a person wrote same or different"
    )


class GateSettings(Section):
    """[gate]: the hard-bounce rate a list may be predicted to have, and whom it may expose."""

    green: Share = Field(
        0.02, description="predicted rate that a list keeps; in lots where it may turn out higher"
    )
    amber: Share = Field(0.05, description="above: the list is trimmed or refused")
    on_red: Literal["trim", "refuse"] = Field(
        "trim", description="hold what does not fit, or refuse the whole list"
    )
    canary: int = Field(500, ge=1, le=100_000, description="lot to learn from")
    lot_bounces: Share = Field(
        0.03, description="the next lot leaves if at most this share of those before it bounced"
    )
    lot_wait_hours: float = Field(4, ge=0, le=72, description="hours before that is judged")
    exposure: float = Field(
        0.002,
        ge=0.0001,
        le=0.02,
        description="share of a list's debts that may be expected to reach somebody else; above it "
        "the least sure owners get a notice without debt content",
    )
    max_shrink: Share = Field(0.5, description="a list this much smaller than the last one is held")


class ReportSettings(Section):
    """[report]: for whom the report is written."""

    language: Language = Field("pt-BR", description="pt-BR, es-MX or en")
    ageing: tuple[int, ...] = Field(
        (30, 60, 90, 180, 360),
        description="upper bounds of the ageing buckets in days overdue",
    )


class PublishSettings(Section):
    """[publish]: the clean list."""

    expires_hours: int = Field(24, ge=1, le=720, description="after this a list is not to be used")
    signing_key: Path | None = Field(None, description="file with a secret; lists are signed by it")


class FeedbackSettings(Section):
    """[feedback]: delivery events."""

    mailgun_signing_key: Path | None = Field(
        None, description="file with the webhook signing key; events without its signature are none"
    )


class EngineSettings(Section):
    """[engine]: where the work is done."""

    executor: Literal["inline", "processes"] = Field(
        "inline", description="cut work into shards for processes, or do it in this one"
    )
    workers: int = Field(2, ge=1, le=64, description="how many processes")
    memory: str = Field("3GiB", description="the warehouse's memory limit")


class RetentionSettings(Section):
    """[retention]: days until `entrega purge` removes (L19)."""

    probes: int = Field(90, ge=1, description="days that answers of mail servers are kept")
    verdicts: int = Field(180, ge=1, description="days that findings, scores and outputs are kept")
    events: int = Field(1_825, ge=1, description="days that delivery events are kept")
    manifests: int = Field(1_825, ge=1, description="days that manifests of lists are kept")


class Settings(BaseSettings):
    """The whole configuration, from `entrega.toml` and `ENTREGA_SECTION__KEY`."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        env_prefix="ENTREGA_",
        env_nested_delimiter="__",
    )

    creditor: CreditorSettings = CreditorSettings()
    legal: LegalSettings = LegalSettings()
    intake: IntakeSettings = IntakeSettings()
    suppress: SuppressSettings = SuppressSettings()
    dns: DnsSettings = DnsSettings()
    smtp: SmtpSettings = SmtpSettings()
    score: ScoreSettings = ScoreSettings()
    gate: GateSettings = GateSettings()
    report: ReportSettings = ReportSettings()
    publish: PublishSettings = PublishSettings()
    feedback: FeedbackSettings = FeedbackSettings()
    engine: EngineSettings = EngineSettings()
    retention: RetentionSettings = RetentionSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment before file; no `.env`, no secrets folder."""
        del dotenv_settings, file_secret_settings
        return (env_settings, init_settings) if settings_cls is cls else ()
