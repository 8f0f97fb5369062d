"""The ladder that finds a better address for a debtor who has none that works."""
