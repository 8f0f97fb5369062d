"""Real mail and name servers from Debian's packages, for tests and benchmarks on this machine."""
