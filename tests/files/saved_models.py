"""One small fitted model of each kind, and coordinates to ask it at."""

import functools
import warnings

import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from skfourier import (
    CoordinateMLPEnsemble,
    CoordinateMLPRegressor,
    FourierFeatures,
    FourierKernelRegressor,
    FourierKernelRegressorCV,
    MotionCompensatedRegressor,
)
from skfourier.kernels import NeuralTangentKernel, NNGPKernel
from skfourier.spectra import Gaussian, Matern
from skfourier.videos import video_to_samples

SMALL = {"hidden_layer_sizes": (8, 6), "max_iter": 3, "random_state": 0}
FEATURES = FourierFeatures(2, n_frequencies=5, random_state=0)


def scattered(dtype):
    rng = np.random.default_rng(0)
    X = rng.uniform(size=(60, 2)).astype(dtype)
    return X, np.stack([np.sin(9 * X[:, 0]), X.sum(axis=1)], axis=1).astype(dtype)


def on_grid(dtype, share=1.0):
    axes = np.meshgrid(np.arange(8) / 8, np.arange(9) / 9, indexing="ij")
    X = np.stack(axes, axis=-1).reshape(-1, 2)
    kept = np.random.default_rng(1).uniform(size=len(X)) < share
    X = np.random.default_rng(2).permutation(X[kept]).astype(dtype)
    return X, np.sin(9 * X[:, 0]).astype(dtype)


def regressor(solver, samples, **parameters):
    def make(dtype):
        X, y = samples(dtype)
        model = FourierKernelRegressor(**{"sigma": 1.2, "solver": solver} | parameters)
        return model.fit(X, y), X, y

    return make


def fitted(estimator, columns=slice(None)):
    def make(dtype):
        X, y = scattered(dtype)
        return estimator().fit(X, y[:, columns]), X, y[:, columns]

    return make


def in_blocks(estimator):
    """Make models that have had two blocks of rows, and take more."""

    def make(dtype):
        X, y = scattered(dtype)
        model = estimator()
        for rows in (slice(30), slice(30, None)):
            model.partial_fit(X[rows], y[rows])
        return model, X, y

    return make


def motion(dtype):
    rng = np.random.default_rng(0)
    scene = np.kron(rng.uniform(size=(5, 6)), np.ones((4, 4))).astype(dtype)
    video = np.stack([scene[:16, k : k + 20] for k in range(3)])
    X, y = video_to_samples(video)
    X = X.astype(dtype)
    return MotionCompensatedRegressor().fit(X, y), X, y


def no_motion(dtype):
    X, y = scattered(dtype)
    X = np.c_[X, X[:, 0] ** 2]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that the rows are no frames
        return MotionCompensatedRegressor().fit(X, y), X, y


KERNEL_REGRESSORS = {
    "cholesky": regressor("cholesky", scattered),
    "trend": regressor("cholesky", scattered, trend="linear"),
    "trend_of_sums": regressor("nufft", scattered, trend="constant"),
    "cg": regressor("cg", scattered),
    "nufft": regressor("nufft", scattered),
    "primal": regressor("primal", scattered, kernel=FEATURES),
    "kronecker": regressor("kronecker", on_grid),
    "toeplitz": regressor("toeplitz", on_grid, kernel=Matern()),
    "masked_kronecker": regressor("masked_kronecker", functools.partial(on_grid, share=0.8)),
    "toeplitz_with_holes": regressor("toeplitz", functools.partial(on_grid, share=0.8)),
    "neural_tangent_kernel": regressor(
        "cholesky", scattered, kernel=NeuralTangentKernel(2, "erf", base=Gaussian())
    ),
    "nngp_kernel": regressor(
        "toeplitz", on_grid, kernel=NNGPKernel(2, bias=0.1, base=Gaussian(2) + 0.1 * Matern())
    ),
    "chosen": fitted(FourierKernelRegressorCV, columns=0),
    "chosen_of_candidates": fitted(
        lambda: FourierKernelRegressorCV([[1, 2], [2, 3]], [1e-3, 1e-2], kernel=["gaussian"], cv=3),
        columns=1,
    ),
    "chosen_in_blocks": in_blocks(
        lambda: FourierKernelRegressorCV(
            kernel=["gaussian", Matern(nu=2.5)], domain=[[0, 1], [0, 1]]
        )
    ),
}
MAKERS = KERNEL_REGRESSORS | {
    "features": fitted(lambda: FourierFeatures((1, 3), n_frequencies=5, random_state=0)),
    "network": fitted(lambda: CoordinateMLPRegressor(**SMALL)),
    "network_on_features": fitted(
        lambda: CoordinateMLPRegressor(
            **SMALL,
            embedding=FEATURES,
            batch_norm=True,
            activation="gelu",
            early_stopping=True,
            validation_fraction=0.2,
        ),
        columns=0,
    ),
    "network_that_chose_sigma": fitted(
        lambda: CoordinateMLPRegressor(
            **SMALL, embedding=FourierFeatures("auto_per_axis", n_frequencies=5)
        )
    ),
    "network_in_blocks": in_blocks(
        lambda: CoordinateMLPRegressor(**SMALL, embedding=FEATURES, batch_size=10)
    ),
    "ensemble": fitted(lambda: CoordinateMLPEnsemble(CoordinateMLPRegressor(**SMALL), 2)),
    "motion": motion,
    "no_motion": no_motion,
    "pipeline_of_a_network": fitted(
        lambda: make_pipeline(StandardScaler(), FEATURES, CoordinateMLPRegressor(**SMALL))
    ),
    "pipeline_of_a_kernel": fitted(
        lambda: make_pipeline(MinMaxScaler((0, 2)), FourierKernelRegressor(2))
    ),
}


@functools.cache
def made(name, dtype="float64"):
    """Return a fitted model and its X and y."""
    with warnings.catch_warnings():
        # Of few rows, what is best may lie at an edge, or training stop early.
        warnings.simplefilter("ignore")
        return MAKERS[name](np.dtype(dtype))


def answers(model, X):
    """Return what a model says: its predictions, or features."""
    return model.predict(X) if hasattr(model, "predict") else model.transform(X)
