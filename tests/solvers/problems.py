"""What the tests of the solvers share: problems, targets, and their dense algebra."""

from dataclasses import replace

import numpy as np

from skfourier._solvers._problem import Problem
from skfourier._solvers._target_moments import TargetMoments
from skfourier.grids import find_grid


def problem_of(kernel, X, alpha, weight=None, y=None):
    """State a problem in the coordinates of X, without an origin."""
    weight = np.ones(len(X)) if weight is None else weight
    y = np.zeros((len(X), 1)) if y is None else y
    return Problem(
        kernel=kernel,
        X=X,
        y=y,
        weight=weight,
        alpha=alpha,
        moments=TargetMoments.of(y, weight),
        grid=find_grid(X),
        origin=np.zeros(X.shape[1]),
        extent=X.max(axis=0),
        total_weight=float(weight.sum()),
    )


def with_targets(problem, y):
    return replace(problem, y=y, moments=TargetMoments.of(y, problem.weight))


def centered(y, weight=None):
    return y - np.average(y, axis=0, weights=weight)


def dense_matrix(problem):
    """Return A = K + alpha / W."""
    return problem.kernel(problem.X) + np.diag(problem.noise)


def condition(problem):
    """Bound the condition of A: n k(0) / alpha + 1, with weights as repeated rows."""
    return problem.weight.sum() / problem.alpha + 1


def smooth_and_rough(X, seed=1):
    """Return targets of two outputs: a wave, and noise."""
    rng = np.random.default_rng(seed)
    return np.stack([np.sin(9 * X[:, 0]), rng.normal(size=len(X))], axis=1)


def uneven_grid(n=11, m=9, seed=0):
    """Return the points of an uneven grid in random order."""
    rng = np.random.default_rng(seed)
    axes = np.sort(rng.random(n)), np.sort(rng.random(m))
    X = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    return X[rng.permutation(len(X))]
