"""scikit-learn's callbacks on what has parts: candidates of a search, networks of an ensemble."""

import numpy as np
import pytest
from callbacks import Callback
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skfourier import (
    CoordinateMLPEnsemble,
    CoordinateMLPRegressor,
    FourierKernelRegressor,
    FourierKernelRegressorCV,
)
from skfourier.metrics import psnr_scorer
from skfourier.spectra import Gaussian, Matern

rng = np.random.default_rng(0)
X = rng.uniform(size=(60, 1))
Y = 0.5 + 0.3 * np.sin(9 * X[:, 0]) + 0.03 * rng.normal(size=60)


def likelihood(**params):
    return FourierKernelRegressorCV(kernel=[Gaussian(), Matern(nu=1.5)], **params)


def candidates(**params):
    return FourierKernelRegressorCV([0.3, 1, 3], [1e-2], kernel="gaussian", **params)


def ensemble(**params):
    network = CoordinateMLPRegressor((8,), max_iter=2)
    return CoordinateMLPEnsemble(network, 3, random_state=0, **params)


class Watch(Callback):
    """A callback that notes the tasks that end, and asks to stop after the first of a name."""

    def __init__(self, stop=None):
        self.stop, self.ended, self.torn_down = stop, [], 0

    def teardown(self, estimator, context):  # noqa: ARG002
        self.torn_down += 1

    def on_fit_task_end(self, estimator, context):  # noqa: ARG002
        self.ended.append(context.task_name)
        return context.task_name == self.stop


def scores(monitor, name):
    """Return the scores of the tasks of one name in the last fit, of a search in all its fits."""
    rows = monitor.get_logs(select="most_recent").data
    return [row["score"] for row in rows if row["task_name"] == name]


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (likelihood, ["candidate"] * 2 + ["refit", "fit"]),
        (candidates, ["candidate"] * 3 + ["refit", "fit"]),
        (ensemble, ["network"] * 3 + ["fit"]),
    ],
)
class TestTasks:
    def test_they_follow_one_another(self, make, expected):
        watch = Watch()
        make().set_callbacks(watch).fit(X, Y)
        assert watch.ended == expected
        assert watch.torn_down == 1

    def test_a_progress_bar_changes_nothing(self, make, expected, capsys):  # noqa: ARG002
        model = make().set_callbacks(ProgressBar()).fit(X, Y)
        assert type(model).__name__ in capsys.readouterr().out
        np.testing.assert_array_equal(model.predict(X), make().fit(X, Y).predict(X))

    def test_a_monitor_scores_each(self, make, expected):
        monitor = ScoringMonitor(scoring=psnr_scorer)
        model = make().set_callbacks(monitor).fit(X, Y)
        each = scores(monitor, expected[0])
        assert len(each) == len(set(each)) == expected.count(expected[0])
        assert scores(monitor, "fit") == [psnr_scorer(model, X, Y)]

    def test_in_a_pipeline_and_a_search(self, make, expected):
        monitor = ScoringMonitor(scoring=psnr_scorer)
        pipeline = make_pipeline(MinMaxScaler(), make().set_callbacks(monitor))
        grid = {"minmaxscaler__feature_range": [(0, 1), (0, 2)]}
        # Networks in other processes are in test_callbacks.py.
        n_jobs = 2 if make is candidates else 1
        GridSearchCV(pipeline, grid, cv=2, n_jobs=n_jobs).fit(X, Y)
        # Two ranges on two folds, and the best on all rows.
        assert len(scores(monitor, expected[0])) == 5 * expected.count(expected[0])

    def test_a_failed_fit_is_torn_down(self, make, expected):
        watch = Watch()
        model = make().set_callbacks(watch)
        with pytest.raises(ValueError, match="NaN"):
            model.fit(X, np.where(X[:, 0] > 0.5, np.nan, Y))
        assert expected[-1] not in watch.ended


def test_a_monitor_scores_what_a_candidate_would_be():
    monitor = ScoringMonitor(scoring=psnr_scorer)
    candidates().set_callbacks(monitor).fit(X, Y)
    each = [FourierKernelRegressor(s, alpha=1e-2).fit(X, Y) for s in (0.3, 1, 3)]
    assert scores(monitor, "candidate") == [psnr_scorer(one, X, Y) for one in each]


def test_a_search_ends_with_the_best_so_far():
    model = candidates().set_callbacks(Watch(stop="candidate")).fit(X, Y)
    assert len(model.cv_results_["params"]) == 1
    alone = FourierKernelRegressor(0.3, alpha=1e-2).fit(X, Y)
    np.testing.assert_array_equal(model.predict(X), alone.predict(X))


def test_a_search_by_likelihood_ends_with_the_best_so_far():
    model = likelihood().set_callbacks(Watch(stop="candidate")).fit(X, Y)
    assert np.isfinite(model.cv_results_["mean_test_score"]).sum() == 1
    assert np.isfinite(model.predict(X)).all()


def test_axis_by_axis_has_as_many_tasks_as_candidates():
    watch = Watch()
    model = candidates(per_axis=True).set_callbacks(watch)
    with pytest.warns(UserWarning, match="at the edge"):
        model.fit(np.hstack([X, X[::-1]]), Y)
    assert watch.ended.count("candidate") == len(model.cv_results_["params"])


def test_an_ensemble_ends_with_two_networks_at_least():
    model = ensemble().set_callbacks(Watch(stop="network")).fit(X, Y)
    assert len(model.estimators_) == 2
    assert np.isfinite(model.predict(X, return_std=True)).all()


def test_epochs_are_subtasks_of_networks():
    watch = Watch()
    watch.max_propagation_depth = None  # callbacks that have it are handed on
    ensemble().set_callbacks(watch).fit(X, Y)
    # The task of a network is that of its fit.
    assert watch.ended == ["epoch", "epoch", "fit"] * 3 + ["fit"]
