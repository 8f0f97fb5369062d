"""Small synthetic portfolios for a first try."""
