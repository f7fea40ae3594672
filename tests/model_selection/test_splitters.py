"""What scikit-learn asks of every splitter."""

import pickle
import warnings

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import (
    GridSearchCV,
    check_cv,
    cross_val_score,
    cross_validate,
    learning_curve,
)

from skfourier import model_selection
from skfourier.model_selection import BlockKFold, FrameKFold, FrameSplit, GridHoldoutSplit

SHAPE = (7, 6, 6)
SPLITTERS = [
    GridHoldoutSplit((1, 2, 2), shape=SHAPE),
    BlockKFold(2, 3, shape=SHAPE, shuffle=True, random_state=0),
    FrameSplit(3),
    FrameKFold(3),
]


@pytest.fixture
def samples():
    t, y, x = (axis.ravel() for axis in np.indices(SHAPE) / 7)
    X = np.column_stack([x, y, t])
    return X, X @ [1.0, 2.0, 3.0]


def same_splits(one, other):
    for parts, others in zip(one, other, strict=True):
        for part, same in zip(parts, others, strict=True):
            assert_array_equal(part, same)


def test_all_are_listed_here():
    assert {type(splitter).__name__ for splitter in SPLITTERS} == set(model_selection.__all__)


@pytest.mark.parametrize("splitter", SPLITTERS, ids=lambda splitter: type(splitter).__name__)
class TestEverySplitter:
    def test_sides_are_disjoint_increasing_and_not_empty(self, splitter, samples):
        splits = list(splitter.split(*samples))
        assert len(splits) == splitter.get_n_splits(*samples) == splitter.get_n_splits()
        for train, test in splits:
            assert len(train) > 0
            assert len(test) > 0
            assert not set(train) & set(test)
            assert np.all(np.diff(train) > 0)
            assert np.all(np.diff(test) > 0)

    def test_repeats_itself(self, splitter, samples):
        same_splits(splitter.split(*samples), splitter.split(*samples))

    def test_copies(self, splitter, samples):
        for copy in (pickle.loads(pickle.dumps(splitter)), clone(splitter, safe=False)):
            assert repr(copy) == repr(splitter)
            same_splits(copy.split(*samples), splitter.split(*samples))

    def test_repr_makes_it_again(self, splitter, samples):
        again = eval(repr(splitter), vars(model_selection))
        same_splits(again.split(*samples), splitter.split(*samples))

    def test_scores_searches_and_learning_curves(self, splitter, samples):
        # y is linear: every training set finds it, to rounding.
        X, y = samples
        assert check_cv(splitter) is splitter
        assert_array_equal(
            cross_val_score(LinearRegression(), X, y, cv=splitter).round(9),
            np.ones(splitter.get_n_splits()),
        )
        search = GridSearchCV(Ridge(), {"alpha": [1e-6, 1e3]}, cv=splitter).fit(X, y)
        assert search.best_params_ == {"alpha": 1e-6}
        # Only numbers of rows are asked for that every training set has.
        curve = learning_curve(
            LinearRegression(), X, y, cv=splitter, train_sizes=[0.5, 1.0], shuffle=True,
            random_state=0,
        )  # fmt: skip
        assert curve[2].shape == (2, splitter.get_n_splits())

    def test_search_with_a_splitter_is_cloned(self, splitter, samples):
        search = clone(GridSearchCV(Ridge(), {"alpha": [1.0]}, cv=splitter))
        same_splits(search.cv.split(*samples), splitter.split(*samples))

    def test_ignores_groups_aloud(self, splitter, samples):
        with pytest.warns(UserWarning, match="ignores groups"):
            next(splitter.split(*samples, groups=np.zeros(len(samples[0]))))

    def test_refuses_y_of_other_length(self, splitter, samples):
        X, y = samples
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            next(splitter.split(X, y[:-1]))

    def test_under_metadata_routing(self, splitter, samples):
        with config_context(enable_metadata_routing=True), warnings.catch_warnings():
            warnings.simplefilter("error")
            scores = cross_validate(
                Ridge().set_fit_request(sample_weight=True).set_score_request(sample_weight=True),
                *samples, cv=splitter,
                params={"sample_weight": np.ones(len(samples[0]))},
            )  # fmt: skip
        assert len(scores["test_score"]) == splitter.get_n_splits()
        assert not hasattr(splitter, "set_split_request")

    def test_leaves_its_arguments_alone(self, splitter, samples):
        before = dict(vars(splitter))
        X = samples[0].copy()
        X.flags.writeable = False
        list(splitter.split(X))
        assert vars(splitter) == before
