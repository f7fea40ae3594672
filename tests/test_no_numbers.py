"""What is no number is refused, wherever rows come in: masks, dates, strings."""

import datetime

import numpy as np
import pandas as pd
import pytest

from skfourier import (
    CoordinateMLPEnsemble,
    CoordinateMLPRegressor,
    FourierFeatures,
    FourierKernelRegressor,
    FourierKernelRegressorCV,
    MotionCompensatedRegressor,
)

X = np.arange(12.0)[:, None]
Y = np.sin(X[:, 0])
DAYS = np.datetime64("2024-01-01") + np.arange(12).astype("m8[D]")
ESTIMATORS = [
    FourierFeatures(),
    FourierKernelRegressor(),
    FourierKernelRegressorCV(),
    MotionCompensatedRegressor(),
    CoordinateMLPRegressor((8,), max_iter=1),
    CoordinateMLPEnsemble(CoordinateMLPRegressor((8,), max_iter=1), n_estimators=2),
]
WRONG = {
    "dates": (DAYS[:, None], "dates"),
    "durations": ((DAYS - DAYS[0])[:, None], "dates"),
    "strings": (X.astype(str), "strings"),
    "bytes": (X.astype("S"), "strings"),
    "strings among objects": (X.astype(str).astype(object), "strings"),
    "complex numbers among objects": ((X + 0j).astype(object), "complex"),
    "a list of strings": (X.astype(str).tolist(), "strings"),
    "a table of dates": (pd.DataFrame({"day": DAYS}), "dates"),
    "a table of strings": (pd.DataFrame({"x": X[:, 0].astype(str)}), "strings"),
    "a mask": (np.ma.masked_less(X, 3), "masked"),
}


@pytest.mark.filterwarnings("ignore:X of shape .* holds no frames")
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize(("wrong", "said"), WRONG.values(), ids=WRONG)
def test_rows(estimator, wrong, said):
    with pytest.raises(ValueError, match=rf"X .*{said}"):
        estimator.fit(wrong, Y)
    fitted = estimator.fit(X, Y)
    use = fitted.predict if hasattr(fitted, "predict") else fitted.transform
    with pytest.raises(ValueError, match=rf"X .*{said}"):
        use(wrong)


@pytest.mark.parametrize("estimator", ESTIMATORS[1:], ids=lambda e: type(e).__name__)
@pytest.mark.parametrize(
    "wrong",
    ["dates", "strings", "strings among objects", "complex numbers among objects", "a mask"],
)
def test_values_and_weights(estimator, wrong):
    column = WRONG[wrong][0].ravel()
    with pytest.raises(ValueError, match=rf"y .*{WRONG[wrong][1]}"):
        estimator.fit(X, column)
    if isinstance(estimator, MotionCompensatedRegressor):  # takes none
        return
    with pytest.raises(ValueError, match=rf"sample_weight .*{WRONG[wrong][1]}"):
        estimator.fit(X, Y, sample_weight=column)


def test_objects_that_are_numbers_are_numbers():
    assert FourierFeatures().fit(X.astype(object)).n_features_in_ == 1


def test_a_single_object_is_refused_with_a_sentence():
    with pytest.raises(TypeError, match="X holds objects that are no real numbers"):
        FourierFeatures().fit(datetime.date(2024, 1, 1))
