"""From evidence to probability, ownership, decision and gate."""
