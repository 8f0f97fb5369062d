"""A Prefect flow that watches a folder for delivery events; schedule it as often as they come."""

from __future__ import annotations

from pathlib import Path

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.feedback import FeedbackRequest, take_events


@flow(name="take_feedback", persist_result=False, validate_parameters=False)
def take_feedback(
    folder: str,
    mapping: str | None = None,
    config: str | None = None,
    warehouse: str | None = None,
) -> State[None]:
    """Take each new event file of a folder (or maildir) in, once, and move it to done/.

    Files that cannot be read go to refused/ and end the flow `Completed(name="Degraded")`. It
    waits for a warehouse that is in use.
    """
    taken = take_events(
        FeedbackRequest(
            paths=(Path(folder),),
            mapping=Path(mapping) if mapping else None,
            config=Path(config) if config else None,
            warehouse=Path(warehouse) if warehouse else None,
            wait=True,
        )
    )
    new = sum(each.new for each in taken.files)
    told = f"{len(taken.files)} files, {new} new events, {taken.new_suppressions} new suppressions"
    refused = [each for each in taken.files if each.problem]
    if refused:
        return Completed(name="Degraded", message=f"{told}; {len(refused)} files refused")
    return Completed(message=told)
