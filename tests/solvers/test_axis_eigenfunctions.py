"""Preconditioners from eigenfunctions along the axes, against dense algebra of all modes."""

import numpy as np
import pytest
from problems import dense_matrix, problem_of, uneven_grid, with_targets

from skfourier._solvers import _nufft
from skfourier._solvers._axis_eigenfunctions import AxisEigenfunctions, CoupledEigenfunctions
from skfourier._solvers._half_spectra import completed
from skfourier._solvers._nonuniform_fft import waves
from skfourier._solvers._nufft import NUFFT
from skfourier.spectra import Gaussian, Matern

ALPHA = 1e-2


def along_a_line(n_rows, seed=0):
    """Return rows whose two coordinates are nearly the same."""
    rng = np.random.default_rng(seed)
    first = rng.uniform(size=n_rows)
    return np.clip(np.column_stack([first, first + 0.02 * rng.normal(size=n_rows)]), 0, 1)


def sums_of(X, kernel=None, tol=1e-6):
    return NUFFT(problem_of(kernel or Gaussian(2), X, ALPHA), tol=tol).sums


def whole(half, highest):
    return completed(half, highest).reshape(len(half), -1)


def dense_quotient(X, sums, half):
    """Return (D T D + alpha)^-1 of arrays over modes, all of them, by the rows themselves."""
    highest = sums.features.highest
    # The scaled waves exp(-2 pi i h m . x): T sums them at m - m'.
    design = whole(waves(sums.features, X), highest)
    system = design.T @ design.conj() + ALPHA * np.eye(design.shape[1])
    return np.linalg.solve(system, whole(half, highest).T).T


def some_spectra(sums, n=3):
    """Return one half of the modes of random real signals."""
    highest = sums.features.highest
    signals = np.random.default_rng(3).normal(size=(n, *(2 * m + 1 for m in highest)))
    spectra = np.fft.fftn(signals, axes=range(1, signals.ndim), norm="ortho")
    return spectra[..., : highest[-1] + 1]


def relative_error(actual, expected):
    return np.linalg.norm(actual - expected) / np.linalg.norm(expected)


@pytest.mark.parametrize(("shape", "sigma", "tol"), [((11, 9), 0.3, 1e-7), ((5, 4, 3), 0.1, 1e-2)])
def test_where_the_rows_are_a_product_it_is_exact(shape, sigma, tol):
    rng = np.random.default_rng(0)
    axes = [np.sort(rng.uniform(size=n)) for n in shape]
    X = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))
    sums = sums_of(X, Gaussian(sigma), tol=tol)
    eigenfunctions, half = AxisEigenfunctions(sums), some_spectra(sums)
    assert eigenfunctions.is_product
    expected = dense_quotient(X, sums, half)
    actual = whole(eigenfunctions.divide(half, ALPHA), sums.features.highest)
    # The sums over rows are off by a small part of tol.
    assert relative_error(actual, expected) < tol


def test_all_together_are_exact_for_any_rows():
    X = along_a_line(300)
    sums = sums_of(X)
    eigenfunctions, half = AxisEigenfunctions(sums), some_spectra(sums)
    expected, highest = dense_quotient(X, sums, half), sums.features.highest
    # Coordinates are far from independent, and a product is far from the solution.
    alone = whole(eigenfunctions.divide(half, ALPHA), highest)
    assert relative_error(alone, expected) > 0.1
    coupled = CoupledEigenfunctions(eigenfunctions, sums, ALPHA, most=10_000)
    # Those left out are functions with less than a tenth of alpha.
    assert relative_error(whole(coupled.divide(half), highest), expected) < 0.1


def test_powers_that_are_no_product_are_averaged():
    X = uneven_grid()
    sums = sums_of(X, Matern(0.1, nu=2.5), tol=1e-2)
    eigenfunctions, half = AxisEigenfunctions(sums), some_spectra(sums)
    assert not eigenfunctions.is_product
    expected = dense_quotient(X, sums, half)
    actual = whole(eigenfunctions.divide(half, ALPHA), sums.features.highest)
    diagonal = half / (len(X) * sums.features.scale**2 + ALPHA)
    of_diagonal = relative_error(whole(diagonal, sums.features.highest), expected)
    assert relative_error(actual, expected) < of_diagonal


def noisy(X):
    noise = 0.1 * np.random.default_rng(5).normal(size=len(X))
    return (np.sin(9 * X[:, 0]) * np.cos(7 * X[:, 1]) + noise)[:, None]


@pytest.mark.parametrize("scattered", [True, False])
def test_small_noise_takes_few_iterations(monkeypatch, scattered):
    X = np.random.default_rng(0).uniform(size=(5000, 2)) if scattered else along_a_line(5000)
    problem = with_targets(problem_of(Gaussian(3), X, 1e-4), noisy(X))
    exact, places = NUFFT(problem), X[:200] + 1e-3
    monkeypatch.setattr(_nufft, "_MAX_DENSE_FEATURES", exact.pairs.n_features - 1)
    solver = NUFFT(problem)
    assert exact.factorizes
    assert not solver.factorizes
    off = np.abs(solver.mean(places) - exact.mean(places)) / exact.moments.scale
    # Each is off by its own error; that of the kernel is the same.
    assert off.max() < 2 * max(solver.iteration_error, solver.tol)
    assert solver.accuracy < 1e-4
    # By its diagonal alone: thousands. Where a product is no help it is noticed after 64.
    assert solver.n_iter < 128


def test_kernels_that_are_no_products_need_no_factor():
    X = np.random.default_rng(0).uniform(size=(1000, 2))
    solver = NUFFT(with_targets(problem_of(Matern(0.5, nu=3.5), X, 0.1), noisy(X)))
    dense = dense_matrix(solver.problem)
    expected = solver.moments.mean + solver.problem.kernel(X[:200], X) @ np.linalg.solve(
        dense, solver.problem.centered
    )
    off = np.abs(solver.mean(X[:200]) - expected) / solver.moments.scale
    # The error of this kernel is estimated from the modes that are left out.
    assert off.max() < solver.accuracy < 1e-4
    # By its diagonal alone 311.
    assert 1 < solver.n_iter < 64
    assert "dense_for_deviations" not in vars(solver)


def test_preconditioners_are_no_part_of_a_pickle():
    X = along_a_line(2000)
    solver = NUFFT(with_targets(problem_of(Gaussian(5), X, 1e-4), noisy(X)))
    solver.__dict__["pairs"] = None
    solver.mean(X[:10])
    assert "_iteration" in vars(solver)
    assert "_iteration" not in solver.__getstate__()
