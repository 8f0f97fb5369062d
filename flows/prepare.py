"""From a request to a plan: settings, inputs, digests; nothing is written before all is sane."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checks.errors import InputRefusedError, SettingError
from flows.configuration import load_settings
from flows.plan import DEFAULT_WAREHOUSE, RunPlan, load_plan, new_run_id, save_plan
from flows.run import utc_now
from flows.settings import Settings
from flows.signed import read_all_clear, read_force

LANGUAGES = {"pt": "pt-BR", "es": "es-MX"}
BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What the user asked for; only paths, numbers and words."""

    inputs: tuple[Path, ...] = ()
    config: Path | None = None
    out: Path = Path("var/out")
    warehouse: Path | None = None
    no_smtp: bool = False
    away: bool = False
    sample: int | None = None
    resume: str | None = None
    local: bool = False
    language: str | None = None
    wait: bool = False
    force_gate: str | None = None
    all_clear: str | None = None
    as_of: dt.datetime | None = None


def prepare_run(request: RunRequest, settings: Settings | None = None) -> RunPlan:
    """Return the plan of a new run, saved, or the saved one of a run to resume.

    `settings` stand in for the configuration file (the demo brings its own).
    """
    warehouse = (request.warehouse or DEFAULT_WAREHOUSE).absolute()
    force = read_force(request.force_gate) if request.force_gate is not None else None
    all_clear = read_all_clear(request.all_clear) if request.all_clear is not None else None
    if request.resume is not None:
        for option, said in (("--force-gate", force), ("--all-clear", all_clear)):
            if said is not None:
                problem = f"{option} comes too late for a run that is resumed"
                raise SettingError(problem, "start a new run with it")
        return load_plan(warehouse, request.resume)
    settings = settings or load_settings(request.config)
    if request.no_smtp:
        off = settings.smtp.model_copy(update={"enabled": False})
        settings = settings.model_copy(update={"smtp": off})
    if request.away:
        away = settings.smtp.model_copy(update={"away": True})
        settings = settings.model_copy(update={"smtp": away})
    if request.sample is not None and request.sample < 1:
        problem = f"--sample {request.sample} takes no debtor"
        raise SettingError(problem, "say --sample 1000, or leave it out")
    as_of = request.as_of or utc_now().replace(microsecond=0)
    plan = RunPlan(
        run_id=new_run_id(utc_now()),
        as_of=as_of,
        inputs=tuple(_present(path) for path in _some(request.inputs)),
        out=request.out.absolute(),
        warehouse=warehouse,
        language=language_of(request.language) or settings.report.language,
        sample=request.sample,
        settings=settings,
        force=force,
        all_clear=all_clear,
    )
    save_plan(plan)
    return plan


def plan_digests(plan: RunPlan) -> dict[str, str]:
    """Return sha256 of what the outcome depends on: inputs and configuration.

    Where the work is done, by which way mail servers are reached and on which ports a lab answers
    today makes no difference.
    """
    in_lab = bool(plan.settings.smtp.lab_networks)
    ways = {"away", "proxy", "proxy_login"} | ({"lab_clock", "port"} if in_lab else set())
    left_out: dict[str, Any] = {"engine": True, "smtp": ways}
    if in_lab:
        left_out["dns"] = {"nameservers"}
    settings = plan.settings.model_dump(mode="json", exclude=left_out)
    return {
        "input": _digest_files(plan.inputs),
        "configuration": digest_json({**settings, "sample": plan.sample}),
    }


def digest_json(value: Any) -> str:  # noqa: ANN401  any JSON value
    """Return sha256 of a JSON value in its canonical form.

    >>> digest_json({"b": 1, "a": 2}) == digest_json({"a": 2, "b": 1})
    True
    """
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _digest_files(paths: Sequence[Path]) -> str:
    """Digest the files' bytes, whatever their names and order."""
    return digest_json(sorted(digest_file(path) for path in paths))


def digest_file(path: Path) -> str:
    """Return sha256 of a file, or of nothing where it is gone."""
    digest = hashlib.sha256()
    if path.is_file():
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                digest.update(block)
    return digest.hexdigest()


def language_of(word: str | None) -> str | None:
    """Return the full code of a language: pt and es stand for pt-BR and es-MX."""
    return LANGUAGES.get(word, word) if word else None


def _some(inputs: tuple[Path, ...]) -> tuple[Path, ...]:
    if not inputs:
        problem = "no input is named"
        raise SettingError(problem, "say: entrega run debtors.csv, or --resume RUN_ID")
    return inputs


def _present(path: Path) -> Path:
    if not path.is_file():
        problem = f"input '{path.name}' is not a file"
        raise InputRefusedError(problem, "check the path; folders are not read")
    return path.absolute()
