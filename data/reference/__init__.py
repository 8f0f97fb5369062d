"""Lists and tables that the checks decide by, each with its source in SOURCES.md."""

from data.reference.syntax import load_syntax_reference

__all__ = ["load_syntax_reference"]
