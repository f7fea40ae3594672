"""Estimators with any rows: an answer or a sentence, and what the answer does not depend on."""

import numpy as np
import pytest
from any_arrays import call, rows, wild
from hypothesis import given, settings
from hypothesis import strategies as st

from skfourier import FourierKernelRegressor, FourierKernelRegressorCV

N_ROWS = 12
# A fit takes some milliseconds to a second: fewer examples than of functions. They are of ordinary
# sizes, as sigma is: what is off by orders of magnitude is refused or is constant.
few = settings(max_examples=max(8, settings().max_examples // 6))
SIZES = {"scales": [0.1, 10.0], "offsets": [0.0, 1.0]}
X_ROWS, Y_ROWS = rows(N_ROWS, **SIZES), st.one_of(rows(N_ROWS, ndim=1), rows(N_ROWS))


ESTIMATORS = {
    "nufft": FourierKernelRegressor(1, solver="nufft", alpha=1e-2),
    "cholesky": FourierKernelRegressor(1, solver="cholesky", alpha=1e-2),
    "cg": FourierKernelRegressor(1, solver="cg", alpha=1e-2),
    "search": FourierKernelRegressorCV([1.0], [1e-2, 1e-1], criterion="leave_one_out"),
}
KERNELS = ["nufft", "cholesky", "cg"]


@pytest.mark.parametrize("name", sorted(ESTIMATORS))
@given(X=X_ROWS, y=Y_ROWS, new=st.one_of(wild(n_rows=3), rows(3, **SIZES)))
@few
def test_fit_and_predict(name, X, y, new):
    model = call(ESTIMATORS[name].fit, X, y)
    if not isinstance(model, Exception):
        call(model.predict, new)


@given(X=X_ROWS, y=Y_ROWS)
@few
def test_draws(X, y):
    model = call(ESTIMATORS["cholesky"].fit, X, y)
    if not isinstance(model, Exception):
        call(lambda X: model.sample_y(X, 2, random_state=0), X)


@given(X=X_ROWS, y=Y_ROWS)
@few
def test_blocks(X, y):
    model = FourierKernelRegressor(1, solver="nufft", alpha=1e-2, domain=[[-9, 9]])
    for _ in range(2):
        if isinstance(call(model.partial_fit, X, y), Exception):
            return
    call(model.predict, X)


def problem(seed):
    rng = np.random.default_rng(seed)
    return rng.uniform(size=(N_ROWS, 2)), rng.normal(size=(N_ROWS, 2)), rng.uniform(size=(5, 2))


# What a fit does not depend on: for X, y and new rows others, and for predictions the same.
SAME = {
    "order of rows": lambda X, y, new: (X[::-1], y[::-1], new, lambda p: p),
    "order of outputs": lambda X, y, new: (X, y[:, ::-1], new, lambda p: p[:, ::-1]),
    "unit of y": lambda X, y, new: (X, 1e100 * y, new, lambda p: p / 1e100),
    "origin of y": lambda X, y, new: (X, y + 8, new, lambda p: p - 8),
    "origin of X": lambda X, y, new: (X + 16, y, new + 16, lambda p: p),
    "Fortran order": lambda X, y, new: (*map(np.asfortranarray, (X, y, new)), lambda p: p),
    "float32": lambda X, y, new: (X.astype("f4"), y, new.astype("f4"), lambda p: p),
}


@pytest.mark.parametrize("change", sorted(SAME))
@pytest.mark.parametrize("solver", KERNELS)
@given(seed=st.integers(0, 999))
@few
def test_invariance(solver, change, seed):
    X, y, new = problem(seed)
    X, new = (a.astype("f4").astype(float) for a in (X, new))  # exact in float32
    X, new = (np.round(a * 2**16) / 2**16 for a in (X, new))  # and, moved by 16, in float64
    model = ESTIMATORS[solver]
    expected = call(model.fit(X, y).predict, new)
    X, y, new, back = SAME[change](X, y, new)
    came = back(call(model.fit(X, y).predict, new))
    # Rounding, amplified by the condition, at most rows / alpha = 1.2e3; by 8 more where y is
    # moved. Iterations end at tol=1e-6 in deviations of y, about 1, on either side.
    tolerance = {"cholesky": 1e-11}.get(solver, 4e-6)
    np.testing.assert_allclose(came, expected, atol=tolerance)
