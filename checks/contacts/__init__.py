"""Which records are one debtor: normalise, block, compare, weigh, cluster."""

from checks.contacts.clusters import CLUSTER_PREFIX, find_clusters
from checks.contacts.model import AliasRule, MatchBounds, MatchReference, NameWords

__all__ = [
    "CLUSTER_PREFIX",
    "AliasRule",
    "MatchBounds",
    "MatchReference",
    "NameWords",
    "find_clusters",
]
