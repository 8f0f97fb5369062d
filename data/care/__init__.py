"""Care for what is kept: erasing a person, and letting go of what is past its time."""

from data.care.person import Person
from data.care.retention import Cutoffs, cutoffs_of

__all__ = ["Cutoffs", "Person", "cutoffs_of"]
