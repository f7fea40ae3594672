"""Dense conjugate gradients, against a dense solve and SciPy's own iteration."""

import numpy as np
import pytest
from problems import problem_of
from scipy.sparse.linalg import LinearOperator, cg
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import gen_batches

from skfourier._solvers import _kernel_matrix
from skfourier._solvers._nystrom_cg import NystromApproximation, NystromCG
from skfourier.spectra import Gaussian, Matern

X = np.random.default_rng(0).uniform(-0.5, 0.5, size=(600, 2))
Y = np.column_stack([np.sin(9 * X[:, 0]), np.cos(20 * X[:, 1]), X[:, 0] * X[:, 1]])
X_NEW = np.random.default_rng(2).uniform(-0.5, 0.5, size=(40, 2))
WEIGHT = np.random.default_rng(3).uniform(0.5, 3, size=600)
ALPHA = 1e-3


def relative_error(actual, expected):
    return np.linalg.norm(actual - expected) / np.linalg.norm(expected)


# Weights are in the diagonal, which knows nothing of blocks.
@pytest.mark.parametrize(
    ("weight", "keep"),
    [(None, True), (WEIGHT, True), (WEIGHT, False)],
    ids=["unweighted", "weighted", "in blocks"],
)
@pytest.mark.parametrize("kernel", [Gaussian(10), Matern(10, nu=2.5), Gaussian(1)])
def test_predictions_equal_a_dense_solve(kernel, weight, keep, monkeypatch):
    if not keep:
        monkeypatch.setattr(_kernel_matrix, "_MAX_BYTES", 0)
        monkeypatch.setattr(_kernel_matrix, "row_blocks", lambda n, _: gen_batches(n, 100))
    solver = NystromCG(problem_of(kernel, X, ALPHA, weight), tol=1e-10)
    matrix = kernel(X) + ALPHA * np.diag(1 / (np.ones(len(X)) if weight is None else weight))
    expected = kernel(X_NEW, X) @ np.linalg.solve(matrix, Y)
    # A residual of tol is an error of at most tol times the condition number, 2e6, in c; 1e-6 is
    # the bar, and predictions come out far below.
    assert relative_error(solver.evaluate(solver.solve(Y), X_NEW), expected) < 1e-6
    assert solver.n_iter > 1


def test_columns_do_not_depend_on_one_another():
    solver = NystromCG(problem_of(Gaussian(5), X, ALPHA), tol=1e-10)
    together = solver.evaluate(solver.solve(Y), X_NEW)
    for column in range(Y.shape[1]):
        alone = solver.evaluate(solver.solve(Y[:, [column]]), X_NEW)
        assert relative_error(together[:, [column]], alone) < 1e-7


def test_the_preconditioner_saves_most_iterations():
    # 256 eigenvectors take in all of Gaussian(2)'s that stand out from alpha: it has about
    # (2 * 3 * 2)^2 = 144 of them in the unit square.
    matrix, iterations = Gaussian(2)(X) + ALPHA * np.eye(len(X)), []
    cg(
        LinearOperator(matrix.shape, matvec=matrix.__matmul__),
        Y[:, 0],
        rtol=1e-8,
        maxiter=5000,
        callback=iterations.append,
    )
    solver = NystromCG(problem_of(Gaussian(2), X, ALPHA), tol=1e-8)
    solver.solve(Y[:, :1])
    assert solver.n_iter < len(iterations) / 10


def test_full_rank_inverts():
    matrix = Gaussian(2)(X[:50])
    approximation = NystromApproximation(lambda v: v @ matrix, 50, 50)
    inverse = approximation.precondition(np.eye(50), 1.0)
    scale = approximation.values[-1] + 1.0
    # The approximation is off by its shift, some hundred eps.
    np.testing.assert_allclose(inverse / scale, np.linalg.inv(matrix + np.eye(50)), atol=1e-11)


def test_another_alpha_shares_the_matrix():
    solver = NystromCG(problem_of(Gaussian(5), X, ALPHA), tol=1e-10)
    other, fresh = solver.with_alpha(0.1), NystromCG(problem_of(Gaussian(5), X, 0.1), tol=1e-10)
    assert other.matrix is solver.matrix
    np.testing.assert_array_equal(other.solve(Y), fresh.solve(Y))


def test_variance_of_few_rows_is_exact():
    solver = NystromCG(problem_of(Gaussian(5), X, ALPHA, WEIGHT), tol=1e-10)
    cross = Gaussian(5)(X_NEW, X)
    matrix = Gaussian(5)(X) + ALPHA * np.diag(1 / WEIGHT)
    expected = 1 - np.sum(cross.T * np.linalg.solve(matrix, cross.T), axis=0)
    np.testing.assert_allclose(solver.variance(X_NEW), expected, rtol=0, atol=1e-8)


def test_too_few_iterations_warn_with_the_residual():
    solver = NystromCG(problem_of(Gaussian(10), X, 1e-6), tol=1e-12, max_iter=3)
    with pytest.warns(ConvergenceWarning, match=r"relative residual of .* in 3 iterations"):
        solver.solve(Y)
    assert solver.n_iter == 3


def test_nothing_is_refused():
    assert NystromCG(problem_of(Gaussian(1), np.zeros((10**6, 9)), ALPHA)).why_not() is None


def test_results_are_reproducible():
    problem = problem_of(Gaussian(10), X, ALPHA)
    np.testing.assert_array_equal(NystromCG(problem).solve(Y), NystromCG(problem).solve(Y))
