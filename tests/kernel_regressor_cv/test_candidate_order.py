"""The order in which sigmas are tried, and the table of what came out."""

from collections import Counter

import numpy as np
import pytest

from skfourier._kernel_regressor_cv._candidate_order import (
    ScoreTable,
    Search,
    at_edge,
    diagonal,
    results_of,
)

ALPHAS = np.array([0.1, 1.0])


class Counted:
    """A criterion with a peak, two splits, and a count of what it was asked for."""

    def __init__(self, peak):
        self.peak, self.asked = np.log(peak), Counter()

    def __call__(self, sigma):
        self.asked[sigma] += 1
        distance = np.log(sigma) - self.peak
        # Correlated axes: the best of one depends on the others.
        score = -np.sum(distance**2) - 0.5 * np.sum(distance) ** 2
        return np.array([[score - 1, score - 3], [score, score - 2]])


def test_a_line_is_tried_in_order():
    criterion = Counted(4.0)
    table = ScoreTable(criterion, ALPHAS)
    Search([1.0, 4.0, 2.0]).run(table)
    assert list(table.scores) == [1.0, 4.0, 2.0]
    results = results_of([table], [None])
    assert results["params"][3] == {"sigma": 4.0, "alpha": 1.0}
    assert results["param_sigma"].tolist() == [1, 1, 4, 4, 2, 2]
    assert results["param_alpha"].tolist() == [0.1, 1] * 3
    assert results["rank_test_score"][3] == 1
    np.testing.assert_allclose(results["split0_test_score"][2:4], [-1, 0])
    np.testing.assert_allclose(results["mean_test_score"][2:4], [-2, -1])
    np.testing.assert_allclose(results["std_test_score"], 1)


def test_axis_by_axis_finds_the_peak_and_tries_nothing_twice():
    grid = 2.0 ** np.arange(8)
    criterion = Counted((4, 32, 2))
    table = ScoreTable(criterion, ALPHAS)
    axes = [grid, grid, grid[:4]]
    search = Search(diagonal(axes), axes)
    assert search.first[0] == (1, 1, 1)
    assert search.first[-1] == (128, 128, 8)
    search.run(table)
    assert max(table.scores, key=table) == (4, 32, 2)
    assert set(criterion.asked.values()) == {1}
    # At most the diagonal, and three rounds of all axes: what its users are told.
    assert len(table.scores) <= 8 + 3 * (8 + 8 + 4)
    assert results_of([table], [None])["param_sigma"][0] == (1.0, 1.0, 1.0)


def test_axis_by_axis_never_ends_below_its_best():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        table = ScoreTable(lambda _, rng=rng: rng.normal(size=(2, 1)), ALPHAS)
        axes = [np.arange(1.0, 5.0)] * 2
        Search(diagonal(axes), axes).run(table)
        scores = {sigma: table(sigma) for sigma in table.scores}
        best = max(scores, key=scores.get)
        # The best was found last along one of its axes, whose others have been tried then.
        lines = [{(s, best[1]) for s in axes[0]}, {(best[0], s) for s in axes[1]}]
        assert any(line <= set(scores) for line in lines)


def test_nan_ranks_last():
    table = ScoreTable(lambda sigma: np.array([[np.nan], [sigma]]), ALPHAS)
    assert table(-5.0) == -5
    assert results_of([table], [None])["rank_test_score"].tolist() == [2, 1]
    assert ScoreTable(lambda _: np.full((2, 1), np.nan), ALPHAS)(1.0) == -np.inf


@pytest.mark.parametrize(
    ("value", "candidates", "text"),
    [
        (1, [1, 2, 3], "sigma=1, the smallest"),
        (3, [3, 1, 2], "sigma=3, the largest"),
        (2, [1, 2, 3], ""),
        (2, [2], ""),
        (2, [2, 2], ""),
    ],
)
def test_edges(value, candidates, text):
    assert at_edge(value, candidates, "sigma") == text
