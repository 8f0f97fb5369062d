"""What happened after sending: delivery events and suppressions."""

from data.feedback.events import EVENT_TYPES, EVENTS, MESSAGES
from data.feedback.fold import fold_history
from data.feedback.incident import hold_incidents
from data.feedback.reading import read_events
from data.feedback.suppressing import suppressions_from
from data.feedback.suppression_files import read_suppressions

__all__ = [
    "EVENTS",
    "EVENT_TYPES",
    "MESSAGES",
    "fold_history",
    "hold_incidents",
    "read_events",
    "read_suppressions",
    "suppressions_from",
]
