"""Predictions from near rows only, against dense algebra on all rows."""

import numpy as np
import pytest
import torch
from problems import dense_matrix, problem_of
from sklearn.exceptions import ConvergenceWarning

import skfourier
from skfourier import FourierKernelRegressor
from skfourier._solvers._local import Local
from skfourier.kernels import NeuralTangentKernel
from skfourier.spectra import Gaussian, Matern

RNG = np.random.default_rng(0)
X = RNG.uniform(size=(4200, 2))  # more than the 4,096 of which all are near
Y = np.stack([np.sin(9 * X[:, 0]) + np.abs(X[:, 1] - 0.5), np.cos(40 * X[:, 1])], axis=1)
PLACES = RNG.uniform(-0.05, 1.05, size=(300, 2))
WEIGHT = RNG.uniform(0.5, 2, size=len(X))
TWO_SCALES = (Matern(3) + 0.2 * Matern(20, nu=0.5)).normalized(2)
KERNELS = [Matern(2, nu=0.5), Matern((4, 8), nu=1.5), TWO_SCALES]


def dense(problem, lower):
    """Return mean and deviation at the places, by dense algebra."""
    cross = torch.from_numpy(problem.kernel(problem.X, PLACES))
    dual = torch.cholesky_solve(torch.from_numpy(problem.centered), lower)
    half = torch.linalg.solve_triangular(lower, cross, upper=False)
    mean = problem.moments.mean + (cross.T @ dual).numpy()
    return mean, np.sqrt(1 - half.square().sum(dim=0).numpy())


@pytest.mark.parametrize(("kernel", "alpha"), list(zip(KERNELS, [1e-6, 1e-2, 1e-4], strict=True)))
def test_near_rows_tell_what_all_rows_do(kernel, alpha):
    problem = problem_of(kernel, X, alpha, WEIGHT, Y)
    solver = Local(problem)
    lower = torch.linalg.cholesky(torch.from_numpy(dense_matrix(problem)))
    mean, deviation = dense(problem, lower)
    # Deviations to 1 % of nearly all points, as promised. What the rows left out would add to the
    # mean has the variance that they take off, 2 % at most: 14 % of the deviation.
    ours = solver.mean(PLACES), np.sqrt(solver.variance(PLACES))
    assert np.quantile(np.abs(ours[1] / deviation - 1), 0.95) < 0.01
    off = (ours[0] - mean) / problem.moments.scale
    assert np.sqrt(np.mean((off / deviation[:, None]) ** 2)) < 0.14
    # The accuracy stated is of the largest of some hundred errors; the typical one is smaller.
    assert np.sqrt(np.mean(off**2)) < solver.accuracy
    # Of targets drawn from the process the signal's scale is 1, with a deviation of
    # 1 / sqrt(2 n), 1.1 %, from dense algebra and no more than twice as much from a sparse factor.
    drawn = lower.numpy() @ RNG.normal(size=(len(X), 1))
    scale = Local(problem_of(kernel, X, alpha, WEIGHT, drawn)).signal_scale()
    assert abs(scale[0] - 1) < 4 * 0.022


def test_the_same_places_have_the_same_mean_alone_and_among_others_to_the_accuracy():
    solver = Local(problem_of(KERNELS[1], X, 1e-4, None, Y))
    together = solver.mean(PLACES[:50])
    alone = np.concatenate([solver.mean(place[None]) for place in PLACES[:50]])
    off = np.abs(together - alone) / solver.moments.scale
    assert np.sqrt(np.mean(off**2)) < solver.accuracy


def test_draws_have_the_posterior_deviation():
    solver = Local(problem_of(KERNELS[0], X, 1e-2, None, Y))
    draws = solver.draws(400, np.random.RandomState(0))(PLACES)
    ratio = draws.std(axis=1) / np.sqrt(solver.variance(PLACES))
    # 400 draws: a deviation of 1 / sqrt(800) of each, and of all much less, but for the prior's
    # 4,096 frequencies (1 %) and near rows (1 %).
    assert abs(ratio.mean() - 1) < 0.03


def test_files_predict_to_the_last_bit(tmp_path):
    model = FourierKernelRegressor(kernel=KERNELS[0], alpha=1e-4, solver="local")
    with pytest.warns(ConvergenceWarning, match="deviations of y: each is computed from near rows"):
        model.fit(X, Y)
    model.save(tmp_path / "model")
    again = skfourier.load(tmp_path / "model")
    for ours, theirs in zip(
        again.predict(PLACES, return_std=True), model.predict(PLACES, return_std=True), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)
    assert again.accuracy_ == model.accuracy_


class TestChoice:
    def test_it_takes_what_nufft_and_the_dense_solver_refuse(self, monkeypatch):
        monkeypatch.setattr("skfourier._solvers._cholesky._MAX_BYTES", 0)
        monkeypatch.setattr("skfourier._solvers._choice._MANY_ROWS", 4000)
        model = FourierKernelRegressor(3, kernel=Matern(nu=0.5), alpha=1e-4)
        with pytest.warns(ConvergenceWarning, match="near rows"):
            assert model.fit(X, Y).solver_ == "local"

    @pytest.mark.parametrize(
        ("kernel", "rows", "reason"),
        [
            (Matern(), X[:100], "for more than 4,096 rows: of 100 all are near, and 'cholesky'"),
            (Matern(), np.zeros((5000, 4)), "up to 3 columns.* X has 4"),
            (NeuralTangentKernel(2, base=Gaussian()), X, "needs a kernel with a spectral density"),
        ],
    )
    def test_it_says_why_it_does_not_apply(self, kernel, rows, reason):
        with pytest.raises(ValueError, match=f"solver='local' does not apply.*{reason}"):
            FourierKernelRegressor(kernel=kernel, solver="local").fit(rows, rows[:, 0])
