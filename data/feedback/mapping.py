"""Mapping files: how the events of a system that Entrega does not know are to be read."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from checks.errors import SettingError
from data.feedback.events import EVENT_TYPES

EPOCHS: Final = {"epoch_s": "s", "epoch_ms": "ms"}
_LARGEST: Final = 256 * 1024


def _event(word: str) -> str:
    """Take an event word with an optional permanence.

    >>> _event("bounced/hard")
    'bounced/hard'
    """
    event, _, permanence = word.partition("/")
    if event not in EVENT_TYPES or permanence not in {"", "hard", "soft"}:
        message = f"an event is one of {', '.join(sorted(EVENT_TYPES))}, with /hard or /soft"
        raise ValueError(message)
    return word


def _zone(name: str) -> str:
    if name not in available_timezones():
        message = "a time zone is named as in the IANA database, e.g. America/Sao_Paulo"
        raise ValueError(message)
    return str(ZoneInfo(name))


Event = Annotated[str, AfterValidator(_event)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EventColumns(_Section):
    """Which column holds what; for nested JSON the keys are joined by dots.

    Several columns for the time are joined by a blank, as a date and its time of day.
    """

    message_key: str | None = None
    email: str | None = None
    event: str | None = None
    occurred_at: str | tuple[str, ...] | None = None
    permanence: str | None = None
    smtp_code: str | None = None
    enhanced: str | None = None
    diagnostic: str | None = None
    link: str | None = None


class EventTime(_Section):
    """How times are written: `iso`, `epoch_s`, `epoch_ms`, or a strftime format with its zone."""

    format: str = "iso"
    zone: Annotated[str, AfterValidator(_zone)] | None = None

    @model_validator(mode="after")
    def _has_zone(self) -> EventTime:
        if self.format not in {"iso", *EPOCHS} and "%z" not in self.format and not self.zone:
            message = "a format without %z needs a zone"
            raise ValueError(message)
        return self


class EventMapping(_Section):
    """A mapping file: `[columns]`, then `[events]` or `[moments]`, and `[time]`.

    `events` turns the values of the event column into words of EVENT_TYPES, as "bounced/hard";
    `moments` reads a row per message instead: each of its columns holds the time of one event.

    >>> EventMapping.model_validate({"columns": {"email": "para", "event": "situacao",
    ...     "occurred_at": "quando"}, "events": {"Entregue": "delivered"}}).time.format
    'iso'
    """

    columns: EventColumns
    events: dict[str, Event] = Field(default_factory=dict)
    moments: dict[str, Event] = Field(default_factory=dict)
    time: EventTime = EventTime()
    kind: Literal["csv", "json"] | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> EventMapping:
        columns = self.columns
        if not columns.message_key and not columns.email:
            message = "[columns] names neither message_key nor email"
            raise ValueError(message)
        by_value = bool(columns.event and columns.occurred_at and self.events)
        if by_value == bool(self.moments):
            message = "either [columns] event and occurred_at with [events], or [moments]"
            raise ValueError(message)
        inner = next((name for name in self.wanted if f"{name}." in self._beginnings()), None)
        if inner:
            message = f"'{inner}' cannot be taken as a text, for it holds others"
            raise ValueError(message)
        return self

    def _beginnings(self) -> set[str]:
        cuts = (name.split(".") for name in self.wanted)
        return {".".join(cut[:end]) + "." for cut in cuts for end in range(1, len(cut))}

    @property
    def time_columns(self) -> tuple[str, ...]:
        """The columns that are joined to the time of the event."""
        named = self.columns.occurred_at
        return (named,) if isinstance(named, str) else named or ()

    @property
    def plain_columns(self) -> dict[str, str]:
        """The columns that are taken as they are, by their column in ROWS."""
        named = self.columns.model_dump(exclude={"occurred_at"}, exclude_none=True)
        return {role: str(column) for role, column in named.items()}

    @property
    def wanted(self) -> tuple[str, ...]:
        """Every column the mapping speaks of, each once."""
        named = (*self.plain_columns.values(), *self.time_columns, *self.moments)
        return tuple(dict.fromkeys(named))


def load_event_mapping(path: Path) -> EventMapping:
    """Read a mapping file (TOML); raise SettingError naming the key that is wrong."""
    try:
        with path.open("rb") as file:
            values = tomllib.loads(file.read(_LARGEST).decode())
        return EventMapping.model_validate(values)
    except OSError as error:
        problem = f"mapping '{path.name}' cannot be read ({error.strerror})"
        raise SettingError(problem, "check the path") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(str(part) for part in first["loc"]) or "it"
        problem = f"mapping '{path.name}': {key}: {first['msg'].lower()}"
        raise SettingError(problem, "see docs/feedback.md") from None
    except ValueError as error:  # TOML errors tell line and column, no values
        problem = f"mapping '{path.name}' is not valid TOML: {error}"
        raise SettingError(problem, "mend that line; text stands in quotes") from None
