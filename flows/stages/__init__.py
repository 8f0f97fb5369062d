"""The stages of a run: each reads tables of the warehouse, calls one room, commits tables."""
