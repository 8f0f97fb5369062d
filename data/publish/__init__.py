"""The clean list and its manifest: published whole or not at all, and verified."""

from data.publish.duplicates import write_duplicates
from data.publish.manifest import InLots, Manifest, read_signing_key
from data.publish.naming import BounceForecast, CleanList, ListFacts, name_list
from data.publish.tables import write_tables
from data.publish.verify import ListState, SignatureState, Verification, verify_list
from data.publish.writer import publish_list

__all__ = [
    "BounceForecast",
    "CleanList",
    "InLots",
    "ListFacts",
    "ListState",
    "Manifest",
    "SignatureState",
    "Verification",
    "name_list",
    "publish_list",
    "read_signing_key",
    "verify_list",
    "write_duplicates",
    "write_tables",
]
