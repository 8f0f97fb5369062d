"""Which records are one debtor: normalise, block, compare, weigh, cluster."""

from checks.contacts.certain import CERTAINTY
from checks.contacts.clusters import (
    CLUSTER_CHANGES,
    CLUSTER_PREFIX,
    DECIDED_PAIRS,
    DOUBTS,
    Matched,
    find_clusters,
)
from checks.contacts.model import AliasRule, MatchReference, NameWords

__all__ = [
    "CERTAINTY",
    "CLUSTER_CHANGES",
    "CLUSTER_PREFIX",
    "DECIDED_PAIRS",
    "DOUBTS",
    "AliasRule",
    "MatchReference",
    "Matched",
    "NameWords",
    "find_clusters",
]
