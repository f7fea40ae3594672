"""scikit-learn's own checks, without an expected failure."""

from sklearn.utils.estimator_checks import parametrize_with_checks

from skfourier import CoordinateMLPRegressor, FourierFeatures

# The default network passes as well; a smaller one takes a tenth of the time.
SMALL = {"hidden_layer_sizes": (32, 32), "max_iter": 100}


@parametrize_with_checks(
    [
        FourierFeatures(),
        FourierFeatures(distribution="uniform", sampling="sobol"),
        FourierFeatures(distribution="basic"),
        CoordinateMLPRegressor(**SMALL),
        CoordinateMLPRegressor(**SMALL, embedding=FourierFeatures(sigma=0.1, n_frequencies=32)),
    ]
)
def test_scikit_learn_compatible(estimator, check):
    check(estimator)
