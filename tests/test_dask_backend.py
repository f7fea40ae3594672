"""A grid search whose fits are sent to dask's workers."""

import joblib
import numpy as np
from sklearn.model_selection import GridSearchCV

from skfourier import CoordinateMLPRegressor, FourierFeatures

X = np.random.default_rng(0).uniform(size=(60, 1))
Y = np.sin(9 * X[:, 0])


def test_a_search_on_dasks_workers_is_that_of_one_process(client):
    embedding = FourierFeatures(n_frequencies=8)
    network = CoordinateMLPRegressor(
        (8,), embedding=embedding, max_iter=20, precision="float64", random_state=0
    )
    search = GridSearchCV(network, {"embedding__sigma": [0.5, 8], "alpha": [0, 0.1]}, cv=2)
    alone = search.fit(X, Y)
    scores, predictions = alone.cv_results_["mean_test_score"], alone.predict(X)
    done = client.run_on_scheduler(lambda dask_scheduler: dask_scheduler.transition_counter)
    with joblib.parallel_config(backend="dask"):
        spread = search.set_params(n_jobs=-1).fit(X, Y)
    after = client.run_on_scheduler(lambda dask_scheduler: dask_scheduler.transition_counter)
    assert after > done  # the workers did it
    assert spread.best_params_ == alone.best_params_
    # Workers may have other numbers of threads, and so other orders of sums: 1e-16, times what 20
    # steps amplify (test_processes.py).
    np.testing.assert_allclose(spread.cv_results_["mean_test_score"], scores, rtol=1e-9)
    np.testing.assert_allclose(spread.predict(X), predictions, rtol=0, atol=1e-9)
