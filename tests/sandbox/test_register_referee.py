"""The referee counts pairs, records and letters as one would by hand."""

from __future__ import annotations

import polars as pl
import pytest

from sandbox.registers.referee import Agreement, blocking_ceiling, judge_clusters, wrong_send_rate


def clusters_of(groups: str) -> pl.DataFrame:
    """Read "ab c" as two clusters, of records a and b, and of c."""
    return pl.DataFrame(
        [(letter, group) for group in groups.split() for letter in group],
        schema={"record_id": pl.String, "cluster_id": pl.String},
        orient="row",
    )


def truth_of(groups: str) -> pl.DataFrame:
    return clusters_of(groups).rename({"cluster_id": "entity"})


@pytest.mark.parametrize(
    ("said", "true", "pairs", "b_cubed", "largest"),
    [
        pytest.param("ab cd", "ab cd", (1.0, 1.0), (1.0, 1.0), 2, id="all right"),
        pytest.param("a b c d", "ab cd", (1.0, 0.0), (1.0, 0.5), 1, id="nothing linked"),
        pytest.param("abcd", "ab cd", (2 / 6, 1.0), (0.5, 1.0), 4, id="everything linked"),
        # pairs said: ab ac bc; true: ab cd; records: a, b 2/3, c 1/3, d 1 of their clusters
        pytest.param("abc d", "ab cd", (1 / 3, 0.5), (2 / 3, 0.75), 3, id="one astray"),
        pytest.param("a b", "a b", (1.0, 1.0), (1.0, 1.0), 1, id="nothing to find"),
        pytest.param("", "", (1.0, 1.0), (1.0, 1.0), 0, id="no records"),
    ],
)
def test_clusters_are_judged_by_pairs_and_by_records(
    said: str,
    true: str,
    pairs: tuple[float, float],
    b_cubed: tuple[float, float],
    largest: int,
) -> None:
    quality = judge_clusters(clusters_of(said), truth_of(true))

    assert (quality.pairs.precision, quality.pairs.recall) == pytest.approx(pairs)
    assert (quality.b_cubed.precision, quality.b_cubed.recall) == pytest.approx(b_cubed)
    assert quality.largest == largest
    assert quality.clusters == len(said.split())


def test_neither_order_nor_names_of_clusters_matter() -> None:
    said = clusters_of("abc d ef")
    renamed = said.with_columns(pl.col("cluster_id").str.reverse()).reverse()

    assert judge_clusters(renamed, truth_of("ab cd ef")) == judge_clusters(
        said, truth_of("ab cd ef")
    )


@pytest.mark.parametrize(
    ("said", "true"),
    [("ab", "abc"), ("abc", "ab"), ("ab", "xy")],
    ids=["a record is lost", "a record is made up", "another table"],
)
def test_clusters_of_other_records_are_refused(said: str, true: str) -> None:
    with pytest.raises(ValueError, match="share only"):
        judge_clusters(clusters_of(said), truth_of(true))


def test_f1_of_nothing_right_is_zero() -> None:
    assert Agreement(0.0, 0.0).f1 == 0.0


@pytest.mark.parametrize(
    ("compared", "ceiling"),
    [
        pytest.param(["ab", "ac", "bc", "de"], 1.0, id="all true pairs among them"),
        pytest.param(["ab", "ba", "ad"], 0.25, id="a pair counts once, a wrong one not at all"),
        pytest.param(["aa"], 0.0, id="a record is no pair of itself"),
        pytest.param([], 0.0, id="nothing compared"),
    ],
)
def test_ceiling_is_the_share_of_true_pairs_compared(compared: list[str], ceiling: float) -> None:
    pairs = pl.DataFrame(
        [tuple(pair) for pair in compared],
        schema={"left": pl.String, "right": pl.String},
        orient="row",
    )

    assert blocking_ceiling(pairs, truth_of("abc de")) == pytest.approx(ceiling)


def test_a_letter_is_wrong_where_the_mailbox_is_somebody_elses() -> None:
    truth = pl.DataFrame({"record_id": ["1", "2", "3", "4"], "entity": [1, 1, 2, 3]})
    owners = pl.DataFrame({"email": ["ana@a.example", "office@b.example"], "entity": [1, -1]})
    chosen = pl.DataFrame(
        {
            "record_id": ["1", "2", "3", "4"],
            "email": ["ANA@a.example", "office@b.example", "ana@a.example", None],
        }
    )
    nobodys = chosen.with_columns(email=pl.lit("gone@a.example"))

    assert wrong_send_rate(chosen, truth, owners) == 0.5
    assert wrong_send_rate(nobodys, truth, owners) == 0.0
