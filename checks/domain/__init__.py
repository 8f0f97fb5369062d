"""Whether a domain takes mail: asking DNS and judging the answers, apart."""

from checks.domain.check import DomainReport, check_domains
from checks.domain.controls import Control, Trust
from checks.domain.model import Nameserver, ResolverSettings, Sockets

__all__ = [
    "Control",
    "DomainReport",
    "Nameserver",
    "ResolverSettings",
    "Sockets",
    "Trust",
    "check_domains",
]
