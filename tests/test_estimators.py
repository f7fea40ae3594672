"""scikit-learn's own checks, without an expected failure."""

import re
import warnings

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks

from skfourier import (
    CoordinateMLPEnsemble,
    CoordinateMLPRegressor,
    FourierFeatures,
    FourierKernelRegressor,
    FourierKernelRegressorCV,
    MotionCompensatedRegressor,
)
from skfourier.kernels import NeuralTangentKernel
from skfourier.spectra import Gaussian

# The default network and search pass as well; smaller ones take a small part of the time.
SMALL = {"hidden_layer_sizes": (32, 32), "max_iter": 20, "random_state": 0}


# The targets of the checks are noise, of which no scale is the best.
@pytest.mark.filterwarnings("ignore:The best candidate is at the edge")
# Rows that are no frames are fitted by the closed form, with this warning.
@pytest.mark.filterwarnings("ignore:X of shape .* holds no frames")
@parametrize_with_checks(
    [
        FourierFeatures(),
        FourierFeatures(distribution="uniform", sampling="sobol"),
        FourierFeatures(distribution="basic"),
        FourierKernelRegressor(),
        FourierKernelRegressor(0.1, kernel=NeuralTangentKernel(2, base=Gaussian())),
        FourierKernelRegressor(kernel=FourierFeatures(0.1, n_frequencies=32, random_state=0)),
        FourierKernelRegressor(
            kernel=FourierFeatures(0.1, n_frequencies=32, random_state=0), solver="primal"
        ),
        FourierKernelRegressorCV(kernel="gaussian"),
        FourierKernelRegressorCV([0.1], [1e-3, 1e-1], kernel="gaussian", cv=3),
        MotionCompensatedRegressor(),
        CoordinateMLPRegressor(**SMALL),
        CoordinateMLPRegressor(**SMALL, embedding=FourierFeatures(sigma="auto", n_frequencies=32)),
        CoordinateMLPEnsemble(CoordinateMLPRegressor(**SMALL), n_estimators=2, random_state=0),
    ]
)
def test_scikit_learn_compatible(estimator, check):
    check(estimator)


def failed_checks(pipeline):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = check_estimator(pipeline, on_fail=None)
    return {result["check_name"] for result in results if result["status"] == "failed"}


def test_a_pipeline_fails_only_what_scikit_learns_own_fails():
    # A Pipeline fits its steps in place, which two of the checks forbid, whatever the steps are.
    features = FourierFeatures(sigma=0.1, n_frequencies=32, random_state=0)
    ours = make_pipeline(features, CoordinateMLPRegressor(**SMALL))
    assert failed_checks(ours) <= failed_checks(make_pipeline(StandardScaler(), Ridge()))


@pytest.mark.parametrize(
    ("estimator", "chosen"),
    [
        (FourierFeatures(), {"sigma_"}),
        (FourierKernelRegressor(), {"kernel_", "solver_"}),
        (FourierKernelRegressorCV(), {"kernel_", "sigma_", "alpha_", "solver_"}),
        (CoordinateMLPRegressor((8,), max_iter=1), {"device_", "precision_", "alpha_"}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_notebooks_show_what_was_chosen_and_link_to_the_site(estimator, chosen):
    X = np.random.default_rng(0).uniform(size=(50, 1))
    shown = estimator.fit(X, np.sin(9 * X[:, 0]))._repr_html_()
    assert chosen <= set(re.findall(r">\s*(\w+_)\s*<", shown))
    assert estimator._get_doc_link() in shown
