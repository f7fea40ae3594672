"""In which order sigmas are tried, each once: along a line, or axis by axis."""

import numpy as np
from scipy.stats import rankdata

# Rounds of a search axis by axis.
_MAX_ROUNDS = 3


class SearchEnded(Exception):
    """Raised where a callback asks to stop; the scores so far are in the tables."""


class ScoreTable:
    """The scores of the sigmas tried so far, each computed once.

    Parameters
    ----------
    criterion : callable
        sigma, a float or a tuple of them, to an array of shape (n_alphas, n_splits).
    alphas : ndarray of shape (n_alphas,)
        In the criterion's order.
    begun : callable, default=nothing
        Called before a sigma is scored.
    ended : callable, default=never
        Called with a sigma and its scores; returns whether to end the search.

    Attributes
    ----------
    scores : dict
        sigma to what the criterion says.
    """

    def __init__(self, criterion, alphas, begun=lambda: None, ended=lambda *_: False):
        self.criterion, self.alphas = criterion, alphas
        self.begun, self.ended = begun, ended
        self.scores = {}

    def __call__(self, sigma):
        """Return the mean score of this sigma with its best alpha; -inf if all are NaN.

        Raises
        ------
        SearchEnded
        """
        if sigma not in self.scores:
            self.begun()
            self.scores[sigma] = self.criterion(sigma)
            if self.ended(sigma, self.scores[sigma]):
                raise SearchEnded
        return _nan_last(self.scores[sigma].mean(axis=1)).max()


def results_of(tables, kernels):
    """Return the tables of several kernels like GridSearchCV's `cv_results_`.

    Parameters
    ----------
    tables : list of ScoreTable
    kernels : list of Kernel

    Returns
    -------
    dict of ndarray
        With "param_kernel" where there are several.
    """
    several = len(kernels) > 1
    candidates = [
        {**({"kernel": kernel} if several else {}), "sigma": sigma, "alpha": alpha}
        for kernel, table in zip(kernels, tables, strict=True)
        for sigma in table.scores
        for alpha in table.alphas.tolist()
    ]
    scores = np.concatenate([score for table in tables for score in table.scores.values()])
    return as_cv_results(candidates, scores)


def as_cv_results(candidates, scores):
    """Return candidates and their scores like GridSearchCV's `cv_results_`.

    Parameters
    ----------
    candidates : list of dict
    scores : ndarray of shape (n_candidates, n_splits)
        NaN where a candidate failed: it ranks last.
    """
    mean = scores.mean(axis=1)
    return {
        **{f"param_{name}": _column([one[name] for one in candidates]) for name in candidates[0]},
        "params": candidates,
        **{f"split{split}_test_score": column for split, column in enumerate(scores.T)},
        "mean_test_score": mean,
        "std_test_score": scores.std(axis=1),
        "rank_test_score": rankdata(-_nan_last(mean), method="min").astype(np.int32),
    }


def scores_of(results):
    """Return the scores in such a table, of shape (n_candidates, n_splits)."""
    n_splits = sum(name.startswith("split") for name in results)
    return np.stack([results[f"split{k}_test_score"] for k in range(n_splits)], axis=1)


def without(results, place):
    """Return such a table with one candidate failed, so that it ranks last."""
    scores = scores_of(results)
    scores[place] = np.nan
    return as_cv_results(results["params"], scores)


class Search:
    """Candidates that are tried one after the other; from the best, each axis by itself.

    That is coordinate descent: of each axis in turn the best, the others held.

    Parameters
    ----------
    first : list of float or of tuple of float
        What is tried whatever comes out, of all axes at once.
    axes : list of ndarray, default=()
        The candidates of each axis, increasing; none for no descent.

    Attributes
    ----------
    columns : list of ndarray, or ndarray of shape (1 or n_features, n_candidates)
        The sigmas tried, of all axes at once or of each.
    """

    def __init__(self, first, axes=()):
        self.first, self.axes = first, axes
        self.columns = axes or np.atleast_2d(np.transpose(first))

    def run(self, score):
        """Score candidates; the same ones may be asked for again.

        Parameters
        ----------
        score : callable
            A sigma to a number.
        """
        best = max(self.first, key=score)
        for _ in range(_MAX_ROUNDS):
            before = best
            for axis, values in enumerate(self.axes):
                line = [(*best[:axis], value, *best[axis + 1 :]) for value in values.tolist()]
                best = max([best, *line], key=score)
            if best == before:
                break


def at_edge(value, candidates, name):
    """Name a value that is the smallest or the largest of several candidates; "" if it is not."""
    smallest, largest = min(candidates), max(candidates)
    if smallest == largest or smallest < value < largest:
        return ""
    return f"{name}={value:.4g}, the {'smallest' if value <= smallest else 'largest'}"


def diagonal(axes):
    """Return the first candidates of all axes, and so on to the last, as a list of tuples."""
    n = max(map(len, axes))
    places = [np.rint(np.linspace(0, len(axis) - 1, n)).astype(int) for axis in axes]
    picked = [axis[place].tolist() for axis, place in zip(axes, places, strict=True)]
    return list(zip(*picked, strict=True))


def _column(values):
    """Return an array with an entry for each value, tuples and kernels too."""
    if all(isinstance(value, float) for value in values):
        return np.array(values)
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def _nan_last(scores):
    return np.where(np.isnan(scores), -np.inf, scores)
