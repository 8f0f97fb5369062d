"""Whether this host is fit to ask mail servers: what they will look up about it first."""

from checks.host.fitness import Check, Greeting, Level, Names, examine_host, is_fit
from checks.host.names import Asks, lookup_with
from checks.host.port import greet
from checks.host.spf import Lookup, SpfResult, evaluate_spf

__all__ = [
    "Asks",
    "Check",
    "Greeting",
    "Level",
    "Lookup",
    "Names",
    "SpfResult",
    "evaluate_spf",
    "examine_host",
    "greet",
    "is_fit",
    "lookup_with",
]
