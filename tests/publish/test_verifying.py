"""What `entrega gate` answers: open, closed, expired or rolled back, not whole or tampered."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.model import GateState
from data.publish import CleanList, ListFacts, name_list, publish_list, verify_list
from data.publish.manifest import ManifestError, parse_manifest

KEY: Final = b"k" * 32
Change = Callable[[Path], None]
Json = dict[str, Any]


@pytest.fixture
def folder(tmp_path: Path, clean: CleanList) -> Path:
    return publish_list(tmp_path, clean, number=3)


@pytest.fixture
def signed(tmp_path: Path, clean: CleanList) -> Path:
    return publish_list(tmp_path, clean, number=3, signing_key=KEY)


def rewrite(folder: Path, change: Callable[[Json], object]) -> None:
    """Change the manifest as a careful forger does: well-formed, sums left alone."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))


def reseal(folder: Path, name: str) -> None:
    """Write the size and sum of a changed file into the manifest."""
    content = (folder / name).read_bytes()
    entry = {"bytes": len(content), "sha256": sha256(content).hexdigest()}
    rewrite(folder, lambda manifest: manifest["files"][name].update(entry))


def edit(name: str, change: Callable[[bytes], bytes]) -> Change:
    def apply(folder: Path) -> None:
        path = folder / name
        path.write_bytes(change(path.read_bytes()))

    return apply


def edit_and_reseal(name: str, change: Callable[[bytes], bytes]) -> Change:
    def apply(folder: Path) -> None:
        edit(name, change)(folder)
        reseal(folder, name)

    return apply


def forge(change: Callable[[Json], object]) -> Change:
    return lambda folder: rewrite(folder, change)


def put(place: str, value: object) -> Change:
    """Put a value at a dotted place of the manifest."""

    def change(manifest: Json) -> None:
        *path, last = place.split("/")
        for step in path:
            manifest = manifest[step]
        manifest[last] = value

    return forge(change)


def link(name: str) -> Change:
    def apply(folder: Path) -> None:
        away = folder.parent / f"away-{name}"
        (folder / name).rename(away)
        (folder / name).symlink_to(away)

    return apply


def swap(one: str, other: str) -> Change:
    def apply(folder: Path) -> None:
        first, second = (folder / one).read_bytes(), (folder / other).read_bytes()
        (folder / one).write_bytes(second)
        (folder / other).write_bytes(first)

    return apply


def replace_by_folder(name: str) -> Change:
    def apply(folder: Path) -> None:
        (folder / name).unlink()
        (folder / name).mkdir()

    return apply


def replace_by_pipe(name: str) -> Change:
    def apply(folder: Path) -> None:
        (folder / name).unlink()
        os.mkfifo(folder / name)

    return apply


def rename_folder(name: str) -> Change:
    def apply(folder: Path) -> None:
        folder.rename(folder.with_name(name))

    return apply


def remove(name: str) -> Change:
    return lambda folder: (folder / name).unlink()


def add(name: str) -> Change:
    return lambda folder: (folder / name).touch()


TABLE_FILES: Final = [
    f"{table}.{form}"
    for table in ("recipients", "recipients_neutral")
    for form in ("parquet", "csv", "jsonl")
]


def file_mutations() -> Iterator[tuple[str, Change]]:
    for name in [*TABLE_FILES, "schema.json"]:
        yield f"{name} missing", remove(name)
        yield f"{name} cut by a byte", edit(name, lambda content: content[:-1])
        yield f"{name} with a byte more", edit(name, lambda content: content + b"\n")
        yield (
            f"{name} with a bit flipped",
            edit(name, lambda c: c[:40] + bytes([c[40] ^ 1]) + c[41:]),
        )
        yield f"{name} empty", edit(name, lambda _: b"")
        yield f"{name} a link", link(name)


OTHER_MUTATIONS: Final[dict[str, Change]] = {
    "manifest missing": remove("manifest.json"),
    "manifest a link": link("manifest.json"),
    "manifest a folder": replace_by_folder("manifest.json"),
    "manifest a pipe": replace_by_pipe("manifest.json"),
    "a table a folder": replace_by_folder("recipients.csv"),
    "a table a pipe": replace_by_pipe("recipients.csv"),
    "manifest empty": edit("manifest.json", lambda _: b""),
    "manifest cut": edit("manifest.json", lambda content: content[:-20]),
    "manifest not UTF-8": edit("manifest.json", lambda c: c.replace(b"Banco", b"B\xe7nco")),
    "manifest with a BOM": edit("manifest.json", lambda content: b"\xef\xbb\xbf" + content),
    "manifest a list": edit("manifest.json", lambda _: b"[]"),
    "manifest endless": edit("manifest.json", lambda content: content + b" " * (1 << 20)),
    "manifest deep": edit("manifest.json", lambda _: b"[" * 100_000),
    "a name twice": edit(
        "manifest.json", lambda content: content.replace(b"{", b'{"list_number": 9,', 1)
    ),
    "a rate that is no number": edit("manifest.json", lambda c: c.replace(b"0.012", b"NaN")),
    "a name unknown": put("approved_by", "me"),
    "a name missing": forge(lambda manifest: manifest.pop("digests")),
    "another schema version": put("schema_version", 2),
    "a version that is text": put("schema_version", "1"),
    "another list id": put("list_id", "20261121-0123456789abcdef"),
    "a list id that is a path": put("list_id", "../20261121-0123456789abcdef"),
    "number zero": put("list_number", 0),
    "a number that is true": put("list_number", value=True),
    "another creditor": put("creditor_id", "banco-8"),
    "a day that is not the name's": put("as_of", "2026-11-22T11:00:00Z"),
    "a time without zone": put("expires_at", "2026-11-22T12:00:00"),
    "an end before the beginning": put("expires_at", "2026-11-20T12:00:00Z"),
    "a gate unknown": put("gate/state", "ajar"),
    "closed with recipients": put("gate/state", "closed"),
    "a count too high": put("counts/recipients", 6),
    "a count below zero": put("counts/held", -1),
    "a rate above one": put("predicted_bounce/rate", 1.5),
    "a sum of another length": put("digests/input", "00"),
    "rows of a file": put("files/recipients.csv/rows", 4),
    "size of a file": put("files/recipients.csv/bytes", 1),
    "sum of a file": put("files/recipients.csv/sha256", "0" * 64),
    "a file not listed": forge(lambda manifest: manifest["files"].pop("recipients.csv")),
    "a file listed outside": forge(
        lambda m: m["files"].update({"../current.json": m["files"]["schema.json"]})
    ),
    "a file too many": add("recipients_extra.csv"),
    "a hidden file": add(".notes"),
    "the two tables swapped": swap("recipients.csv", "recipients_neutral.csv"),
    "the folder renamed": rename_folder("20261121-0123456789abcdef"),
    "a row dropped, sums made right": edit_and_reseal(
        "recipients.jsonl", lambda c: c[c.index(b"\n") + 1 :]
    ),
    "a row doubled, sums made right": edit_and_reseal(
        "recipients.jsonl", lambda c: c + c[: c.index(b"\n") + 1]
    ),
    "another key in one form, sums made right": edit_and_reseal(
        "recipients.csv", lambda c: re.sub(b",[0-9a-f]{32},", b"," + b"0" * 32 + b",", c, count=1)
    ),
    "a column renamed, sums made right": edit_and_reseal(
        "recipients.csv", lambda c: c.replace(b",email,", b",e-mail,", 1)
    ),
    "noise for Parquet, sums made right": edit_and_reseal(
        "recipients.parquet", lambda _: b"PAR1 noise PAR1"
    ),
    "another schema.json, sums made right": edit_and_reseal(
        "schema.json", lambda c: c.replace(b"text", b"date", 1)
    ),
}

MUTATIONS: Final = dict(file_mutations()) | OTHER_MUTATIONS


def test_there_are_enough_mutations() -> None:
    assert len(MUTATIONS) >= 80


@pytest.mark.parametrize("change", MUTATIONS.values(), ids=MUTATIONS)
def test_a_list_that_was_changed_is_refused(folder: Path, as_of: datetime, change: Change) -> None:
    creditor = folder.parent
    change(folder)
    left = next(path for path in creditor.iterdir() if path.is_dir())
    answer = verify_list(left, as_of)
    assert (answer.state, answer.state.exit_code) == ("broken", 9)
    assert answer.problems


def test_an_untouched_list_is_open_and_called_unsigned(folder: Path, as_of: datetime) -> None:
    answer = verify_list(folder, as_of + timedelta(hours=23))
    assert (answer.state, answer.state.exit_code, answer.problems) == ("open", 0, ())
    assert answer.signature == "unsigned"


def test_a_creditors_folder_stands_for_its_newest_list(folder: Path, as_of: datetime) -> None:
    answer = verify_list(folder.parent, as_of)
    assert (answer.state, answer.folder) == ("open", folder)


def test_a_closed_list_is_told_with_its_reasons(
    tmp_path: Path, facts: ListFacts, recipients: pl.DataFrame, as_of: datetime
) -> None:
    closed = name_list(replace(facts, gate=GateState.CLOSED), recipients, recipients.head(0))
    answer = verify_list(publish_list(tmp_path, closed, number=1), as_of)
    assert (answer.state, answer.state.exit_code, answer.problems) == ("closed", 7, ("hold_gate",))


def test_recipients_beside_a_closed_manifest_are_refused(
    tmp_path: Path, facts: ListFacts, recipients: pl.DataFrame, as_of: datetime
) -> None:
    closed = name_list(replace(facts, gate=GateState.CLOSED), recipients, recipients.head(0))
    folder = publish_list(tmp_path, closed, number=1)
    (folder / "recipients.csv").write_bytes(b"email\n")
    assert verify_list(folder, as_of).state == "broken"


def test_a_list_expires(folder: Path, as_of: datetime) -> None:
    answer = verify_list(folder, as_of + timedelta(hours=24))
    assert (answer.state, answer.state.exit_code) == ("expired", 8)
    assert answer.problems == ("the list expired at 2026-11-22T12:00:00Z",)


def test_a_list_below_the_number_already_used_was_rolled_back(
    folder: Path, as_of: datetime
) -> None:
    assert verify_list(folder, as_of, seen_number=3).state == "open"
    answer = verify_list(folder, as_of, seen_number=4)
    assert (answer.state, answer.problems) == ("expired", ("list number 3 is older than 4",))


def test_an_older_list_beside_a_newer_one_is_over(
    tmp_path: Path, folder: Path, facts: ListFacts, recipients: pl.DataFrame, as_of: datetime
) -> None:
    newer = publish_list(tmp_path, name_list(facts, recipients, recipients.head(0)), number=4)
    assert verify_list(folder, as_of).state == "expired"
    assert verify_list(newer, as_of).state == "open"


def test_an_old_list_put_in_the_place_of_the_newest_is_rolled_back(
    folder: Path, as_of: datetime
) -> None:
    current = folder.parent / "current.json"
    current.write_text(current.read_text().replace('"list_number": 3', '"list_number": 4'))
    assert verify_list(folder.parent, as_of).state == "expired"


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b'{"schema_version": 1, "list_id": "../x", "list_number": 1}', b"\xff"],
    ids=["empty", "nothing said", "leads out", "noise"],
)
def test_a_pointer_that_says_nothing_is_refused(
    folder: Path, as_of: datetime, content: bytes
) -> None:
    (folder.parent / "current.json").write_bytes(content)
    assert verify_list(folder.parent, as_of).state == "broken"


def test_a_list_that_is_not_there_is_refused(tmp_path: Path, as_of: datetime) -> None:
    assert verify_list(tmp_path / "nothing", as_of).problems == ("there is no such folder",)
    assert verify_list(tmp_path, as_of).state == "broken"


def test_a_linked_folder_is_refused(folder: Path, as_of: datetime) -> None:
    away = folder.parent.parent / "away"
    folder.rename(away)
    folder.symlink_to(away)
    assert verify_list(folder, as_of).problems == ("the folder is a link",)


def test_a_signed_list_is_checked_with_the_key(signed: Path, as_of: datetime) -> None:
    assert verify_list(signed, as_of, key=KEY).signature == "valid"
    assert verify_list(signed, as_of, key=KEY).state == "open"
    assert verify_list(signed, as_of).signature == "unchecked"
    assert verify_list(signed, as_of, key=b"x" * 32).state == "broken"


SIGNED_MUTATIONS: Final = {
    "expiry put off": put("expires_at", "2026-12-22T12:00:00Z"),
    "number raised": put("list_number", 99),
    "gate opened": put("gate/state", "open"),
    "gate reasons dropped": put("gate/reasons", []),
    "forecast bettered": put("predicted_bounce/rate", 0.0),
    "forecast dropped": put("predicted_bounce", None),
    "counts bettered": put("counts/held", 0),
    "another input": put("digests/input", "2" * 64),
    "creditor renamed": put("creditor_name", "Banco Oito"),
    "a laboratory hidden": put("lab_networks", ["127.0.0.0/8"]),
    "signature stripped": put("signature", None),
    "signature of zeros": put("signature/value", "0" * 64),
    "algorithm of none": put("signature/algorithm", "none"),
    "all sums made right": edit_and_reseal(
        "recipients.csv", lambda c: c.replace(b"pt-BR", b"es-MX")
    ),
}


@pytest.mark.parametrize("change", SIGNED_MUTATIONS.values(), ids=SIGNED_MUTATIONS)
def test_nothing_of_a_signed_list_can_be_changed(
    signed: Path, as_of: datetime, change: Change
) -> None:
    change(signed)
    assert verify_list(signed, as_of, key=KEY).state == "broken"


def test_a_copied_list_is_the_same_list(folder: Path, tmp_path: Path, as_of: datetime) -> None:
    copy = tmp_path / "elsewhere" / "banco-7" / folder.name
    shutil.copytree(folder, copy)
    assert verify_list(copy, as_of).state == "open"


@settings(max_examples=300, deadline=None)
@given(content=st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_no_noise_is_a_manifest(content: bytes) -> None:
    with pytest.raises(ManifestError):
        parse_manifest(content)
