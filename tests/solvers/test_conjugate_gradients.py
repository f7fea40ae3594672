"""Conjugate gradients for a block of right-hand sides, against SciPy's and a dense solve."""

import warnings

import numpy as np
import pytest
import scipy.sparse.linalg
from sklearn.exceptions import ConvergenceWarning

from skfourier._solvers._conjugate_gradients import iterate, warn_unless_converged

N = 60


def matrix(condition, seed=0):
    rng = np.random.default_rng(seed)
    vectors = np.linalg.qr(rng.normal(size=(N, N)))[0]
    return vectors * np.geomspace(1, condition, N) @ vectors.T


def columns(n_outputs=3, seed=1):
    return np.random.default_rng(seed).normal(size=(n_outputs, N))


def test_against_a_dense_solve():
    A, y = matrix(1e3), columns()
    solution = iterate(lambda v: v @ A, y, tol=1e-10)
    assert 1 < solution.n_iter < 1000
    # The error is at most the condition times the relative residual.
    expected = np.linalg.solve(A, y.T).T
    error = 1e3 * 1e-10 * np.abs(expected).max()
    np.testing.assert_allclose(solution.x, expected, atol=error)


def test_each_column_is_scipys_own_iteration():
    A, y = matrix(1e3), columns()
    for n_iter in (1, 3, 8):
        solution = iterate(lambda v: v @ A, y, tol=0.0, max_iter=n_iter)
        for x, column in zip(solution.x, y, strict=True):
            theirs, _ = scipy.sparse.linalg.cg(A, column, rtol=0, maxiter=n_iter)
            # Rounding, which the condition of 1e3 magnifies; later it would grow further.
            np.testing.assert_allclose(x, theirs, atol=1e3 * N * np.finfo(float).eps)


def test_a_converged_column_is_left_alone():
    A, y = matrix(1e3), columns()
    y[1] = A @ np.linalg.eigh(A)[1][:, -1]  # an eigenvector takes one iteration
    asked = []

    def operator(v):
        asked.append(len(v))
        return v @ A

    solution = iterate(operator, y, tol=1e-8)
    assert asked[:2] == [3, 2]
    assert np.all(solution.residual <= 1e-8)
    assert len(asked) == solution.n_iter


def test_a_tolerance_for_each_column():
    A, y = matrix(1e3), columns(2)
    tol = np.array([1e-2, 1e-9])
    solution = iterate(lambda v: v @ A, y, tol=tol)
    residual = np.linalg.norm(y - solution.x @ A, axis=1) / np.linalg.norm(y, axis=1)
    np.testing.assert_allclose(solution.residual, residual, rtol=1e-3)
    assert np.all(residual <= tol)
    assert residual[0] > 1e-9


def test_preconditioner_and_an_inexact_one():
    A, y = matrix(1e6), columns()
    inverse = np.linalg.inv(A)
    solution = iterate(lambda v: v @ A, y, preconditioner=lambda r: r @ inverse)
    assert solution.n_iter <= 2

    def inner(r):  # another iteration, which is no linear map
        return iterate(lambda v: v @ A, r, tol=0.1).x

    x = iterate(lambda v: v @ A, y, preconditioner=inner, tol=1e-8, max_iter=100).x
    assert np.all(np.linalg.norm(y - x @ A, axis=1) <= 1.01e-8 * np.linalg.norm(y, axis=1))


def test_zeros_are_solved_by_zeros():
    y = columns()
    y[1] = 0
    A = matrix(10)
    x = iterate(lambda v: v @ A, y).x
    np.testing.assert_array_equal(x[1], 0)
    solution = iterate(lambda v: v @ A, np.zeros((2, N)))
    assert solution.n_iter == 0
    np.testing.assert_array_equal(solution.x, 0)


def test_outputs_of_any_shape_and_complex_ones():
    A, y = matrix(1e3), columns(2) + 1j * columns(2, seed=2)
    x = iterate(
        lambda v: (v.reshape(-1, N) @ A).reshape(-1, 6, 10), y.reshape(2, 6, 10), tol=1e-10
    ).x
    expected = np.linalg.solve(A, y.T).T
    error = 1e3 * 1e-10 * np.abs(expected).max()
    np.testing.assert_allclose(x.reshape(2, N), expected, rtol=0, atol=error)


def test_a_warning_says_what_was_reached():
    A = matrix(1e6)
    with pytest.warns(
        ConvergenceWarning, match=r"residual of .* in 5 iterations; tol=1e-06.*alpha"
    ):
        warn_unless_converged(iterate(lambda v: v @ A, columns(), max_iter=5), tol=1e-6)


def test_rounding_does_not_divide_by_zero():
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        x = iterate(lambda v: 0 * v, columns()).x
        np.testing.assert_array_equal(x, 0)
        x = iterate(lambda v: v, columns(), tol=0.0).x
    np.testing.assert_allclose(x, columns())


def test_the_residual_bounds_the_error_if_the_least_eigenvalue_is_known():
    A, y = matrix(1e3), columns()
    expected = np.linalg.solve(A, y.T).T
    # After so few iterations there is no estimate yet.
    assert np.isinf(iterate(lambda v: v @ A, y, max_iter=3, energy=1e-8).error).all()
    solution = iterate(lambda v: v @ A, y, max_iter=3, energy=1e-8, least=1.0)
    off = solution.x - expected
    energy = np.sqrt(np.einsum("ij,jk,ik->i", off, A, off))
    assert np.all(energy <= solution.error)
    np.testing.assert_allclose(
        solution.error, np.linalg.norm(y - solution.x @ A, axis=1), rtol=1e-9
    )
