"""`entrega gate`: whether a list is whole, unchanged, in time and open."""

from __future__ import annotations

import json
from pathlib import Path

from checks.errors import SettingError
from data.publish import InLots, Verification, verify_list
from data.publish.folders import CURRENT_FILE
from flows.configuration import load_settings
from flows.run import utc_now
from flows.stages.publish import signing_key


def run_gate(list_dir: Path, config: Path | None, *, as_json: bool) -> int:
    """Verify a list's folder, or the newest list of a creditor's folder; return the exit code."""
    if not list_dir.is_dir():
        problem = f"'{list_dir}' is not a folder"
        raise SettingError(problem, "name a list's folder, e.g. var/out/clean/<creditor>")
    if not (list_dir / CURRENT_FILE).exists() and (creditors := _creditors_in(list_dir)):
        problem = f"'{list_dir}' holds the lists of every creditor"
        raise SettingError(problem, f"name the folder of one: {', '.join(creditors)}")
    key = signing_key(load_settings(config).publish)
    found = verify_list(list_dir, utc_now(), key=key)
    if as_json:
        print(json.dumps(_facts(found), sort_keys=True))
    else:
        print("\n".join(_lines(found)))
    return found.state.exit_code


def _creditors_in(folder: Path) -> list[str]:
    return sorted(path.parent.name for path in folder.glob(f"*/{CURRENT_FILE}"))


def _facts(found: Verification) -> dict[str, object]:
    manifest = found.manifest
    return {
        "state": found.state.value,
        "exit_code": found.state.exit_code,
        "problems": list(found.problems),
        "signature": found.signature.value,
        "folder": str(found.folder),
        "list_id": manifest.list_id if manifest else None,
        "counts": dict(manifest.counts) if manifest else None,
        "lots": manifest.lots.model_dump() if manifest and manifest.lots else None,
    }


def _lines(found: Verification) -> list[str]:
    manifest = found.manifest
    counts = manifest.counts if manifest else {}
    head = f"{found.state.value}: {found.folder}"
    told = [f"  {counts[name]:,} {name}" for name in sorted(counts) if name.startswith("recip")]
    problems = [f"  {problem}" for problem in found.problems]
    lots = [_in_lots(manifest.lots)] if manifest and manifest.lots else []
    return [head, *told, *lots, f"  signature: {found.signature.value}", *problems]


def _in_lots(lots: InLots) -> str:
    sizes = ", ".join(f"{size:,}" for size in lots.messages)
    return (
        f"  in lots of {sizes}: the next leaves after {lots.wait_hours:g} hours, "
        f"if at most {lots.bounces_at_most:.1%} of those before it bounced for good"
    )
