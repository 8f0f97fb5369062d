"""Tax ids, phones and names: who a record is about."""
