"""scikit-learn's callbacks, rows of one's own to score, and fits that go on."""

import numpy as np
import pytest
from callbacks import Callback
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from skfourier import CoordinateMLPRegressor, FourierFeatures
from skfourier.metrics import psnr_scorer

X = np.random.default_rng(0).uniform(size=(200, 2))
Y = 0.5 + 0.4 * np.sin(9 * X[:, 0]) * X[:, 1]


def network(**params):
    params = {"max_iter": 4, "batch_size": 50, "random_state": 0, **params}
    embedding = FourierFeatures(2, n_frequencies=8, random_state=0)
    return CoordinateMLPRegressor((16,), embedding=embedding, **params)


class Stop(Callback):
    """A callback that asks to stop after some epochs."""

    def __init__(self, after):
        self.after, self.ended = after, 0

    def teardown(self, estimator, context):  # noqa: ARG002
        self.ended += 1

    def on_fit_task_end(self, estimator, context):  # noqa: ARG002
        return context.task_name == "epoch" and context.task_id + 1 == self.after


def scores(monitor):
    """Return the scores of the epochs of the last fit, of a search those of all its fits."""
    rows = monitor.get_logs(select="most_recent").data
    return [row["score"] for row in rows if row["task_name"] == "epoch"]


def test_a_monitor_scores_the_network_of_each_epoch():
    monitor = ScoringMonitor(scoring=psnr_scorer)
    fitted = network().set_callbacks(monitor).fit(X, Y)
    epochs = [network(max_iter=n).fit(X, Y) for n in (1, 2, 3, 4)]
    expected = [psnr_scorer(one, X, Y) for one in epochs]
    np.testing.assert_allclose(scores(monitor), expected, rtol=1e-6)
    assert psnr_scorer(fitted, X, Y) == expected[-1]


def test_callbacks_change_nothing(capsys):
    model = network().set_callbacks(ProgressBar()).fit(X, Y)
    assert "CoordinateMLPRegressor" in capsys.readouterr().out
    np.testing.assert_array_equal(model.predict(X), network().fit(X, Y).predict(X))


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_in_a_pipeline_and_a_search(n_jobs):
    monitor = ScoringMonitor(scoring={"score": "neg_mean_squared_error"})
    pipeline = Pipeline([("features", FourierFeatures(2)), ("network", network(max_iter=2))])
    pipeline.set_params(network__embedding=None)
    pipeline.named_steps["network"].set_callbacks(monitor)
    GridSearchCV(pipeline, {"features__sigma": [1, 2]}, cv=2, n_jobs=n_jobs).fit(X, Y)
    # Two epochs of two sigmas on two folds, and of the best on all rows.
    assert len(scores(monitor)) == 10


def test_a_callback_ends_the_training():
    stop = Stop(after=2)
    model = network().set_callbacks(stop).fit(X, Y)
    assert model.n_iter_ == 2
    assert stop.ended == 1
    np.testing.assert_array_equal(model.predict(X), network(max_iter=2).fit(X, Y).predict(X))


def test_callbacks_are_told_of_a_failed_fit():
    stop = Stop(after=9)
    with pytest.raises(ValueError, match="exploded"):
        network(solver="sgd", learning_rate_init=1e9).set_callbacks(stop).fit(X, Y)
    assert stop.ended == 1


class TestRowsOfOnesOwn:
    def test_the_best_epoch_is_kept(self):
        model = network(max_iter=30, learning_rate_init=0.1, solver="adam")
        model.fit(X[:100], Y[:100], X_val=X[100:], y_val=Y[100:])
        assert len(model.validation_scores_) == 30
        assert model.score(X[100:], Y[100:]) == pytest.approx(model.best_validation_score_)
        assert model.best_validation_score_ == max(model.validation_scores_)

    def test_early_stopping_takes_them(self):
        model = network(max_iter=50, early_stopping=True, n_iter_no_change=2)
        # At noise nothing is learned for long.
        noise = np.random.default_rng(1).normal(size=100)
        model.fit(X[:100], Y[:100], X_val=X[100:], y_val=noise)
        assert model.n_iter_ < 50

    def test_all_rows_are_trained_on(self):
        few = network(early_stopping=True).fit(X, Y, X_val=X, y_val=Y)
        all_rows = network().fit(X, Y)
        assert few.loss_curve_ == all_rows.loss_curve_

    def test_sigma_is_chosen_by_them(self):
        model = network(max_iter=40).set_params(embedding__sigma="auto")
        weight = np.where(X[100:, 0] > 0.2, 1.0, 0.0)
        model.fit(X[:100], Y[:100], X_val=X[100:], y_val=Y[100:], sample_weight_val=weight)
        tried = model.sigma_search_
        assert np.all(np.isin(model.embedding_.sigma_, tried["sigma"]))

    @pytest.mark.parametrize(
        ("rows", "message"),
        [
            ({"X_val": X}, "belong together"),
            ({"sample_weight_val": np.ones(3)}, "belong together"),
            ({"X_val": X[:, :1], "y_val": Y}, "expecting 2 features"),
            ({"X_val": X, "y_val": Y[:, None]}, "must have the form of y"),
            ({"X_val": X[:1], "y_val": Y[:1]}, "R.2 takes two rows"),
        ],
    )
    def test_bad_input(self, rows, message):
        with pytest.raises(ValueError, match=message):
            network().fit(X, Y, **rows)


@pytest.mark.parametrize(
    ("solver", "rate"),
    [
        ("schedulefree", 1e-2),
        ("adam", 1e-3),
        ("sgd", 0.1),
        ("rmsprop", 1e-3),
        ("lbfgs", 0.5),
    ],
)
def test_many_short_fits_are_a_long_one(solver, rate):
    params = {"solver": solver, "learning_rate_init": rate, "learning_rate": "constant"}
    params |= {"batch_size": "full"} if solver == "lbfgs" else {}
    many = network(max_iter=1, warm_start=True, **params)
    for _ in range(4):
        many.fit(X, Y)
    np.testing.assert_array_equal(many.predict(X), network(**params).fit(X, Y).predict(X))
