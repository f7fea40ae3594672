"""Cross-validation of the kernel regressor: RidgeCV, GridSearchCV and the Gaussian process."""

import pickle

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import FitFailedWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, WhiteKernel
from sklearn.gaussian_process.kernels import Matern as SklearnMatern
from sklearn.linear_model import RidgeCV
from sklearn.metrics import make_scorer, mean_squared_error
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfourier import FourierFeatures, FourierKernelRegressor, FourierKernelRegressorCV
from skfourier._kernel_regressor_cv import _likelihood_search, _sampled_criteria
from skfourier._kernel_regressor_cv._criteria import CRITERIA
from skfourier._kernel_regressor_cv._sigma_candidates import default_axes, resolved_range
from skfourier.grids import find_grid
from skfourier.images import pixel_grid
from skfourier.kernels import NeuralTangentKernel
from skfourier.metrics import psnr_scorer
from skfourier.spectra import Gaussian, Matern

SIGMAS, ALPHAS = [1.0, 3.0, 8.0], [1e-2, 0.1, 1.0]
FOLDS = KFold(3, shuffle=True, random_state=0)
X_NEW = np.random.default_rng(2).uniform(size=(50, 2))
pytestmark = pytest.mark.filterwarnings("ignore:The best candidate is at the edge")


def searched(*args, **params):
    """Return a search over candidates of one kernel, by leave-one-out where there are no splits."""
    own = {"kernel": "gaussian"}
    if params.get("cv") is None:
        own["criterion"] = "leave_one_out"
    return FourierKernelRegressorCV(*args, **(own | params))


def values(X, noise=0.1):
    y = np.stack([np.sin(9 * X[:, 0]) + X[:, -1], 30 * np.cos(12 * X[:, -1])], axis=1)
    return y + noise * y.std(axis=0) * np.random.default_rng(0).normal(size=y.shape)


@pytest.fixture
def pixels():
    X = pixel_grid((12, 15)).astype(float)
    return X, values(X)


@pytest.fixture
def scattered():
    X = np.random.default_rng(1).uniform(size=(120, 2))
    return X, values(X)


@pytest.fixture
def weight():
    return np.random.default_rng(3).uniform(0.5, 2, size=120)


def table(model):
    """Return the mean scores, one row for each sigma."""
    return model.cv_results_["mean_test_score"].reshape(-1, len(ALPHAS))


class TestLeaveOneOut:
    @pytest.mark.parametrize("solver", ["kronecker", "cholesky"])
    def test_equals_refits_with_the_mean_held_fixed(self, pixels, solver):
        X, y = pixels
        model = searched([3], [0.05], solver=solver).fit(X, y)
        matrix, centered = Gaussian(3)(X) + 0.05 * np.eye(len(X)), y - y.mean(axis=0)
        errors = []
        for left_out in range(len(X)):
            others = np.arange(len(X)) != left_out
            dual = np.linalg.solve(matrix[np.ix_(others, others)], centered[others])
            errors.append(centered[left_out] - matrix[left_out, others] @ dual)
        # Both direct: rounding times the condition, at most n / alpha = 4e3.
        np.testing.assert_allclose(model.best_score_, -np.mean(np.square(errors)), rtol=1e-10)

    @pytest.mark.parametrize("weighted", [False, True])
    def test_equals_ridge_cv_on_finite_features(self, scattered, weight, weighted):
        X, y = scattered
        weight = weight if weighted else None
        features = FourierFeatures(2, n_frequencies=20, random_state=0)
        ours = searched([1], ALPHAS, kernel=features)
        ours.fit(X, y, sample_weight=weight)
        assert ours.solver_ == "primal"
        ridge = RidgeCV(ALPHAS, fit_intercept=False, store_cv_results=True)
        centered = y - np.average(y, axis=0, weights=weight)
        ridge.fit(features.fit_transform(X) / np.sqrt(20), centered, sample_weight=weight)
        # RidgeCV's errors carry their weights, and are divided by the number of rows.
        total = len(X) if weight is None else weight.sum()
        expected = -ridge.cv_results_.sum(axis=0).mean(axis=0) / total
        np.testing.assert_allclose(ours.cv_results_["mean_test_score"], expected, rtol=1e-9)
        assert ours.alpha_ == ridge.alpha_

    def test_rows_of_weight_zero_are_none(self, scattered, weight):
        X, y = scattered
        weight[::3] = 0
        kept = weight > 0
        for criterion in CRITERIA:
            model = searched(SIGMAS, ALPHAS, criterion=criterion)
            without = clone(model).fit(X[kept], y[kept], sample_weight=weight[kept])
            model.fit(X, y, sample_weight=weight)
            np.testing.assert_array_equal(table(model), table(without))

    @pytest.mark.parametrize("solver", ["auto", "cholesky", "masked_kronecker"])
    @pytest.mark.parametrize("criterion", CRITERIA)
    def test_weights_of_one_are_none_and_constant_ones_are_alpha(self, pixels, criterion, solver):
        X, y = pixels
        model = searched(SIGMAS, ALPHAS, criterion=criterion, solver=solver)
        unweighted = table(clone(model).fit(X, y))
        ones = clone(model).fit(X, y, sample_weight=np.ones(len(X)))
        np.testing.assert_array_equal(table(ones), unweighted)
        other = clone(model).set_params(alphas=3 * np.array(ALPHAS))
        threes = table(other.fit(X, y, sample_weight=np.full(len(X), 3.0)))
        # Rounding times the condition, n / alpha = 2e4; iterated to 1e-6 where nothing is direct.
        rtol = 1e-4 if solver == "masked_kronecker" else 1e-9
        np.testing.assert_allclose(threes, unweighted, rtol=rtol)

    def test_candidates_that_cannot_be_factorized_rank_last(self, scattered):
        X, y = scattered
        X, y = np.vstack([X, X]), np.vstack([y, y + 1])
        with pytest.warns(FitFailedWarning, match="alpha=1e-20 could not be fitted"):
            model = searched(SIGMAS, [1e-20, *ALPHAS]).fit(X, y)
        assert model.alpha_ in ALPHAS
        failed = model.cv_results_["param_alpha"] == 1e-20
        assert np.isnan(model.cv_results_["mean_test_score"][failed]).all()
        without = searched(SIGMAS, ALPHAS).fit(X, y)
        assert (model.sigma_, model.alpha_) == (without.sigma_, without.alpha_)
        with (
            pytest.warns(FitFailedWarning),
            pytest.raises(ValueError, match="None of the 3 candidates could be fitted"),
        ):
            searched(SIGMAS, 1e-20).fit(X, y)

    def test_candidates_that_the_solver_refuses_rank_last(self, scattered):
        model = FourierKernelRegressorCV([1, 1e4], [1e-2, 1e-1], kernel="gaussian", solver="nufft")
        with (
            pytest.warns(FitFailedWarning, match=r"sigma=10000.* Fourier modes"),
            pytest.warns(UserWarning, match="at the edge"),
        ):
            model.set_params(cv=3).fit(*scattered)
        assert model.sigma_ == 1

    def test_a_best_candidate_that_cannot_be_fitted_to_all_rows_is_passed_over(
        self, scattered, monkeypatch
    ):
        fit = FourierKernelRegressor.fit

        def fails_at_first(self, X, y, sample_weight=None):
            if self.alpha == first.alpha_:
                raise np.linalg.LinAlgError("singular")
            return fit(self, X, y, sample_weight)

        first = searched(SIGMAS, ALPHAS).fit(*scattered)
        monkeypatch.setattr(FourierKernelRegressor, "fit", fails_at_first)
        with pytest.warns(FitFailedWarning, match="singular"):
            model = searched(SIGMAS, ALPHAS).fit(*scattered)
        others = first.cv_results_["param_alpha"] != first.alpha_
        assert model.best_score_ == first.cv_results_["mean_test_score"][others].max()

    def test_features_without_a_seed_are_drawn_once(self, scattered):
        model = searched(SIGMAS, ALPHAS, kernel=FourierFeatures(n_frequencies=9))
        model.fit(*scattered)
        again = FourierKernelRegressor(
            model.sigma_, kernel=model.regressor_.kernel, alpha=model.alpha_
        ).fit(*scattered)
        np.testing.assert_array_equal(model.predict(X_NEW), again.predict(X_NEW))
        rescored = clone(model).set_params(kernel=model.regressor_.kernel).fit(*scattered)
        np.testing.assert_array_equal(table(rescored), table(model))


class TestOtherCriteria:
    @pytest.mark.parametrize("weighted", [False, True])
    def test_gcv_is_its_definition_in_the_units_of_y(self, scattered, weight, weighted):
        X, y = scattered
        weight = weight if weighted else np.ones(len(X))
        model = searched([3], [0.05], criterion="gcv")
        model.fit(X, y, sample_weight=weight if weighted else None)
        kernel = Gaussian(3)(X)
        hat = kernel @ np.linalg.inv(kernel + np.diag(0.05 / weight))
        centered = y - np.average(y, axis=0, weights=weight)
        error = np.average(np.square(centered - hat @ centered).mean(axis=1), weights=weight)
        expected = -error / (1 - np.trace(hat) / len(X)) ** 2
        # As above: rounding times the condition.
        np.testing.assert_allclose(model.best_score_, expected, rtol=1e-9)

    def test_likelihood_is_that_of_a_gaussian_process(self, pixels):
        X, y = pixels
        model = searched(SIGMAS, ALPHAS, criterion="log_marginal_likelihood")
        model.fit(X, y)
        expected = [
            [
                GaussianProcessRegressor(Gaussian(s), alpha=a, normalize_y=True, optimizer=None)
                .fit(X, y)
                .log_marginal_likelihood_value_
                for a in ALPHAS
            ]
            for s in SIGMAS
        ]
        np.testing.assert_allclose(table(model), expected, rtol=1e-9)
        best = model.regressor_.log_marginal_likelihood_value_
        np.testing.assert_allclose(model.best_score_, best, rtol=1e-9)

    def test_likelihood_with_weights_has_noise_of_its_own_in_each_row(self, scattered, weight):
        X, y = scattered
        model = searched([3], [0.05], criterion="log_marginal_likelihood")
        model.fit(X, y, sample_weight=weight)
        centered = y - np.average(y, axis=0, weights=weight)
        centered /= np.sqrt(np.average(centered**2, axis=0, weights=weight))
        process = GaussianProcessRegressor(Gaussian(3), alpha=0.05 / weight, optimizer=None)
        expected = process.fit(X, centered).log_marginal_likelihood_value_
        np.testing.assert_allclose(model.best_score_, expected, rtol=1e-9)

    @pytest.mark.parametrize("rows", ["pixels", "scattered"])
    @pytest.mark.parametrize("candidates", [(SIGMAS, ALPHAS), (None, None)], ids=["given", "own"])
    def test_constant_outputs_do_not_sway_the_likelihood(self, candidates, rows, request):
        # An opaque alpha of a picture: zeros are likely under any kernel, most under the smoothest.
        X, y = request.getfixturevalue(rows)
        parts = y, np.column_stack([y, np.full((len(y), 3), 0.1)])
        without, along = (
            searched(*candidates, criterion="log_marginal_likelihood").fit(X, part)
            for part in parts
        )
        # The climb of the own search ends within 1e-3 of the top, at the same place but for
        # sums in another order.
        np.testing.assert_allclose(along.sigma_, without.sigma_, rtol=1e-6)
        np.testing.assert_allclose(along.alpha_, without.alpha_, rtol=1e-6)
        np.testing.assert_allclose(along.best_score_, without.best_score_, rtol=1e-9)
        np.testing.assert_allclose(
            along.signal_scale_, [*without.signal_scale_, 1, 1, 1], rtol=1e-6
        )

    @pytest.mark.parametrize("criterion", CRITERIA)
    def test_all_criteria_find_the_sigma_that_made_the_data(self, criterion):
        X = pixel_grid((40, 40)).astype(float)
        kernel = Gaussian(4)(X) + 1e-9 * np.eye(len(X))
        rng = np.random.default_rng(0)
        y = np.linalg.cholesky(kernel) @ rng.normal(size=(len(X), 3))
        y += 0.1 * rng.normal(size=y.shape)
        model = searched([1, 2, 4, 8, 16], criterion=criterion).fit(X, y)
        assert (model.sigma_, model.alpha_) == (4, 0.01)


class TestSplits:
    def compare(self, X, y, scoring="neg_mean_squared_error", rtol=1e-9, fit_params=None, **params):
        """Compare with GridSearchCV."""
        fit_params = fit_params or {}
        cv, sigmas = params.pop("cv", FOLDS), params.pop("sigmas", SIGMAS)
        ours = searched(
            sigmas,
            ALPHAS,
            cv=cv,
            scoring=scoring,
            **params,
        ).fit(X, y, **fit_params)
        theirs = GridSearchCV(
            FourierKernelRegressor(**params),
            {"sigma": sigmas, "alpha": ALPHAS},
            cv=cv,
            scoring=scoring,
        ).fit(X, y, **fit_params)
        rank = theirs.cv_results_["params"]
        order = [rank.index(candidate) for candidate in ours.cv_results_["params"]]
        for name, column in ours.cv_results_.items():
            if name.endswith("test_score") and not name.startswith("rank"):
                expected = theirs.cv_results_[name][order]
                np.testing.assert_allclose(column, expected, rtol=rtol, atol=1e-12, err_msg=name)
        assert ours.cv_results_["rank_test_score"].tolist() == (
            theirs.cv_results_["rank_test_score"][order].tolist()
        )
        assert {"sigma": ours.sigma_, "alpha": ours.alpha_} == theirs.best_params_
        np.testing.assert_allclose(ours.predict(X_NEW), theirs.predict(X_NEW), rtol=rtol)

    # Direct solvers, one by a Cholesky decomposition and one by eigenvectors: rounding times the
    # condition, n / alpha = 1e4.
    @pytest.mark.parametrize(
        "scoring", ["neg_mean_squared_error", None, "neg_median_absolute_error"]
    )
    def test_equal_grid_search(self, scattered, scoring):
        self.compare(*scattered, scoring=scoring)

    def test_equal_grid_search_with_weights(self, scattered, weight):
        weight[::5] = 0
        self.compare(*scattered, fit_params={"sample_weight": weight})

    def test_equal_grid_search_with_groups(self, scattered):
        groups = np.arange(120) % 7
        self.compare(*scattered, cv=GroupKFold(3), fit_params={"groups": groups})

    def test_equal_grid_search_with_an_int_and_one_output(self, scattered):
        X, y = scattered
        self.compare(X, y[:, 0], cv=3)

    def test_equal_grid_search_on_finite_features(self, scattered):
        features = FourierFeatures(2, n_frequencies=20, random_state=0)
        self.compare(*scattered, kernel=features)

    # Iterative ones: their residuals are at most tol, which the condition, n / alpha = 2e5,
    # amplifies where all of the error lies along the smallest eigenvalue; 1e-5 is generous
    # against that, and the scores agree to far less than candidates differ.
    @pytest.mark.parametrize(
        "params",
        [{}, {"kernel": "matern"}, {"kernel": NeuralTangentKernel(1, base=Gaussian())}],
        ids=str,
    )
    def test_equal_grid_search_on_folds_of_an_image(self, params):
        X = pixel_grid((40, 40)).astype(float)
        self.compare(X, values(X), rtol=1e-6, tol=1e-9, sigmas=[3.0], **params)

    def test_equal_grid_search_by_nufft(self, scattered):
        # Here the Fourier modes are an alpha's own, or the smallest one's: 1e-7 of the kernel,
        # times the condition.
        self.compare(*scattered, rtol=1e-3, tol=1e-7, solver="nufft", sigmas=[1.0])

    def test_a_scorer_is_given_a_fitted_regressor_and_the_rows_held_out(self, scattered):
        X, y = scattered
        seen = []

        def scorer(estimator, X_test, y_test):
            seen.append((estimator.sigma, estimator.alpha, X_test))
            return estimator.score(X_test, y_test)

        searched(SIGMAS, ALPHAS, cv=FOLDS, scoring=scorer).fit(X, y)
        assert [pair[:2] for pair in seen[: len(ALPHAS)]] == [(SIGMAS[0], a) for a in ALPHAS]
        tests = [X[test] for _, test in FOLDS.split(X)]
        np.testing.assert_array_equal(seen[0][2], tests[0])
        np.testing.assert_array_equal(seen[-1][2], tests[-1])

    def test_a_generator_is_used_up(self, scattered):
        model = searched(SIGMAS, ALPHAS, cv=FOLDS.split(scattered[0]))
        model.fit(*scattered)
        with pytest.raises(ValueError, match="used up by its first fit: pass a list"):
            model.fit(*scattered)

    def test_what_was_asked_for_goes_where_it_was_requested(self, scattered, weight):
        X, y = scattered
        groups = np.arange(120) % 7
        with config_context(enable_metadata_routing=True):
            scorer = make_scorer(mean_squared_error, greater_is_better=False)
            scorer.set_score_request(sample_weight=True)
            ours = searched(SIGMAS, ALPHAS, cv=GroupKFold(3), scoring=scorer)
            ours.fit(X, y, sample_weight=weight, groups=groups)
            unweighted = clone(ours).set_params(
                scoring=scorer.set_score_request(sample_weight=False)
            )
            unweighted.fit(X, y, sample_weight=weight, groups=groups)
            with pytest.raises(TypeError, match="price"):
                ours.fit(X, y, price=weight)
        plain = searched(SIGMAS, ALPHAS, cv=GroupKFold(3), scoring="neg_mean_squared_error")
        plain.fit(X, y, sample_weight=weight, groups=groups)
        np.testing.assert_array_equal(table(ours), table(plain))
        assert not np.array_equal(table(unweighted), table(plain))

    def test_a_scorer_that_takes_no_weights_is_told_of(self, scattered, weight):
        def closeness(estimator, X, y):
            return -np.abs(estimator.predict(X) - y).max()

        model = searched(SIGMAS, ALPHAS, scoring=closeness, cv=FOLDS)
        with pytest.warns(UserWarning, match="takes no sample_weight") as seen:
            model.fit(*scattered, sample_weight=weight)
        assert seen[0].filename == __file__


class TestSampledRows:
    """Where nothing is factorized a sample of rows, given near rows, stands for all."""

    # Rows without weights are rows of weight 1.
    @pytest.mark.parametrize("criterion", ["leave_one_out", "gcv", "log_marginal_likelihood"])
    def test_agrees_with_all_rows(self, criterion, monkeypatch):
        # The likelihood's blocks are a sample, of which few tell less.
        n_rows = 1500 if criterion == "log_marginal_likelihood" else 800
        monkeypatch.setattr(_sampled_criteria, "_SAMPLED_ROWS", n_rows)
        X = np.random.default_rng(0).uniform(size=(n_rows, 2))
        y = values(X, 0.3)
        weight = 10 ** np.random.default_rng(4).uniform(-1, 1, n_rows)
        exact = searched(SIGMAS, ALPHAS, kernel=Matern(), criterion=criterion, solver="cholesky")
        exact.fit(X, y, sample_weight=weight)
        sampled = clone(exact).set_params(solver="cg").fit(X, y, sample_weight=weight)
        # Of the gaps between candidates: what near rows leave out, and of the likelihood, whose
        # blocks are a sample, luck.
        gap = np.ptp(table(exact))
        np.testing.assert_allclose(table(sampled), table(exact), atol=0.1 * gap)
        assert sampled.sigma_ == exact.sigma_

    def test_weights_count(self):
        X = np.random.default_rng(0).uniform(size=(600, 2))
        y = values(X)
        model = searched([3.0], ALPHAS, kernel=Matern(), solver="cg")
        threes = model.fit(X, y, sample_weight=np.full(600, 3.0)).cv_results_["mean_test_score"]
        ones = model.set_params(alphas=np.divide(ALPHAS, 3)).fit(X, y)
        np.testing.assert_allclose(threes, ones.cv_results_["mean_test_score"], rtol=1e-9)


class TestLikelihood:
    """The default: no grid, and several kernels."""

    def test_few_rows_have_the_parameters_of_the_gaussian_process(self, scattered):
        X, y = scattered
        ours = FourierKernelRegressorCV(kernel=Matern(), per_axis=False).fit(X, y[:, :1])
        scaled = (y[:, 0] - y[:, 0].mean()) / y[:, 0].std()
        theirs = GaussianProcessRegressor(
            ConstantKernel() * SklearnMatern(0.1, nu=1.5) + WhiteKernel(0.01),
            n_restarts_optimizer=2,
            random_state=0,
        ).fit(X, scaled)
        signal, noise = theirs.kernel_.k1, theirs.kernel_.k2.noise_level
        # Both stop where the likelihood is flat: to a gain of 0.03, a quarter of a deviation.
        assert ours.sigma_ == pytest.approx(1 / (2 * np.pi * signal.k2.length_scale), rel=0.03)
        assert ours.alpha_ == pytest.approx(noise / signal.k1.constant_value, rel=0.05)
        mean, deviation = ours.predict(X_NEW, return_std=True)
        noiseless = theirs.kernel_.k1
        cross = noiseless(X_NEW, X)
        solved = np.linalg.solve(noiseless(X) + noise * np.eye(len(X)), cross.T)
        expected = np.sqrt(noiseless.diag(X_NEW) - np.sum(cross.T * solved, axis=0))
        np.testing.assert_allclose(deviation[:, 0], expected * y[:, 0].std(), rtol=0.03)
        np.testing.assert_allclose(
            mean[:, 0], y[:, 0].mean() + y[:, 0].std() * (solved.T @ scaled), atol=0.01
        )

    @pytest.mark.parametrize("truth", [Matern(1, nu=0.5), Matern(3, nu=1.5), Gaussian(4)], ids=str)
    def test_finds_the_kernel_that_made_the_data(self, truth):
        X = np.random.default_rng(1).uniform(size=(2500, 2))
        rng = np.random.default_rng(2)
        y = np.linalg.cholesky(truth(X) + 1e-8 * np.eye(len(X))) @ rng.normal(size=len(X))
        y = 7 + 5 * (y + 0.1 * rng.normal(size=len(X)))
        model = FourierKernelRegressorCV().fit(X, y)
        best = model.cv_results_["params"][model.cv_results_["rank_test_score"].argmin()]["kernel"]
        assert (type(best), getattr(best, "nu", None)) == (
            type(truth),
            getattr(truth, "nu", None),
        )
        np.testing.assert_allclose(model.sigma_, truth.sigma, rtol=0.3)
        # Of 2,500 rows, of which a good half is sampled: four deviations of sqrt(2 / n) each.
        noise = model.signal_scale_[0] * np.sqrt(model.alpha_)
        assert noise == pytest.approx(0.5, rel=4 * np.sqrt(0.5 / 1250) + 0.02)

    def test_parameters_of_sums_are_found(self):
        X = np.random.default_rng(1).uniform(size=(2000, 1)) * 10
        rng = np.random.default_rng(2)
        truth = Gaussian(0.2) + 0.1 * Gaussian(3)
        y = np.linalg.cholesky(truth(X) + 1e-8 * np.eye(len(X))) @ rng.normal(size=len(X))
        y += 0.05 * rng.normal(size=len(X))
        model = FourierKernelRegressorCV(kernel=[Gaussian(), Gaussian(0.3) + 0.5 * Gaussian(2)])
        model.fit(X, y)
        assert model.cv_results_["rank_test_score"].tolist() == [2, 1]
        low, high = np.sort(model.sigma_)
        assert low == pytest.approx(0.2, rel=0.3)
        assert high == pytest.approx(3, rel=0.2)

    def test_units_of_x_and_y_do_not_matter(self, scattered):
        X, y = scattered
        plain = FourierKernelRegressorCV().fit(X, y)
        moved = FourierKernelRegressorCV().fit(5e5 + X * (2000, 30), 1e-9 * y - 4)
        np.testing.assert_allclose(moved.sigma_ * (2000, 30), plain.sigma_, rtol=0.05)
        np.testing.assert_allclose(
            1e9 * (4 + moved.predict(5e5 + X_NEW * (2000, 30))), plain.predict(X_NEW), atol=0.3
        )

    def test_kernels_that_fail_rank_last(self, scattered, monkeypatch):
        X, y = np.repeat(scattered[0], 2, axis=0), np.repeat(scattered[1], 2, axis=0)
        broken = Matern(nu=0.5)
        monkeypatch.setattr(_likelihood_search, "_start", _fails_for(broken))
        model = FourierKernelRegressorCV(kernel=[broken, Matern()])
        with pytest.warns(FitFailedWarning, match="nu=0.5"):
            model.fit(X, y)
        assert model.cv_results_["rank_test_score"].tolist() == [2, 1]
        assert np.isnan(model.cv_results_["mean_test_score"][0])

    @pytest.mark.parametrize("sigmas", [None, SIGMAS])
    def test_kernels_that_the_solver_does_not_take_are_left_out(self, pixels, sigmas):
        model = FourierKernelRegressorCV(sigmas, solver="kronecker").fit(*pixels)
        assert isinstance(model.kernel_, Gaussian)

    def test_constant_targets(self, scattered):
        model = FourierKernelRegressorCV().fit(scattered[0], np.full(120, 3.0))
        np.testing.assert_allclose(model.predict(X_NEW), 3.0)


def _fails_for(kernel):
    whole = _likelihood_search._start

    def start(likelihood, other, *args):
        if other == kernel:
            raise np.linalg.LinAlgError("singular")
        return whole(likelihood, other, *args)

    return start


class TestSigmas:
    def test_own_ones_find_each_axis_its_scale(self):
        X = pixel_grid((30, 33)) * (1, 50)
        y = np.sin(2 * np.pi * 6 * X[:, 0])
        y = y + 0.3 * np.random.default_rng(0).normal(size=len(X))
        line = searched(criterion="gcv").fit(X, y)
        assert line.sigma_.shape == (2,)
        # Equal ratios between Nyquist's frequencies of the axes, 16.5 and 0.3.
        assert 20 < line.sigma_[0] / line.sigma_[1] < 100
        axes = clone(line).set_params(per_axis=True).fit(X, y)
        assert axes.best_score_ > line.best_score_
        np.testing.assert_array_equal(axes.regressor_.sigma, axes.sigma_)
        low, high = resolved_range(X, find_grid(X))
        # Nothing changes along the second axis, and no other sigma of one axis is better.
        assert axes.sigma_[1] == low[1]
        for axis, others in enumerate(default_axes(low, high)):
            changed = np.tile(axes.sigma_, (len(others), 1))
            changed[:, axis] = others
            along = clone(line).set_params(sigmas=changed).fit(X, y)
            assert along.best_score_ <= axes.best_score_

    @pytest.mark.parametrize("seed", range(3))
    def test_axis_by_axis_is_never_worse(self, scattered, seed):
        X = scattered[0] * (1, 3)
        y = np.random.default_rng(seed).normal(size=len(X))
        line = searched(alphas=[0.1, 1]).fit(X, y)
        axes = clone(line).set_params(per_axis=True).fit(X, y)
        assert axes.best_score_ >= line.best_score_

    def test_axis_by_axis_takes_lists(self, pixels):
        model = searched([[1, 2], [3, 4, 5]], [0.1], per_axis=True, criterion="gcv")
        tried = [params["sigma"] for params in model.fit(*pixels).cv_results_["params"]]
        assert len(tried) == len(set(tried))
        assert {sigma[0] for sigma in tried} == {1, 2}
        assert {sigma[1] for sigma in tried} == {3, 4, 5}
        shared = model.set_params(sigmas=[1, 3]).fit(*pixels)
        assert set(shared.sigma_) <= {1, 3}

    def test_the_distributions_own_scale_is_allowed_for(self, pixels):
        plain = searched(criterion="gcv").fit(*pixels)
        scaled = searched(criterion="gcv", kernel=Gaussian(10)).fit(*pixels)
        np.testing.assert_allclose(10 * scaled.sigma_, plain.sigma_)
        np.testing.assert_allclose(table_of(scaled), table_of(plain), rtol=1e-9)

    def test_own_ones_leave_out_what_only_the_slow_path_takes(self, monkeypatch):
        monkeypatch.setattr("skfourier._solvers._cholesky._MAX_BYTES", 0)
        monkeypatch.setattr("skfourier._solvers._fourier_modes._MAX_TOEPLITZ_MODES", 2**14)
        X = np.random.default_rng(0).uniform(size=(1100, 2))
        model = searched(alphas=[0.1, 1]).fit(X, values(X))
        tried = [params["sigma"] for params in model.cv_results_["params"]]
        # Nyquist's frequency is 16; 4,096 modes are some 64 along an axis, of a Gaussian to 1e-6
        # on twice the square.
        assert 2 < max(tried) < 8

    def test_the_edge_is_told_of(self, pixels):
        with pytest.warns(
            UserWarning, match="edge of those tried: sigma=1, the largest; alpha=1, "
        ) as seen:
            searched([0.5, 1], [1, 10]).fit(*pixels)
        assert seen[0].filename == __file__
        # y goes through 1.4 and 1.9 cycles: 3 is too large along the first axis, but still
        # smooths. From 20 on neighbors, 1/15 apart, correlate by less than rounding, and all tie.
        with pytest.warns(UserWarning, match=r"sigma\[0\]=3, the smallest; sigma\[1\]=0.5, "):
            searched([[3, 6], [0.2, 0.5]], [0.1], per_axis=True).fit(*pixels)

    @pytest.mark.filterwarnings("error")
    def test_one_candidate_has_no_edge(self, pixels):
        searched([0.5], 10).fit(*pixels)


def table_of(model):
    return model.cv_results_["mean_test_score"]


class TestEstimator:
    def test_predicts_what_the_best_regressor_does(self, pixels):
        model = searched(SIGMAS, ALPHAS).fit(*pixels)
        best = FourierKernelRegressor(model.sigma_, alpha=model.alpha_).fit(*pixels)
        for mine, expected in zip(
            model.predict(X_NEW, return_std=True), best.predict(X_NEW, return_std=True), strict=True
        ):
            np.testing.assert_array_equal(mine, expected)
        assert (model.solver_, model.n_iter_) == ("kronecker", 1)
        assert model.best_score_ == table(model).max()
        row = model.cv_results_["rank_test_score"].argmin()
        assert model.cv_results_["params"][row] == {"sigma": model.sigma_, "alpha": model.alpha_}

    def test_pickles_and_clones(self, pixels):
        model = searched(SIGMAS, ALPHAS).fit(*pixels)
        again = pickle.loads(pickle.dumps(model))
        np.testing.assert_array_equal(again.predict(X_NEW), model.predict(X_NEW))
        np.testing.assert_array_equal(
            clone(model).fit(*pixels).predict(X_NEW), model.predict(X_NEW)
        )

    def test_float32_and_shapes_of_y_come_back(self, pixels):
        X, y = pixels[0].astype(np.float32), pixels[1].astype(np.float32)
        model = searched(SIGMAS, ALPHAS).fit(X, y)
        assert model.predict(X_NEW).dtype == np.float32
        assert model.fit(X, y[:, 0]).predict(X_NEW).shape == (50,)

    def test_in_a_pipeline_with_a_psnr(self, pixels):
        X, y = pixels
        y = (y - y.min()) / np.ptp(y)
        model = searched(SIGMAS, ALPHAS, cv=FOLDS, scoring=psnr_scorer)
        assert make_pipeline(StandardScaler(), model).fit(X, y).score(X, y) > 0.9

    def test_a_failed_fit_loses_nothing(self, pixels):
        X, y = pixels
        model = searched(SIGMAS, ALPHAS).fit(X, y)
        before = dict(vars(model))
        with pytest.raises(ValueError, match="NaN"):
            model.fit(X, np.where(y == y.max(), np.nan, y))
        with pytest.raises(ValueError, match="solver='fast' is unknown"):
            model.set_params(solver="fast").fit(X[:100], y[:100])
        assert vars(model.set_params(solver="auto")) == before


class TestBadInput:
    def test_values_whose_squares_overflow_are_refused(self):
        X, y = np.full((12, 1), 2.0), np.full(12, 2e300)
        with pytest.raises(ValueError, match="y or sample_weight is too large"):
            searched([1.0], [1e-2, 1e-1]).fit(X, y)

    @pytest.mark.parametrize(
        ("params", "message"),
        [
            ({"sigmas": []}, "sigmas must hold at least one candidate"),
            ({"sigmas": [1, -1]}, "sigmas must be positive and finite"),
            ({"sigmas": [[1, 2, 3]]}, "each of the 2 columns"),
            ({"sigmas": [[1], [2], [3]], "per_axis": True}, "each of the 2 columns. Got 3 lists"),
            ({"alphas": []}, "alphas must hold at least one candidate"),
            ({"alphas": [0, 1]}, "alphas must be positive and finite"),
            ({"alphas": 0}, "alphas"),
            ({"alphas": ["a"]}, "alphas must be positive numbers"),
            ({"criterion": "gvc"}, "Did you mean 'gcv'"),
            ({"cv": "gcv"}, "cv"),
            ({"cv": 1}, "cv"),
            ({"cv": []}, "has no splits"),
            ({"cv": [([0, 1], [])]}, "Split 0 of cv leaves no row of positive weight to test"),
            ({"cv": [([0], [1]), ([], [1])]}, "Split 1 of cv leaves no row .* to train"),
            ({"cv": 500}, "n_splits=500"),
            ({"scoring": "r2"}, r"scoring='r2' .* needs cv \(cv=5, say\)"),
            ({"scoring": psnr_scorer}, "needs cv"),
            ({"cv": 3, "criterion": "gcv"}, "criterion='gcv' is of all rows, without splits"),
            (
                {"cv": 3, "scoring": "neg_mean_square_error"},
                "mean 'neg_mean_squared_error'",
            ),
            ({"cv": 3, "scoring": lambda *_: np.nan}, "None of the 9 candidates could be"),
            ({"solver": "kroneker"}, "Did you mean 'kronecker'"),
            ({"solver": "primal"}, "solver='primal' does not apply"),
            ({"kernel": "gauss"}, "Did you mean 'gaussian'"),
            ({"kernel": NeuralTangentKernel(0, base=Gaussian())}, "n_hidden_layers"),
            ({"tol": 0}, "tol"),
        ],
    )
    def test_parameters(self, pixels, params, message):
        model = searched(**{"sigmas": SIGMAS, "alphas": ALPHAS} | params)
        with pytest.raises(ValueError, match=message):
            model.fit(*pixels)

    def test_what_does_not_go_together(self, pixels):
        ones = np.ones(len(pixels[0]))
        model = searched(SIGMAS, ALPHAS)
        with pytest.raises(ValueError, match="groups are for a splitter"):
            model.fit(*pixels, groups=ones)
        with pytest.raises(ValueError, match="price"):
            model.fit(*pixels, price=ones)

    def test_weights_that_leave_a_fold_nothing(self, scattered):
        X, y = scattered
        model = searched(SIGMAS, ALPHAS, cv=3)
        with pytest.raises(ValueError, match=r"Split 0 .* to test on"):
            model.fit(X, y, sample_weight=np.arange(120) >= 40)
        with pytest.raises(ValueError, match="n_samples=1"):
            model.fit(X, y, sample_weight=np.arange(120) == 3)

    @pytest.mark.parametrize("kernel", [Matern(), "gaussian"], ids=repr)
    def test_one_row_is_too_few(self, kernel):
        with pytest.raises(ValueError, match="n_samples=1"):
            searched(kernel=kernel).fit([[1.0]], [2.0])
