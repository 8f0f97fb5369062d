"""Splink on a table that benchmarks/duplicates.py has normalised: run by Splink's own Python.

    var/peer/bin/python benchmarks/splink_peer.py TABLE.parquet FOLDER --kind register

These are the project's reference settings for Splink 5: what its guides advise for people and
companies, with mailboxes and phones as arrays, the address as one comparison so that postcode,
city and street are not counted apart, and names adjusted by their frequency. FOLDER gets
clusters-<threshold>.parquet with `record_id` and `cluster_id`; standard output the seconds from
reading the table to clusters at the first threshold.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import duckdb
import splink.comparison_level_library as levels
import splink.comparison_library as compare
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

THRESHOLDS = (0.95, 0.5, 0.9, 0.99)
SEED = 1


def register_settings() -> SettingsCreator:
    """Return the settings for registers: seven blocking rules, six comparisons."""
    return SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="record_id",
        blocking_rules_to_generate_predictions=[
            block_on("tax_id"),
            block_on("tax_head"),
            block_on("emails", arrays_to_explode=["emails"]),
            block_on("phones", arrays_to_explode=["phones"]),
            block_on("first", "last", "city"),
            block_on("first", "postcode"),
            block_on("name_key"),
        ],
        comparisons=[
            _tax_ids(),
            _names(),
            _arrays("emails", "locals"),
            _arrays("phones", None),
            _addresses(),
            compare.DateOfBirthComparison(
                "birth",
                input_is_string=True,
                datetime_format="%Y-%m-%d",
                datetime_metrics=["month", "year"],
                datetime_thresholds=[1, 1],
            ),
        ],
    )


def _tax_ids() -> compare.CustomComparison:
    return compare.CustomComparison(
        output_column_name="tax_id",
        comparison_levels=[
            levels.NullLevel("tax_text"),
            levels.ExactMatchLevel("tax_text"),
            levels.LevenshteinLevel("tax_text", 1),
            levels.CustomLevel("tax_head_l = tax_head_r", "same root"),
            levels.ElseLevel(),
        ],
    )


def _names() -> compare.CustomComparison:
    return compare.CustomComparison(
        output_column_name="name",
        comparison_levels=[
            levels.NullLevel("name"),
            levels.ExactMatchLevel("name", term_frequency_adjustments=True),
            levels.ExactMatchLevel("name_key", term_frequency_adjustments=True),
            levels.JaroWinklerLevel("name", 0.95),
            levels.CustomLevel("first_l = first_r and last_l = last_r", "first and last"),
            levels.JaroWinklerLevel("name", 0.88),
            levels.CustomLevel("first_l = first_r or last_l = last_r", "first or last"),
            levels.ElseLevel(),
        ],
    )


def _arrays(column: str, looser: str | None) -> compare.CustomComparison:
    steps = [levels.NullLevel(column), levels.ArrayIntersectLevel(column, 1)]
    if looser is not None:
        steps.append(levels.ArrayIntersectLevel(looser, 1))
    return compare.CustomComparison(
        output_column_name=column, comparison_levels=[*steps, levels.ElseLevel()]
    )


def _addresses() -> compare.CustomComparison:
    same_house = "number_l = number_r and jaro_winkler_similarity(street_l, street_r) >= 0.9"
    return compare.CustomComparison(
        output_column_name="address",
        comparison_levels=[
            levels.CustomLevel(
                "coalesce(postcode_l, city_l) is null or coalesce(postcode_r, city_r) is null",
                "missing",
            ).configure(is_null_level=True),
            levels.CustomLevel(f"postcode_l = postcode_r and {same_house}", "same house"),
            levels.CustomLevel(f"city_l = city_r and {same_house}", "same street and number"),
            levels.ExactMatchLevel("postcode"),
            levels.ExactMatchLevel("city", term_frequency_adjustments=True),
            levels.ElseLevel(),
        ],
    )


def febrl_settings() -> SettingsCreator:
    """Return the settings for FEBRL's data sets, after Splink's own example of them."""
    return SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="record_id",
        blocking_rules_to_generate_predictions=[
            block_on("soc_sec_id"),
            block_on("given_name", "surname"),
            block_on("date_of_birth"),
            block_on("surname", "postcode"),
            block_on("given_name", "postcode"),
            block_on("address_1"),
        ],
        comparisons=[
            compare.NameComparison("given_name"),
            compare.NameComparison("surname"),
            compare.DateOfBirthComparison(
                "date_of_birth", input_is_string=True, datetime_format="%Y%m%d"
            ),
            compare.DamerauLevenshteinAtThresholds("soc_sec_id", [1, 2]),
            compare.ExactMatch("street_number").configure(term_frequency_adjustments=True),
            compare.DamerauLevenshteinAtThresholds("postcode", [1, 2]),
            compare.JaroWinklerAtThresholds("address_1", [0.9]),
        ],
    )


def link(table: Path, kind: str, folder: Path) -> float:
    """Write the clusters of every threshold; return the seconds to those of the first one."""
    began = time.perf_counter()
    database = DuckDBAPI(duckdb.connect())
    frame = database.register(duckdb.read_parquet(str(table)).to_arrow_table())
    settings = register_settings() if kind == "register" else febrl_settings()
    linker = Linker(frame, settings, log_level=None)
    surest = block_on("tax_id") if kind == "register" else block_on("soc_sec_id")
    other = block_on("name_key", "city") if kind == "register" else block_on("date_of_birth")
    training = linker.training
    training.estimate_probability_two_random_records_match([surest, other], recall=0.7)
    training.estimate_u_using_random_sampling(max_pairs=5e6, seed=SEED)
    for rule in (surest, other):
        training.estimate_parameters_using_expectation_maximisation(rule)
    predictions = linker.inference.predict(threshold_match_probability=0.01)
    seconds = 0.0
    for threshold in THRESHOLDS:
        clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(
            predictions, threshold_match_probability=threshold
        )
        kept = clusters.as_duckdbpyrelation().select(
            "record_id, cast(cluster_id as varchar) as cluster_id"
        )
        kept.write_parquet(str(folder / f"clusters-{threshold}.parquet"))
        seconds = seconds or time.perf_counter() - began
    return seconds


def main() -> None:
    """Link and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kind", choices=["register", "febrl"], required=True)
    arguments = parser.parse_args()
    seconds = link(arguments.table, arguments.kind, arguments.folder)
    json.dump({"seconds": seconds}, sys.stdout)


if __name__ == "__main__":
    main()
