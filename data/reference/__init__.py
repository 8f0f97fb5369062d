"""Lists and tables that the checks decide by, each with its source in SOURCES.md."""

from data.reference.names import load_name_reference
from data.reference.syntax import load_syntax_reference

__all__ = ["load_name_reference", "load_syntax_reference"]
