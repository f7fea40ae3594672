"""scikit-learn's callbacks on the iterations of a solver."""

import numpy as np
import pytest
from callbacks import Callback
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skfourier import FourierKernelRegressor
from skfourier._solvers import _nufft
from skfourier.images import pixel_grid
from skfourier.spectra import Gaussian, Matern

GRID = pixel_grid((40, 40)).astype(float)
HOLES = GRID[np.random.default_rng(0).random(len(GRID)) < 0.8]
SCATTERED = np.random.default_rng(1).uniform(size=(300, 2))
ITERATIVE = {
    "toeplitz": (HOLES, Matern(0.02, nu=2.5)),
    "masked_kronecker": (HOLES, Gaussian(3)),
    "nufft": (SCATTERED, Gaussian(3)),
    "cg": (SCATTERED, Matern(2)),
}


class Count(Callback):
    """A callback that counts the tasks that end, and asks to stop after some."""

    def __init__(self, most=None):
        self.most, self.names = most, []

    def on_fit_task_end(self, estimator, context):  # noqa: ARG002
        self.names.append(context.task_name)
        return len(self.names) == self.most


def fitted(name, callback, **params):
    X, kernel = ITERATIVE[name]
    params = {"alpha": 1e-2, "tol": 1e-3, "solver": name, **params}
    model = FourierKernelRegressor(kernel=kernel, **params).set_callbacks(callback)
    return model.fit(X, np.sin(9 * X[:, 0]))


@pytest.mark.parametrize("name", ITERATIVE)
def test_each_iteration_is_a_task(name, monkeypatch):
    # As if memory did not suffice to factorize the modes.
    monkeypatch.setattr(_nufft, "_MAX_DENSE_FEATURES", 50)
    count = Count()
    model = fitted(name, count)
    assert count.names == ["iteration"] * model.n_iter_ + ["fit"]
    assert model.n_iter_ > 1


def test_one_may_end_them_and_the_user_is_told():
    with pytest.warns(ConvergenceWarning) as caught:
        model = fitted("cg", Count(most=3), tol=1e-9)
    assert "in 3 iterations" in str(caught[0].message)
    assert model.n_iter_ == 3
    assert np.isfinite(model.predict(SCATTERED)).all()


def test_a_direct_solver_has_none():
    count = Count()
    fitted("cg", count, solver="cholesky")
    assert count.names == ["fit"]


def test_a_progress_bar_follows_the_fit(capsys):
    fitted("cg", ProgressBar())
    assert "100%" in capsys.readouterr().out


def test_in_a_pipeline_they_are_tasks_too():
    count, model = Count(), FourierKernelRegressor(kernel=Matern(2), solver="cg", tol=1e-3)
    pipeline = make_pipeline(MinMaxScaler(), model.set_callbacks(count))
    pipeline.fit(SCATTERED, SCATTERED[:, 0])
    assert count.names.count("iteration") == pipeline[-1].n_iter_ > 1


def test_a_search_scores_its_fits_and_no_iterations():
    monitor = ScoringMonitor(scoring="r2")
    model = FourierKernelRegressor(kernel=Matern(2), solver="cg", tol=1e-3)
    model.set_callbacks(monitor)
    search = GridSearchCV(model, {"alpha": [1e-2, 1e-1]}, cv=3)
    search.fit(SCATTERED, SCATTERED[:, 0])
    rows = monitor.get_logs(select="most_recent").data
    assert {row["task_name"] for row in rows} == {"fit"}
