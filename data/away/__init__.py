"""What passes between a warehouse and a host elsewhere that asks mail servers for it."""

from data.away.answers import AwayAnswers, copy_records, read_answers, run_of, write_answers
from data.away.handout import Handout, HandoutTarget, Past, read_handout, write_handout

__all__ = [
    "AwayAnswers",
    "Handout",
    "HandoutTarget",
    "Past",
    "copy_records",
    "read_answers",
    "read_handout",
    "run_of",
    "write_answers",
    "write_handout",
]
