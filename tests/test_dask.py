"""dask arrays and dask's workers: what the same rows give in the memory of one process."""

import os
import signal

import dask
import dask.array as da
import joblib
import numpy as np
import pytest
from distributed import Client, LocalCluster
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from skfourier import CoordinateMLPRegressor, FourierFeatures, FourierKernelRegressor
from skfourier.kernels import NeuralTangentKernel
from skfourier.spectra import Gaussian

ALPHA = 1.0
FEATURES = FourierFeatures(3, n_frequencies=40, random_state=0)
MODELS = {
    "nufft": FourierKernelRegressor((0.25, 0.125), alpha=ALPHA, solver="nufft", tol=1e-6),
    "primal": FourierKernelRegressor(kernel=FEATURES, alpha=ALPHA, solver="primal"),
}
each = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
DOMAIN = [[-0.1, 1.1], [-1.2, 1]]

RANDOM = np.random.default_rng(0)
N_ROWS = 600
X = RANDOM.uniform((0, -1), (1, 1), size=(N_ROWS, 2))
Y = np.stack([np.sin(9 * X[:, 0]) + X[:, 1], 3 * np.cos(12 * X[:, 1]), X[:, 0] + 1e3], axis=1)
Y += 0.1 * RANDOM.normal(size=Y.shape)
# Rows of weight zero are as none, those at the edges of the box too.
WEIGHT = np.where(X[:, 0] > 0.8, 0, RANDOM.uniform(0.5, 2, size=N_ROWS))
X_NEW = RANDOM.uniform((0, -1), (1, 1), size=(4, 2))
CHUNKS = (150, 0, 250, 100, 1, 99)


@pytest.fixture(scope="module")
def client():
    """Two worker processes of dask's, whose nannies start a killed one again.

    They end with the module: while they wait they take a tenth of a core.
    """
    # On a busy machine processes take long to start.
    settings = {"distributed.comm.timeouts.connect": "120s"}
    settings["distributed.worker.profile.enabled"] = False
    options = {"dashboard_address": ":0", "worker_dashboard_address": None, "silence_logs": 50}
    with (
        dask.config.set(settings),
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, **options) as cluster,
        Client(cluster) as client,
    ):
        yield client


def distributed(array):
    return da.from_array(array, chunks=(CHUNKS, *array.shape[1:]))


def assert_same_fit(actual, expected):
    # The sums are equal to rounding, and the condition is 600: see the tests of partial_fit.
    for mine, other in zip(
        actual.predict(X_NEW, return_std=True),
        expected.predict(X_NEW, return_std=True),
        strict=True,
    ):
        np.testing.assert_allclose(mine, other, rtol=0, atol=1e-8 * np.abs(other - 1e3).min())
    assert actual.solver_ == expected.solver_
    assert actual.n_iter_ == pytest.approx(expected.n_iter_, rel=0.05)


# Box and weights come from two sums that know nothing of one another.
@pytest.mark.parametrize(
    ("domain", "weight"), [(None, 3.0), ([[0, 1]] * 2, None)], ids=["weighted", "domain"]
)
def test_little_noise_takes_as_many_modes_as_in_memory(domain, weight):
    # Rows over noise amplify the error of the kernel by 3e5 here, which finer modes make up for.
    rows = np.random.default_rng(0).uniform(size=(5000, 2))
    y = np.sin(9 * rows[:, 0]) * np.cos(7 * rows[:, 1])
    weight = None if weight is None else np.full(len(rows), weight)
    model = FourierKernelRegressor(1, alpha=1e-8, solver="nufft", domain=domain)
    expected = clone(model).fit(rows, y, sample_weight=weight)
    arrays = (
        None if array is None else da.from_array(array, chunks=(2500, *array.shape[1:]))
        for array in (rows, y, weight)
    )
    model.fit(*arrays)
    assert model.accuracy_ == pytest.approx(expected.accuracy_, rel=1e-6)
    assert model.accuracy_ < 1e-4
    # Each is within its accuracy of the exact solution.
    predictions = model.predict(X_NEW % 1), expected.predict(X_NEW % 1)
    np.testing.assert_allclose(*predictions, rtol=0, atol=2 * model.accuracy_ * y.std())


@each
@pytest.mark.parametrize("domain", [None, DOMAIN], ids=["bounds", "domain"])
@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["unweighted", "weighted"])
def test_two_processes_equal_the_fit_in_memory(client, model, domain, weight):  # noqa: ARG001
    model = clone(model).set_params(domain=domain)
    expected = clone(model).fit(X, Y, sample_weight=weight)
    weight = None if weight is None else distributed(weight)
    assert_same_fit(model.fit(distributed(X), distributed(Y), sample_weight=weight), expected)


def test_a_search_on_dasks_workers_is_that_of_one_process(client):
    rows, y = X[:60, :1], np.sin(9 * X[:60, 0])
    embedding = FourierFeatures(n_frequencies=8)
    network = CoordinateMLPRegressor(
        (8,), embedding=embedding, max_iter=20, precision="float64", random_state=0
    )
    search = GridSearchCV(network, {"embedding__sigma": [0.5, 8], "alpha": [0, 0.1]}, cv=2)
    search.fit(rows, y)
    best, scores = search.best_params_, search.cv_results_["mean_test_score"]
    predictions = search.predict(rows)
    done = client.run_on_scheduler(lambda dask_scheduler: dask_scheduler.transition_counter)
    with joblib.parallel_config(backend="dask"):
        search.set_params(n_jobs=-1).fit(rows, y)
    after = client.run_on_scheduler(lambda dask_scheduler: dask_scheduler.transition_counter)
    assert after > done  # the workers did it
    assert search.best_params_ == best
    # Workers may have other numbers of threads, and so other orders of sums: 1e-16, times what 20
    # steps amplify (test_processes.py).
    np.testing.assert_allclose(search.cv_results_["mean_test_score"], scores, rtol=1e-9)
    np.testing.assert_allclose(search.predict(rows), predictions, rtol=0, atol=1e-9)


def test_a_killed_worker_changes_nothing(client, tmp_path):
    model, flag = clone(MODELS["nufft"]).set_params(domain=DOMAIN), tmp_path / "killed"
    before = set(client.scheduler_info()["workers"])

    def block(rows, block_info=None):
        if block_info[0]["chunk-location"][0] == 3 and not flag.exists():
            flag.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return rows

    dangerous = distributed(X).map_blocks(block, dtype=float, meta=np.empty((0, 2)))
    actual = clone(model).fit(dangerous, distributed(Y), sample_weight=WEIGHT)
    assert flag.exists()
    assert_same_fit(actual, clone(model).fit(X, Y, sample_weight=WEIGHT))
    client.wait_for_workers(2, timeout=120)
    assert set(client.scheduler_info()["workers"]) != before


@pytest.fixture
def here():
    """Compute in this process."""
    with dask.config.set(scheduler="synchronous"):
        yield


BAD = {
    "NaN": ((distributed(X), distributed(np.where(Y.max() == Y, np.nan, Y))), "y holds NaN"),
    "dimensions": ((distributed(X)[:, 0], distributed(Y)), "two dimensions"),
    "sizes": ((distributed(X)[distributed(X)[:, 0] > 0.5], distributed(Y)), "compute_chunk_sizes"),
    "lengths": ((distributed(X), distributed(Y)[:5]), "equally many rows"),
    "complex": ((distributed(X), distributed(Y) * 1j), "y is complex"),
    "no weight": ((distributed(X), distributed(Y), np.zeros(N_ROWS)), "All weights are zero"),
    "domain": ((distributed(X) + 1, distributed(Y)), "outside the domain"),
}


@pytest.mark.usefixtures("here")
class TestInThisProcess:
    def test_auto_takes_a_solver_of_sums(self):
        for name, model in MODELS.items():
            automatic = clone(model).set_params(solver="auto")
            assert automatic.fit(distributed(X), Y).solver_ == name

    @each
    def test_rows_are_added_to_it_as_to_any_fit(self, model):
        model = clone(model).set_params(domain=DOMAIN)
        added = clone(model).fit(distributed(X), distributed(Y)).partial_fit(X[:100], Y[:100])
        whole = clone(model).fit(np.vstack([X, X[:100]]), np.vstack([Y, Y[:100]]))
        assert_same_fit(added, whole)

    def test_forms_and_dtypes_of_y_come_back(self):
        y = Y.astype(np.float32)
        model = clone(MODELS["primal"])
        assert model.fit(distributed(X), distributed(y)).predict(X_NEW).dtype == np.float32
        assert model.fit(distributed(X), y[:, 0].tolist()).predict(X_NEW).shape == (4,)
        assert model.fit(distributed(X), y[:, :1]).predict(X_NEW).shape == (4, 1)
        assert model.n_features_in_ == 2

    @pytest.mark.parametrize("solver", ["kronecker", "cholesky", "cg", "masked_kronecker"])
    def test_solvers_that_need_all_rows_refuse(self, solver):
        with pytest.raises(ValueError, match=f"solver='{solver}' needs all rows in memory"):
            FourierKernelRegressor(solver=solver).fit(distributed(X), distributed(Y))

    def test_what_no_solver_takes_is_refused_with_the_reasons(self):
        layers = FourierKernelRegressor(kernel=NeuralTangentKernel(1, base=Gaussian()))
        with pytest.raises(ValueError, match=r"'primal' needs finite .* 'nufft' needs a kernel"):
            layers.fit(distributed(X), distributed(Y))
        with pytest.raises(ValueError, match="solver='primal' does not apply"):
            FourierKernelRegressor(solver="primal").fit(distributed(X), distributed(Y))

    @pytest.mark.parametrize(("bad", "message"), BAD.values(), ids=BAD)
    @each
    def test_a_refused_fit_loses_nothing(self, model, bad, message):
        model = clone(model).set_params(domain=DOMAIN).fit(X, Y)
        before = model.predict(X_NEW)
        with pytest.raises(ValueError, match=message):
            model.fit(*bad)
        np.testing.assert_array_equal(model.predict(X_NEW), before)

    def test_blocks_for_partial_fit_lie_in_memory(self):
        with pytest.raises(ValueError, match="fit takes dask arrays"):
            clone(MODELS["primal"]).partial_fit(distributed(X), Y)

    def test_a_data_frame_is_refused(self):
        # Its package may be missing: this is the name of its module.
        frame = type("DataFrame", (), {"__module__": "dask.dataframe.dask_expr._collection"})
        with pytest.raises(ValueError, match=r"to_dask_array\(lengths=True\)"):
            clone(MODELS["primal"]).fit(frame(), distributed(Y))
