"""The clean list and its manifest: published whole or not at all, and verified."""
