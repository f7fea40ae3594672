"""What is saved and loaded is the model: its answers to the last bit, its parameters, its fits."""

import copy
import functools
import pickle
import re
import sys
import warnings

import joblib
import numpy as np
import pandas as pd
import pytest
import torch
from saved_models import (
    KERNEL_REGRESSORS,
    MAKERS,
    SMALL,
    answers,
    made,
    on_grid,
    scattered,
)
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Product
from sklearn.gaussian_process.kernels import Matern as TheirMatern
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold, ShuffleSplit, TimeSeriesSplit
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, SplineTransformer, StandardScaler
from torch._subclasses.fake_tensor import FakeTensorMode

import skfourier
from skfourier import (
    CoordinateMLPRegressor,
    FourierFeatures,
    FourierKernelRegressor,
    FourierKernelRegressorCV,
    MotionCompensatedRegressor,
    activations,
    kernels,
    model_selection,
    spectra,
)
from skfourier._saving import _known
from skfourier._solvers import _nufft
from skfourier._training._precision import state_on_cpu

DTYPES = ("float32", "float64")


def named(value):
    """Name a case without the address of an object, which differs from process to process."""
    return re.sub(r" at 0x\w+", "", str(value))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.safetensors"


def reloaded(model, path):
    skfourier.save(model, path)
    return skfourier.load(path)


def elsewhere(X, n=40):
    """Return coordinates between those of X and a little outside, in its dtype."""
    low, high = X.min(axis=0), X.max(axis=0)
    U = np.random.default_rng(7).uniform(-0.1, 1.1, size=(n, X.shape[1]))
    return (low + U * (high - low)).astype(X.dtype)


def equal(one, other):
    """Return whether two results are the same, dtypes and last bits included."""
    if isinstance(one, tuple):
        return all(equal(*pair) for pair in zip(one, other, strict=True))
    if one is None or other is None:
        return one is other
    one, other = np.asarray(one), np.asarray(other)
    return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=True)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", MAKERS)
class TestEveryModel:
    def test_answers_the_same_to_the_last_bit(self, name, dtype, path):
        model, X, _ = made(name, dtype)
        places = np.concatenate([X, elsewhere(X)])
        again = reloaded(model, path)
        assert type(again) is type(model)
        assert equal(answers(again, places), answers(model, places))

    def test_is_saved_as_the_same_file(self, name, dtype, path):
        # Whatever a file holds is there again: parameters, attributes, dtypes, order in memory.
        again = reloaded(made(name, dtype)[0], path)
        before = path.read_bytes()
        skfourier.save(again, path)
        assert path.read_bytes() == before

    def test_has_its_parameters(self, name, dtype, path):
        model = made(name, dtype)[0]
        again = reloaded(model, path)
        assert repr(again) == repr(model) == repr(clone(again))
        mine, others = again.get_params(), model.get_params()
        assert mine.keys() == others.keys()
        assert {name: type(mine[name]) for name in mine} == {
            name: type(others[name]) for name in others
        }

    def test_has_its_attributes(self, name, dtype, path):
        model = made(name, dtype)[0]
        again = reloaded(model, path)
        names = {*dir(type(model)), *vars(model)}
        learned = {n for n in names if n.endswith("_") and not n.startswith("_")}
        if getattr(model, "solver_", None) in ("nufft", "primal"):
            learned -= {"leave_one_out_residuals_"}  # which takes the rows
        for attribute in filter(functools.partial(hasattr, model), learned):
            mine, its = getattr(again, attribute), getattr(model, attribute)
            assert type(mine) is type(its), attribute
            assert joblib.hash(plain(mine)) == joblib.hash(plain(its)), attribute

    def test_fits_in_a_small_file(self, name, dtype, path):
        model, X, y = made(name, dtype)
        skfourier.save(model, path)
        if hasattr(model, "solver_") and model.solver_ not in ("nufft", "primal"):
            # Rows, their targets, coefficients; 3 KB of names and numbers, twice that in a search.
            rows = 8 * (X.size + 2 * y.size)
            assert path.stat().st_size < 2 * rows + 7000


@pytest.mark.parametrize("name", MAKERS)
def test_fits_as_before(name, path):
    # By its parameters, which are of no dtype; that a clone has them, its repr says above.
    model, X, y = made(name)
    again = reloaded(model, path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected, fitted = (answers(one.fit(X, y), X) for one in (clone(model), again))
    assert fitted.shape == expected.shape
    if "random_state" not in model.get_params() or name == "features":
        assert equal(fitted, expected)


def plain(value):  # noqa: PLR0911 (one for each kind)
    """Turn what hashes by identity into what it says."""
    if isinstance(value, torch.nn.Module):
        return {name: plain(tensor.numpy()) for name, tensor in value.state_dict().items()}
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, np.ndarray) and value.dtype == object:
        return [plain(part) for part in value]
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, BaseEstimator):
        return repr(value)
    return value


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", KERNEL_REGRESSORS)
class TestKernelRegressors:
    def test_say_all_else_the_same(self, name, dtype, path):
        model, X, _ = made(name, dtype)
        again, places = reloaded(model, path), elsewhere(X, 9)
        assert equal(again.predict(places, return_std=True), model.predict(places, return_std=True))
        assert equal(again.predict(places, return_cov=True), model.predict(places, return_cov=True))
        assert equal(again.predict_gradient(places), model.predict_gradient(places))
        assert again.accuracy_ == model.accuracy_
        assert again.n_iter_ == model.n_iter_
        assert equal(again.signal_scale_, model.signal_scale_)

    def test_go_on(self, name, dtype, path):
        model, X, _ = made(name, dtype)
        model = getattr(model, "regressor_", model)
        again, places = reloaded(model, path), elsewhere(X, 9)
        assert equal(again.calibrated().signal_scale_, model.calibrated().signal_scale_)
        if hasattr(model, "log_marginal_likelihood_value_"):
            likelihood = model.log_marginal_likelihood_value_
            assert again.log_marginal_likelihood_value_ == likelihood
        if model.solver_ in ("nufft", "primal"):
            with pytest.raises(AttributeError, match="takes the rows"):
                _ = again.leave_one_out_residuals_
        else:
            assert equal(again.leave_one_out_residuals_, model.leave_one_out_residuals_)
        if hasattr(model.kernel_, "sample"):
            assert equal(again.sample_y(places), model.sample_y(places))
        other, reference = again.with_alpha(0.1), model.with_alpha(0.1)
        assert equal(other.predict(places), reference.predict(places))


class TestSums:
    def test_of_many_modes_are_iterated_once(self, path, monkeypatch):
        # As if memory did not suffice to factorize them.
        monkeypatch.setattr(_nufft, "_MAX_DENSE_FEATURES", 31)
        X, y = scattered("float64")
        model = FourierKernelRegressor(1, solver="nufft").fit(X, y)
        assert not model._solver.factorizes
        assert model.n_iter_ > 1
        again = reloaded(model, path)
        monkeypatch.setattr(_nufft.NUFFT, "_iterated", None)
        assert equal(again.predict(elsewhere(X)), model.predict(elsewhere(X)))
        assert again.accuracy_ == model.accuracy_
        assert again.n_iter_ == model.n_iter_

    def test_of_many_modes_tell_no_deviations(self, path, monkeypatch):
        # These take the rows, as so many modes are not factorized even for them.
        monkeypatch.setattr(_nufft, "_MAX_DENSE_FEATURES", 3)
        X, y = scattered("float64")
        model = FourierKernelRegressor(1, solver="nufft").fit(X, y)
        assert model._solver.dense_for_deviations is None
        for again in (reloaded(model, path), reloaded(skfourier.load(path), path)):
            with pytest.raises(ValueError, match=r"computed from its rows.*return_cov=True"):
                again.predict(X[:3], return_std=True)
            # Neither has another alpha the rows.
            with pytest.raises(ValueError, match="computed from its rows"):
                again.with_alpha(0.1).predict(X[:3], return_std=True)
            both = (one.predict(X[:3], return_cov=True) for one in (again, model))
            assert equal(*both)
        # A fit that never kept them solves for each row, before and after.
        model = FourierKernelRegressor(1, solver="nufft", domain=[[0, 1], [0, 1]], tol=1e-3)
        model.partial_fit(X, y)
        again = reloaded(model, path)
        assert equal(again.predict(X[:3], return_std=True), model.predict(X[:3], return_std=True))

    @pytest.mark.parametrize(
        "parameters",
        [
            {"solver": "nufft", "domain": [[0, 1], [0, 1]]},
            {"solver": "nufft", "domain": np.array([[0, 1.5], [0, 1]]), "tol": 1e-3},
            {"solver": "primal", "kernel": FourierFeatures(2, n_frequencies=9, random_state=0)},
        ],
    )
    def test_take_more_rows(self, parameters, path):
        X, y = scattered("float64")
        model = FourierKernelRegressor(1, **parameters).partial_fit(X[:30], y[:30])
        again = reloaded(model, path)
        for one in (model, again):
            one.partial_fit(X[30:], y[30:])
        assert equal(again.predict(X), model.predict(X))
        with pytest.raises(ValueError, match="the form of earlier rows"):
            again.partial_fit(X, y[:, 0])

    def test_whose_parameters_have_changed_take_none(self, path):
        X, y = scattered("float64")
        model = FourierKernelRegressor(1, solver="nufft", domain=[[0, 1], [0, 1]])
        model.partial_fit(X, y).set_params(sigma=3, kernel=spectra.Matern())
        for one in (model, reloaded(model, path)):
            with pytest.raises(ValueError, match="kernel, sigma: these cannot change"):
                one.partial_fit(X, y)

    def test_of_a_final_model_take_none(self, path):
        rng = np.random.default_rng(0)
        X = rng.uniform(size=(300, 1))
        y = np.sin(20 * X[:, 0]) + 0.1 * rng.normal(size=300)
        model = FourierKernelRegressorCV(domain=[[0, 1]], kernel="gaussian").partial_fit(X, y)
        model.save(path, final=True)
        again = skfourier.load(path)
        assert equal(again.predict(X, return_std=True), model.predict(X, return_std=True))
        for one in (again, reloaded(again, path)):
            with pytest.raises(ValueError, match=r"saved with final=True.*sample"):
                one.partial_fit(X, y)
            assert one.n_samples_seen_ == 300
        fitted = again.fit(X, y)
        assert equal(fitted.partial_fit(X, y).predict(X), model.predict(X))

    def test_from_dask(self, path):
        import dask.array as da  # noqa: PLC0415 (heavy)

        X, y = scattered("float64")
        model = FourierKernelRegressor(1, solver="nufft")
        model.fit(da.from_array(X, chunks=(25, 2)), da.from_array(y, chunks=(25, 2)))
        again = reloaded(model, path)
        assert equal(again.predict(X, return_std=True), model.predict(X, return_std=True))


class TestRows:
    def test_with_weights(self, path):
        X, y = scattered("float64")
        weight = np.random.default_rng(0).uniform(0, 2, size=len(X))
        weight[::7] = 0
        for solver in ("cholesky", "cg", "nufft"):
            model = FourierKernelRegressor(1, solver=solver).fit(X, y, sample_weight=weight)
            again = reloaded(model, path)
            assert equal(again.predict(X, return_std=True), model.predict(X, return_std=True))
        X, y = on_grid("float64", share=0.9)
        model = FourierKernelRegressor(2, solver="masked_kronecker")
        model.fit(X, y, sample_weight=1 + X[:, 0])
        again = reloaded(model, path)
        assert equal(again.predict(X, return_std=True), model.predict(X, return_std=True))

    def test_by_an_eigendecomposition_for_several_alphas(self, path):
        X, y = scattered("float64")
        model = FourierKernelRegressor(2, solver="cholesky").fit(X, y).with_alpha(1e-2)
        again = reloaded(model, path)
        assert equal(again.predict(X), model.predict(X))
        # Deviations are factorized anew, by Cholesky: rounding, amplified by 1 / alpha.
        deviations = (one.predict(X, return_std=True)[1] for one in (again, model))
        np.testing.assert_allclose(*deviations, rtol=1e-9)

    def test_far_from_the_origin(self, path):
        X, y = on_grid("float32")
        X = X + np.float32(1e4)
        model = FourierKernelRegressor(2).fit(X, y)
        assert equal(reloaded(model, path).predict(X), model.predict(X))

    def test_in_the_order_of_fortran(self, path):
        X, y = scattered("float64")
        model = FourierKernelRegressor(2, solver="cholesky")
        model.fit(np.asfortranarray(X), np.asfortranarray(y))
        assert equal(reloaded(model, path).predict(X), model.predict(X))


class Powers(BaseEstimator):
    """An embedding of a user's own."""

    def fit(self, X, y=None):  # noqa: ARG002
        self.n_columns_ = X.shape[1]
        return self

    def transform(self, X):
        return X**2

    def to_module(self, dtype):
        return torch.nn.Flatten().to(dtype)


class Swish(activations.Activation):
    """An activation of a user's own."""

    def forward(self, z):
        return z * torch.sigmoid(z)


class OwnSpectrum(spectra.Gaussian):
    """A spectrum of a user's own, by inheritance."""


class OwnRegressor(FourierKernelRegressor):
    """An estimator of a user's own, by inheritance."""


class TestNetworks:
    @pytest.mark.parametrize("precision", ["float32", "float64", "bfloat16"])
    @pytest.mark.parametrize("dtype", DTYPES)
    def test_in_every_precision(self, precision, dtype, path):
        X, y = scattered(dtype)
        network = CoordinateMLPRegressor(
            **SMALL, precision=precision, embedding=FourierFeatures(2, n_frequencies=5)
        ).fit(X, y)
        again = reloaded(network, path)
        assert equal(again.predict(X), network.predict(X))
        assert equal(again.predict_gradient(X), network.predict_gradient(X))
        assert again.precision_ == precision
        for name, tensor in network.module_.state_dict().items():
            assert again.module_.state_dict()[name].dtype == tensor.dtype
        assert not again.module_.training

    @pytest.mark.parametrize(
        "parameters",
        [
            {"activation": activations.SIREN(omega_0=60.0), "learning_rate_init": 1e-4},
            {"activation": activations.Gaussian(0.3)},
            {"activation": "relu", "hidden_layer_sizes": 7},
            {"hidden_layer_sizes": []},
            {"hidden_layer_sizes": np.array([5, 4])},
            {"output_activation": "sigmoid", "batch_norm": True},
            {"solver": functools.partial(torch.optim.SGD, momentum=0.9, nesterov=True)},
            {"solver": torch.optim.AdamW},
            {"solver": "lbfgs", "batch_size": "full"},
            {"random_state": np.random.RandomState(3)},
            {"device": torch.device("cpu")},
            {"tol": np.float32(1e-3), "n_iter_no_change": np.int64(2)},
            {"initialization": "he", "max_iter": 0},
        ],
        ids=named,
    )
    def test_with_parameters_of_every_kind(self, parameters, path):
        X, y = scattered("float64")
        y = (y - y.min()) / np.ptp(y)
        network = CoordinateMLPRegressor(**{**SMALL, **parameters}).fit(X, y)
        again = reloaded(network, path)
        assert equal(again.predict(X), network.predict(X))
        for name in parameters:
            mine, its = getattr(again, name), getattr(network, name)
            assert type(mine) is type(its)
            if name != "random_state":  # whose place in its sequence is asked for below
                assert joblib.hash(mine) == joblib.hash(its)
        if network.best_loss_ != network.best_loss_:  # there was no epoch
            assert np.isnan(again.best_loss_)

    def test_a_random_state_goes_on_in_mid_sequence(self, path):
        state = np.random.RandomState(3)
        state.normal()  # which leaves a second number behind
        X, y = scattered("float64")
        network = CoordinateMLPRegressor(**{**SMALL, "random_state": state}).fit(X, y)
        again = reloaded(network, path)
        assert equal(again.random_state.normal(size=5), state.normal(size=5))

    @pytest.mark.parametrize("how", ["warm_start", "partial_fit"])
    @pytest.mark.parametrize("kept", [False, True])  # whether the fit has kept its optimizer
    def test_training_goes_on(self, how, kept, path):
        X, y = scattered("float64")
        network = CoordinateMLPRegressor(
            **SMALL, embedding=FourierFeatures(2), batch_size=20, warm_start=kept
        )
        network.fit(X, y).set_params(warm_start=True)
        again = reloaded(network, path)
        for one in (network, again):
            _ = one.fit(X, y) if how == "warm_start" else one.partial_fit(X, y)
        assert equal(again.predict(X), network.predict(X))
        with pytest.raises(ValueError, match="batch_norm was False"):
            again.set_params(batch_norm=True).partial_fit(X, y)

    def test_variances_of_the_weights_as_drawn(self, path):
        network = made("network")[0]
        layers = reloaded(network, path).module_.linear_layers
        for mine, its in zip(layers, network.module_.linear_layers, strict=True):
            assert mine.initial_variances == its.initial_variances

    def test_a_parameter_set_after_the_fit_is_not_what_was_fitted(self, path):
        X, y = scattered("float64")
        network = CoordinateMLPRegressor(**SMALL).fit(X, y)
        before = network.predict(X)
        network.set_params(activation=Swish(), hidden_layer_sizes=(3,), solver="adam")
        with pytest.raises(ValueError, match=r"activation=Swish\(\)"):
            network.save(path)
        again = reloaded(network.set_params(activation="erf"), path)
        assert equal(again.predict(X), before)
        assert (again.activation, again.hidden_layer_sizes) == ("erf", (3,))


class TestKernelsAndSplitters:
    @pytest.mark.parametrize(
        "kernel",
        [
            "matern",
            *[
                getattr(spectra, name)()
                for name in spectra.__all__
                if name not in ("Frequencies", "Periodic", "Positional")
            ],
            spectra.Matern(3, nu=1.5, sigma_bounds="fixed"),
            spectra.Gaussian((1.0, 2.0), sigma_bounds=[(0.1, 9), (0.2, 8)]),
            spectra.Periodic(2.0, length_scale=0.5, axis=1),
            spectra.Frequencies([[1.0, 2.0], [0.0, 3.0]], amplitudes=[1, 0.5]),
            spectra.Frequencies(np.asfortranarray([[1.0, 2.0], [0.0, 3.0]])),
            spectra.Gaussian(3) + 0.1 * spectra.Matern(30, nu=0.5),
            spectra.Basic() + 2 * spectra.Frequencies([[1.0, 2.0]]),
            spectra.Gaussian(3) + spectra.Basic(),
            functools.reduce(lambda a, b: a + b, [spectra.Cauchy(s + 1) for s in range(20)]),
            Product(ConstantKernel(2.0), spectra.Matern(4)),
            RBF(0.3) + ConstantKernel(0.1, "fixed") * TheirMatern([0.2, 0.3], nu=2.5),
            kernels.NeuralTangentKernel(2, activations.Erf(), base=spectra.Gaussian(2)),
            kernels.NNGPKernel(2, "sine", bias=0.5, base=spectra.Cauchy(2) + spectra.Basic()),
            FourierFeatures(2, n_frequencies=9, random_state=0),
            FrozenEstimator(FourierFeatures(2, n_frequencies=9).fit([[0.0, 0.0]])),
        ],
        ids=lambda kernel: repr(kernel)[:50],
    )
    def test_of_every_kind(self, kernel, path):
        X, y = scattered("float64")
        model = FourierKernelRegressor((1, 2.0), kernel=kernel, alpha=0.1).fit(X, y)
        again = reloaded(model, path)
        assert equal(again.predict(X, return_std=True), model.predict(X, return_std=True))
        assert repr(again.kernel) == repr(kernel)
        assert again.kernel == kernel or isinstance(kernel, BaseEstimator)
        assert equal(clone(again).fit(X, y).predict(X), model.predict(X))

    @pytest.mark.parametrize(
        "splitter",
        [
            3,
            KFold(3, shuffle=True, random_state=0),
            ShuffleSplit(2, test_size=0.3, random_state=0),
            GroupKFold(2),
            model_selection.GridHoldoutSplit(2, shape=(8, 9)),
            model_selection.BlockKFold(2, 3, shuffle=True, random_state=np.random.RandomState(0)),
            model_selection.FrameSplit(2),
            model_selection.FrameKFold(3),
        ],
        ids=named,
    )
    def test_splitters(self, splitter, path):
        model = made("chosen_of_candidates")[0]
        model = copy.copy(model).set_params(cv=splitter)
        again = reloaded(model, path)
        assert type(again.cv) is type(splitter)
        assert repr(again.cv) == repr(splitter) or "RandomState" in repr(splitter)


class TestFeaturesAndPipelines:
    @pytest.mark.parametrize(
        "parameters",
        [
            {"sigma": [1.0, 3.0], "amplitude": np.linspace(1, 2, 9)},
            {"sigma": "auto", "sampling": "sobol", "distribution": "uniform"},
            {"distribution": "positional", "n_frequencies": 8},
            {"distribution": spectra.Gaussian(2) + spectra.Matern(3)},
            {"distribution": spectra.Basic()},
            {"random_state": np.random.RandomState(1)},
        ],
        ids=named,
    )
    def test_features(self, parameters, path):
        X, _ = scattered("float32")
        features = FourierFeatures(**{"n_frequencies": 9, **parameters}).fit(X)
        again = reloaded(features, path)
        assert equal(again.transform(X), features.transform(X))
        assert equal(again.induced_kernel()(X), features.induced_kernel()(X))
        assert again.spectrum_ == features.spectrum_

    def test_names_of_columns(self, path):
        X, y = scattered("float64")
        frame = pd.DataFrame(X, columns=["Länge (°)", 'the "y" axis [m]'])
        model = FourierKernelRegressor(2).fit(frame, y)
        again = reloaded(model, path)
        assert equal(again.predict(frame), model.predict(frame))
        assert list(again.feature_names_in_) == list(frame.columns)
        with pytest.raises(ValueError, match="feature names"):
            again.predict(frame[frame.columns[::-1]])

    def test_frames_that_were_asked_for(self, path):
        X, y = scattered("float64")
        frame = pd.DataFrame(X, columns=["x", "y"])
        model = make_pipeline(StandardScaler(), FourierFeatures(2, random_state=0))
        model.set_output(transform="pandas").fit(frame, y)
        again = reloaded(model, path)
        assert isinstance(again.transform(frame), pd.DataFrame)
        pd.testing.assert_frame_equal(again.transform(frame), model.transform(frame))

    @pytest.mark.parametrize("dtype", DTYPES)
    @pytest.mark.parametrize(
        "scaler",
        [
            *(StandardScaler(), StandardScaler(with_mean=False), StandardScaler(with_std=False)),
            *(StandardScaler(with_mean=False, with_std=False), MinMaxScaler((0.5, 2), clip=True)),
        ],
        ids=named,
    )
    def test_scalers(self, scaler, dtype, path):
        X, y = scattered(dtype)
        model = make_pipeline(clone(scaler), FourierKernelRegressor(0.2)).fit(X, y)
        again = reloaded(model, path)
        assert equal(again.predict(elsewhere(X)), model.predict(elsewhere(X)))
        for name, value in vars(model[0]).items():
            assert equal(getattr(again[0], name), value), name
        missing = X.copy()
        missing[::9, 0] = np.nan  # there are two numbers of samples then
        model = clone(scaler).fit(missing)
        assert equal(reloaded(model, path).transform(X), model.transform(X))

    def test_places_on_this_machine_are_left_out(self, path, tmp_path):
        X, y = scattered("float64")
        network = CoordinateMLPRegressor(**SMALL, checkpoint=tmp_path / "training.pt")
        model = Pipeline([("scale", StandardScaler()), ("network", network)], memory=str(tmp_path))
        again = reloaded(model.fit(X, y), path)
        assert again.memory is None
        assert again["network"].checkpoint is None
        assert equal(again.predict(X), model.predict(X))
        assert equal(again.fit(X, y).predict(X), model.predict(X))

    def test_pipelines_within_pipelines_and_steps_that_do_nothing(self, path):
        X, y = scattered("float64")
        inner = Pipeline([("nothing", "passthrough"), ("scale", StandardScaler()), ("none", None)])
        model = Pipeline([("inner", inner), ("model", FourierKernelRegressor(0.5))]).fit(X, y)
        again = reloaded(model, path)
        assert equal(again.predict(X), model.predict(X))
        assert [name for name, _ in again.steps] == ["inner", "model"]
        assert again["inner"]["nothing"] == "passthrough"


class TestRefusals:
    @pytest.mark.parametrize(
        ("estimator", "message"),
        [
            (
                CoordinateMLPRegressor(**SMALL, activation=Swish()),
                r"activation=Swish\(\), a test_saving.Swish, cannot be saved",
            ),
            (
                CoordinateMLPRegressor(**SMALL, activation=torch.nn.Softplus()),
                r"activation=Softplus\(.*cannot be saved",
            ),
            (CoordinateMLPRegressor(**SMALL, embedding=Powers()), r"embedding=Powers\(\)"),
            (
                CoordinateMLPRegressor(**SMALL, solver=lambda p, lr: torch.optim.SGD(p, lr=lr)),
                r"solver=<function .* set_params, which keeps what was fitted",
            ),
            (
                CoordinateMLPRegressor(**SMALL, solver=functools.partial(len)),
                None,
            ),
            (
                CoordinateMLPRegressor(**SMALL, initialization=torch.nn.init.xavier_uniform_),
                None,
            ),
            (
                CoordinateMLPRegressor(
                    **SMALL, embedding=FourierFeatures(distribution=OwnSpectrum(2))
                ),
                r"embedding.distribution=OwnSpectrum\(sigma=2\), a test_saving.OwnSpectrum,",
            ),
            (FourierKernelRegressor(kernel=OwnSpectrum(2)), r"kernel=OwnSpectrum\(sigma=2\)"),
            (FourierKernelRegressor(np.ma.array([1, 2], mask=[0, 0])), "sigma=masked_array"),
            (OwnRegressor(2), "fitted estimators of skfourier and Pipelines .* Got OwnRegressor"),
            (Ridge(), "Got Ridge"),
            (
                GridSearchCV(FourierKernelRegressor(), {"sigma": [1, 2]}, cv=2),
                "Got GridSearchCV: save its best_estimator_",
            ),
            (
                make_pipeline(StandardScaler(), FourierFeatures(), Ridge()),
                r"steps.ridge=Ridge\(\), a sklearn.linear_model._ridge.Ridge, cannot be saved",
            ),
            (
                Pipeline([("curves", SplineTransformer()), ("model", FourierKernelRegressor())]),
                r"steps.curves=SplineTransformer\(\)",
            ),
            (
                Pipeline(
                    [
                        (
                            "model",
                            FourierKernelRegressorCV(
                                [1], [0.1], kernel="gaussian", cv=TimeSeriesSplit(2)
                            ),
                        )
                    ]
                ),
                r"steps.model.cv=TimeSeriesSplit\(",
            ),
        ],
        ids=lambda part: str(part)[:40],
    )
    def test_name_what_cannot_be_saved(self, estimator, message, path):
        X, y = scattered("float64")
        if message is None:  # it cannot be fitted either, or need not be
            estimator = clone(estimator).set_params(max_iter=0)
            other = {"solver": "adam"} if estimator.solver != "schedulefree" else {}
            given = estimator.get_params()
            estimator.set_params(**other, initialization="auto").fit(X, y).set_params(**given)
            message = "cannot be saved"
        else:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                estimator.fit(X, y[:, 0])
        path.write_text("an older file")
        with pytest.raises(ValueError, match=message):
            skfourier.save(estimator, path)
        assert path.read_text() == "an older file"
        assert [file.name for file in path.parent.iterdir()] == [path.name]

    def test_flows_of_ones_own(self, path):
        model = copy.copy(made("motion")[0]).set_params(flows=[np.subtract])
        with pytest.raises(ValueError, match=r"flows.0=<ufunc 'subtract'>.*set_params"):
            model.save(path)
        model.set_params(flows=None).save(path)

    @pytest.mark.parametrize("name", ["features", "network", "cholesky", "pipeline_of_a_kernel"])
    def test_what_is_not_fitted(self, name, path):
        with pytest.raises(NotFittedError):
            skfourier.save(clone(made(name)[0]), path)
        assert not path.exists()

    def test_sums_of_far_too_many_kernels(self, path):
        X, y = scattered("float64")
        kernel = functools.reduce(lambda a, b: a + b, [spectra.Gaussian(1 + s) for s in range(110)])
        model = FourierKernelRegressor(kernel=kernel).fit(X, y)
        with pytest.raises(ValueError, match="nested too deeply to be saved"):
            model.save(path)

    @pytest.mark.parametrize(
        ("place", "message"),
        [
            ("", "is a folder. Add the name of a file"),
            ("none/model", "none does not exist: create it first"),
            pytest.param(
                "/proc/model",
                "No file can be made in the folder /proc",
                marks=pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc"),
            ),
        ],
    )
    def test_into_bad_places(self, tmp_path, place, message):
        with pytest.raises(OSError, match=message):
            made("features")[0].save(tmp_path / place)
        assert not [*tmp_path.iterdir()]

    def test_a_failure_while_writing_leaves_the_older_file(self, path, monkeypatch):
        model = made("network")[0]
        model.save(path)
        before = path.read_bytes()

        def half(arrays, file, metadata):  # noqa: ARG001
            file.write_bytes(before[:100])
            raise OSError("No space left on device")

        monkeypatch.setattr("safetensors.numpy.save_file", half)
        with pytest.raises(OSError, match="No space"):
            made("features")[0].save(path)
        assert path.read_bytes() == before
        assert list(path.parent.iterdir()) == [path]


class TestTheListOfClasses:
    def test_holds_all_that_is_public(self):
        for module in (spectra, kernels, model_selection):
            for name in module.__all__:
                if isinstance(getattr(module, name), type):
                    assert _known.name_of(getattr(module, name)), name
        for cls in activations.ACTIVATIONS.values():
            assert _known.name_of(cls), cls
        for name in skfourier.__all__:
            if isinstance(getattr(skfourier, name), type):
                assert _known.name_of(getattr(skfourier, name)) == name
        for name, cls in vars(torch.optim).items():
            if name not in ("SparseAdam", "Muon", "Optimizer") and isinstance(cls, type):
                assert _known.name_of(cls) in _known.OPTIMIZERS, name

    def test_has_parameters_that_are_attributes(self):
        arguments = {
            "Frequencies": ([[1.0]],),
            "Periodic": (1.0,),
            "BlockKFold": (2,),
            "SpectrumSum": (spectra.Gaussian(), spectra.Cauchy()),
            "SpectrumMultiple": (ConstantKernel(), spectra.Gaussian()),
            "FiniteSum": (spectra.Basic(), spectra.Basic()),
            "FiniteMultiple": (ConstantKernel(), spectra.Basic()),
            "Sum": (RBF(), RBF()),
            "Product": (RBF(), RBF()),
            "FrozenEstimator": (StandardScaler(),),
            "Pipeline": ([("a", StandardScaler())],),
        }
        for name in _known._MODULES.keys() - _known.OPTIMIZERS.keys():
            cls = _known.class_of(name)
            made_one = cls(*arguments.get(cls.__name__, ()))
            for parameter in _known.parameters_of(cls):
                assert hasattr(made_one, parameter), (name, parameter)

    def test_is_closed(self):
        for name in ("os.system", "builtins.eval", "skfourier.save", "FourierFeatures.fit", ""):
            with pytest.raises(ValueError, match="does not know"):
                _known.class_of(name)


class TestCuda:
    """Networks that were trained where there is CUDA, as they look to a machine without."""

    @pytest.fixture
    def network(self):
        X, y = scattered("float32")
        parameters = {**SMALL, "embedding": FourierFeatures(2), "batch_norm": True}
        return CoordinateMLPRegressor(**parameters, precision="float32").partial_fit(X, y)

    @pytest.mark.parametrize("device", ["cuda:0", "cuda:7", "cuda"])
    def test_files_load_on_the_cpu(self, network, device, path, monkeypatch):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        before = network.predict(scattered("float32")[0])
        network.device_ = device
        again = reloaded(network.set_params(device=torch.device("cuda")), path)
        assert again.device_ == "cpu"
        assert again.device == torch.device("cuda")
        assert equal(again.predict(scattered("float32")[0]), before)

    @pytest.mark.parametrize("device", ["cuda:0", "cuda:7", "cuda"])
    def test_pickles_load_on_the_cpu(self, network, device):
        before = network.predict(scattered("float32")[0])
        network.device_ = device
        again = pickle.loads(pickle.dumps(network))
        assert again.device_ == "cpu"
        assert equal(again.predict(scattered("float32")[0]), before)

    def test_pickles_hold_the_network_on_the_cpu(self, network):
        # Tensors that say they lie on CUDA, and have no values.
        with FakeTensorMode():
            for module in network.module_.modules():
                for name, tensor in module._parameters.items():
                    if tensor is not None:
                        there = torch.empty(tensor.shape, dtype=tensor.dtype, device="cuda")
                        module._parameters[name] = torch.nn.Parameter(there)
                for name, tensor in module._buffers.items():
                    there = torch.empty(tensor.shape, dtype=tensor.dtype, device="cuda")
                    module._buffers[name] = there
            held = network.__getstate__()["module_"].state_dict()
            kept = network.module_.state_dict()
            momenta = state_on_cpu({"state": [(torch.empty(3, device="cuda"), 1.0)]})
        assert {tensor.device.type for tensor in held.values()} == {"cpu"}
        assert {tensor.device.type for tensor in kept.values()} == {"cuda"}
        assert {name: t.dtype for name, t in held.items()} == {n: t.dtype for n, t in kept.items()}
        assert momenta["state"][0][0].device.type == "cpu"

    def test_a_pickle_of_a_network_on_the_cpu_copies_nothing(self, network):
        assert network.__getstate__()["module_"] is network.module_


def test_a_motion_of_one_frame(path):
    X, y = made("motion")[1:]
    first = X[:, 2] == 0
    model = MotionCompensatedRegressor().fit(X[first], y[first])
    assert equal(reloaded(model, path).predict(X), model.predict(X))
