"""The mail internet on loopback, and portfolios whose truth is known."""
