"""The shape of an address: impossible ones named, likely repairs proposed."""

from checks.syntax.check import check_syntax
from checks.syntax.reading import ReadAddresses, read_addresses
from checks.syntax.reference import SyntaxReference
from checks.syntax.words import has_role

__all__ = ["ReadAddresses", "SyntaxReference", "check_syntax", "has_role", "read_addresses"]
