"""Which records are one debtor: normalise, block, compare, weigh, cluster."""
