"""How exports are read: headings, words and the tools that write them, as one frozen value."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from checks.errors import InputRefusedError, SettingError
from data.intake.vocabulary import fold

_LARGEST: Final = 1 << 20
_SHOWN_COLUMNS: Final = 40
_SHOWN_LETTERS: Final = 40


class Claim(StrEnum):
    """What a tool claims of an address; never more than a claim, for nobody shows us the reply."""

    VALID = "valid"
    ACCEPTS_ALL = "accepts_all"
    INVALID = "invalid"
    FULL = "full"
    DISPOSABLE = "disposable"
    TRAP = "trap"
    UNKNOWN = "unknown"


def _folded(value: object) -> object:
    words = [value] if isinstance(value, str) else value
    return tuple(fold(str(word)) for word in words) if isinstance(words, list | tuple) else words


Words = Annotated[tuple[str, ...], BeforeValidator(_folded)]


class Columns(BaseModel):
    """Headings of each role, folded, best first; `date` and `detail` need not be there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    address: Words = ()
    status: Words = ()
    detail: Words = ()
    date: Words = ()


class VerifierTable(BaseModel):
    """What `verifiers.toml` says, or a mapping file of a site's own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str = Field("", max_length=40, pattern=r"^[a-z0-9_.-]*$")
    columns: Columns = Columns()
    tools: dict[str, str] = Field(default_factory=dict)
    status: dict[Claim, Words] = Field(default_factory=dict)
    detail: dict[Claim, Words] = Field(default_factory=dict)

    def before(self, other: VerifierTable) -> VerifierTable:
        """Return a table in which this one's headings and words come first."""
        columns = {
            role: (*getattr(self.columns, role), *getattr(other.columns, role))
            for role in Columns.model_fields
        }
        return VerifierTable(
            source=self.source or other.source,
            columns=Columns(**columns),
            tools={**other.tools, **self.tools},
            status=_merged(self.status, other.status),
            detail=_merged(self.detail, other.detail),
        )

    def places(self, source: str, header: Sequence[str]) -> dict[str, int]:
        """Return the position of each role's column; refuse a file without address or status."""
        folded = [fold(name) for name in header]
        found = {
            role: folded.index(name)
            for role in Columns.model_fields
            for name in reversed(getattr(self.columns, role))
            if name in folded
        }
        for role in ("address", "status"):
            if role not in found:
                shown = ", ".join(name[:_SHOWN_LETTERS] for name in header[:_SHOWN_COLUMNS])
                problem = f"'{source}' has no column known as {role}; columns found: {shown}"
                raise InputRefusedError(problem, "write it under [columns] of a --mapping file")
        return found

    def tool(self, header: Sequence[str]) -> str:
        """Return who wrote a file with such a header; empty where nothing tells."""
        names = (self.tools.get(fold(name), "") for name in header)
        return self.source or next(filter(None, names), "")

    def claims(self, of: Mapping[Claim, tuple[str, ...]]) -> dict[str, str]:
        """Return the claim of each folded word."""
        return {word: claim.value for claim, words in of.items() for word in words}


@cache
def load_verifiers() -> VerifierTable:
    """Return `verifiers.toml`, read once."""
    text = resources.files("data.reference").joinpath("verifiers.toml").read_text("utf-8")
    return VerifierTable.model_validate(tomllib.loads(text))


def load_verifier_mapping(path: Path) -> VerifierTable:
    """Read a site's own mapping, laid before ours; SettingError names the key that is wrong."""
    try:
        with path.open("rb") as file:
            own = VerifierTable.model_validate(tomllib.loads(file.read(_LARGEST).decode()))
    except OSError as error:
        problem = f"mapping '{path.name}' cannot be read ({error.strerror})"
        raise SettingError(problem, "check the path") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        problem = f"mapping '{path.name}': {key}: {first['msg'].lower()}"
        raise SettingError(problem, "see docs/running.md") from None
    except ValueError as error:  # TOML errors tell line and column, no values
        problem = f"mapping '{path.name}' is not valid TOML: {error}"
        raise SettingError(problem, "mend that line; text stands in quotes") from None
    return own.before(load_verifiers())


def _merged(
    own: Mapping[Claim, tuple[str, ...]], other: Mapping[Claim, tuple[str, ...]]
) -> dict[Claim, tuple[str, ...]]:
    """Join the words of two tables; a word of the first means there what it says."""
    taken = {word for words in own.values() for word in words}
    left = {
        claim: tuple(word for word in words if word not in taken) for claim, words in other.items()
    }
    return {claim: (*own.get(claim, ()), *left.get(claim, ())) for claim in {**other, **own}}
