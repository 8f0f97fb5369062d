"""Verdicts of e-mail verifiers and bureaus: tables from outside, read as dated claims."""

from data.verifiers.reading import CHECK, read_claims
from data.verifiers.table import VerifierTable, load_verifier_mapping, load_verifiers

__all__ = ["CHECK", "VerifierTable", "load_verifier_mapping", "load_verifiers", "read_claims"]
