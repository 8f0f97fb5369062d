"""What one run is to do, frozen at its first start and kept for a resume."""

from __future__ import annotations

import datetime as dt
import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from checks.errors import SettingError
from checks.mailbox.alarm import AllClear
from checks.score import Force
from flows.settings import Settings

DEFAULT_WAREHOUSE = Path("var/entrega.duckdb")
PLAN_FILE = "plan.json"
LEARNT_MODEL = "score_model.json"


@dataclass(frozen=True, slots=True)
class RunPlan:
    """One run: its name, its moment, its files, its settings."""

    run_id: str
    as_of: dt.datetime  # UTC; every age and deadline of the run counts from here
    inputs: tuple[Path, ...]
    out: Path
    warehouse: Path
    language: str
    sample: int | None
    settings: Settings
    force: Force | None = None  # who overrules the gate
    all_clear: AllClear | None = None  # who says that providers take us again

    @property
    def day(self) -> dt.datetime:
        """The midnight that begins the run's UTC day.

        What is checked in a run is dated by its day: two runs of one day give equal lists to the
        last bit. The exact moment of every question is in the evidence and in the journal.
        """
        return self.as_of.astimezone(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)

    @property
    def work(self) -> Path:
        """The run's own folder beside the warehouse."""
        return work_folder(self.warehouse, self.run_id)


def work_folder(warehouse: Path, run_id: str) -> Path:
    """Return the folder in which a run keeps its plan, parts and journals."""
    return warehouse.parent / "work" / run_id


def learnt_model_file(warehouse: Path) -> Path:
    """Return where `entrega learn` leaves the model that runs of this warehouse go by."""
    return warehouse.parent / LEARNT_MODEL


def model_file(settings: Settings, warehouse: Path) -> Path | None:
    """Return the score model to go by: `[score] model`, else what was learnt, else None."""
    learnt = learnt_model_file(warehouse)
    return settings.score.model or (learnt if learnt.is_file() else None)


def existing_warehouse(named: Path | None) -> Path:
    """Return the warehouse that was named, or the default one; `SettingError` for none there."""
    path = (named or DEFAULT_WAREHOUSE).absolute()
    if not path.is_file():
        problem = f"there is no warehouse '{path}'"
        raise SettingError(problem, "start one with: entrega run INPUT, or name --warehouse")
    return path


def new_run_id(now: dt.datetime) -> str:
    """Return a name that sorts by time and does not repeat, e.g. 20261121T205812-4f9a1c."""
    return f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


def moment_of(run_id: str) -> dt.datetime | None:
    """Return when a run was named; None for what is no run's name.

    >>> moment_of("20261121T205812-4f9a1c").isoformat()
    '2026-11-21T20:58:12+00:00'
    """
    try:
        return dt.datetime.strptime(f"{run_id.partition('-')[0]}+0000", "%Y%m%dT%H%M%S%z")
    except ValueError:
        return None


def save_plan(plan: RunPlan) -> None:
    """Write the plan into the run's folder, aside and renamed."""
    plan.work.mkdir(parents=True, exist_ok=True, mode=0o700)
    text = json.dumps(
        {
            "run_id": plan.run_id,
            "as_of": plan.as_of.isoformat(),
            "inputs": [str(path) for path in plan.inputs],
            "out": str(plan.out),
            "warehouse": str(plan.warehouse),
            "language": plan.language,
            "sample": plan.sample,
            "settings": plan.settings.model_dump(mode="json"),
            "force": asdict(plan.force) if plan.force else None,
            "all_clear": asdict(plan.all_clear) if plan.all_clear else None,
        },
        indent=1,
    )
    aside = plan.work / f"{PLAN_FILE}.writing"
    with aside.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    aside.rename(plan.work / PLAN_FILE)


def load_plan(warehouse: Path, run_id: str) -> RunPlan:
    """Read the plan of an earlier start; `SettingError` where there is none."""
    file = work_folder(warehouse, run_id) / PLAN_FILE
    if Path(run_id).name != run_id or not file.is_file():
        problem = f"run '{run_id}' is not known beside warehouse '{warehouse}'"
        raise SettingError(problem, "list them with: entrega runs, or name --warehouse")
    facts = json.loads(file.read_text("utf-8"))
    return RunPlan(
        run_id=facts["run_id"],
        as_of=dt.datetime.fromisoformat(facts["as_of"]),
        inputs=tuple(Path(path) for path in facts["inputs"]),
        out=Path(facts["out"]),
        warehouse=Path(facts["warehouse"]),
        language=facts["language"],
        sample=facts["sample"],
        settings=Settings.model_validate(facts["settings"]),
        force=Force(**facts["force"]) if facts["force"] else None,
        all_clear=AllClear(**facts["all_clear"]) if facts.get("all_clear") else None,
    )
