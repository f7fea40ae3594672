"""Full disks, workers that die, Ctrl-C: what the user had before is still there."""

import signal
import subprocess
import sys

import numpy as np
import pytest
from callbacks import AtEachEnd, kill_this_process
from joblib.externals.loky.process_executor import TerminatedWorkerError
from sklearn.ensemble import BaggingRegressor
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputRegressor

import skfourier
from skfourier import (
    CoordinateMLPEnsemble,
    CoordinateMLPRegressor,
    FourierKernelRegressor,
    FourierKernelRegressorCV,
)
from skfourier._training._loop import Training

resource = pytest.importorskip("resource")

X = np.random.default_rng(0).uniform(size=(60, 1))
Y = np.sin(9 * X[:, 0])


def press_ctrl_c():
    # A shell that starts the tests in the background lets them ignore it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(
    "model",
    [
        FourierKernelRegressorCV([0.3, 1, 3], [1e-2], kernel="gaussian"),
        FourierKernelRegressorCV(kernel="gaussian"),
        CoordinateMLPEnsemble(CoordinateMLPRegressor((8,), max_iter=2), 2, random_state=0),
    ],
    ids=["candidates", "likelihood", "ensemble"],
)
def test_ctrl_c_between_tasks_leaves_the_earlier_fit(model):
    model.fit(X, Y)
    before = model.predict(X)
    with pytest.raises(KeyboardInterrupt):
        model.set_callbacks(AtEachEnd(press_ctrl_c)).fit(X, -Y)
    np.testing.assert_array_equal(model.predict(X), before)
    model.set_callbacks().fit(X, -Y)  # and the next fit is as any other
    assert model.score(X, -Y) > model.score(X, Y)


def press_ctrl_c_in_epoch(number, monkeypatch):
    plain, epochs = Training.epoch, iter(range(1, 1000))

    def epoch(self, samples):
        if next(epochs) == number:
            press_ctrl_c()
        return plain(self, samples)

    monkeypatch.setattr(Training, "epoch", epoch)


@pytest.mark.parametrize(
    "several",
    [
        CoordinateMLPEnsemble(CoordinateMLPRegressor((8,), max_iter=2), 3, random_state=0),
        BaggingRegressor(CoordinateMLPRegressor((8,), max_iter=2), 3, random_state=0),
        MultiOutputRegressor(CoordinateMLPRegressor((8,), max_iter=2, random_state=0)),
    ],
    ids=lambda several: type(several).__name__,
)
def test_ctrl_c_within_one_of_several_networks_ends_them_all(several, monkeypatch):
    y = np.stack([Y, Y], axis=1)
    several.fit(X, y)
    before = several.predict(X)
    with monkeypatch.context() as patch:
        press_ctrl_c_in_epoch(4, patch)  # the last one of the second network
        with pytest.raises(KeyboardInterrupt):
            several.fit(X, -y)
    if isinstance(several, CoordinateMLPEnsemble):
        np.testing.assert_array_equal(several.predict(X), before)
    assert several.fit(X, -y).predict(X).shape == y.shape


def test_ctrl_c_sent_to_a_process_keeps_its_best_weights(tmp_path):
    (tmp_path / "fit.py").write_text(
        "import signal, sys, warnings\n"
        "import numpy as np\n"
        f"sys.path[:0] = {sys.path!r}\n"
        "from callbacks import AtEachEnd\n"
        "from skfourier import CoordinateMLPRegressor\n"
        "X = np.linspace(0, 1, 60).reshape(-1, 1)\n"
        "Y = np.sin(9 * X[:, 0])\n"
        # A shell that starts the tests in the background lets them ignore it.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "model = CoordinateMLPRegressor((8,), max_iter=10**9, random_state=0)\n"
        "model.set_callbacks(AtEachEnd(lambda: print('an epoch', flush=True)))\n"
        "with warnings.catch_warnings(record=True) as caught:\n"
        "    warnings.simplefilter('always')\n"
        "    model.fit(X, Y)\n"
        "print([str(w.message) for w in caught])\n"
        "print('learned:', 1 - model.score(X, Y) < model.loss_curve_[0])\n"
    )
    command = [sys.executable, tmp_path / "fit.py"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as fit:
        for _ in range(200):
            assert "an epoch" in fit.stdout.readline()
        fit.send_signal(signal.SIGINT)
        *_, warned, fitted = fit.stdout.read().splitlines()
    assert fit.returncode == 0
    assert "The estimator is fitted, with the best weights so far" in warned
    assert fitted == "learned: True"


def test_a_worker_that_dies_is_told_of():
    model = FourierKernelRegressor(1)
    search = GridSearchCV(model, {"alpha": [1e-2, 1e-1]}, cv=2).fit(X, Y)
    before = search.predict(X)
    model.set_callbacks(AtEachEnd(kill_this_process))
    with pytest.raises(TerminatedWorkerError):
        search.set_params(n_jobs=2).fit(X, -Y)
    np.testing.assert_array_equal(search.predict(X), before)
    model.set_callbacks()
    assert np.isfinite(search.set_params(n_jobs=1).fit(X, -Y).predict(X)).all()


def test_saving_on_a_full_disk_leaves_the_older_file(tmp_path):
    path = tmp_path / "model.safetensors"
    model = FourierKernelRegressor(1).fit(X, Y)
    model.save(path)
    larger = CoordinateMLPRegressor((256, 256), max_iter=0).fit(X, Y)
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limit[1]))
    try:
        with pytest.raises(OSError, match="could not be written"):
            larger.save(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, handler)
    np.testing.assert_array_equal(skfourier.load(path).predict(X), model.predict(X))
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
