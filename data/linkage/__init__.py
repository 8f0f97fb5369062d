"""Linking the records of any table: what its columns are, and what is written about the result."""
