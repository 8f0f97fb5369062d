"""Lists and tables that the checks decide by, each with its source in SOURCES.md."""
