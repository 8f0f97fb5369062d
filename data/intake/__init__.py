"""Reading debtor files as text, mapping their columns, keeping what cannot be used."""
