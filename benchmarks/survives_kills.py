"""Trainings that are killed at random moments, and go on from their checkpoint to the same weights.

    python benchmarks/survives_kills.py --kills 100

Prints how many kills each training survived, and the cost of checkpoints. Needs fork (not Windows).
"""

import argparse
import hashlib
import os
import signal
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from skfourier import CoordinateMLPRegressor, FourierFeatures


def network(checkpoint=None):
    return CoordinateMLPRegressor(
        (64, 64),
        embedding=FourierFeatures("auto", n_frequencies=64),
        batch_size=256,
        max_iter=60,
        early_stopping=True,
        tol=None,
        n_iter_no_change=1000,
        checkpoint=checkpoint,
        resume=checkpoint is not None,
        random_state=0,
    )


def data():
    X = np.random.default_rng(0).uniform(size=(4000, 2))
    return X, np.sin(20 * X[:, 0]) * np.cos(31 * X[:, 1])


def digest(model):
    """Return a digest of all weights, to the last bit."""
    total = hashlib.sha256()
    for name, value in model.module_.state_dict().items():
        total.update(name.encode() + value.numpy().tobytes())
    return total.hexdigest()


def in_a_child(function):
    """Run a function in a child process; return its number."""
    child = os.fork()
    if child == 0:
        torch.set_num_threads(1)
        status = 1
        try:
            function()
            status = 0
        finally:
            os._exit(status)
    return child


def train(checkpoint, answer):
    start = time.perf_counter()
    model = network(checkpoint).fit(*data())
    answer.write_text(f"{digest(model)} {time.perf_counter() - start}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=100)
    n_kills = parser.parse_args().kills
    rng, survived, in_writes = np.random.default_rng(0), 0, 0
    with tempfile.TemporaryDirectory() as folder:
        checkpoint, answer = Path(folder) / "training.pt", Path(folder) / "answer"
        os.waitpid(in_a_child(lambda: train(None, answer)), 0)
        expected, seconds = answer.read_text().split()
        os.waitpid(in_a_child(lambda: train(checkpoint, answer)), 0)
        assert answer.read_text().split()[0] == expected
        cost = float(answer.read_text().split()[1]) / float(seconds) - 1
        print(f"a training: {float(seconds):.1f} s; with checkpoints {100 * cost:+.1f} %")
        while survived < n_kills:
            checkpoint.unlink(missing_ok=True)
            answer.unlink()
            kills = 0
            while not answer.exists():
                child = in_a_child(lambda: train(checkpoint, answer))
                deadline = time.perf_counter() + rng.uniform(0, 0.7 * float(seconds))
                ended = 0
                while not ended and time.perf_counter() < deadline:
                    time.sleep(0.001)
                    ended, status = os.waitpid(child, os.WNOHANG)
                if not ended:
                    os.kill(child, signal.SIGKILL)
                    os.waitpid(child, 0)
                    kills += 1
                    in_writes += checkpoint.with_name("training.pt.partial").exists()
                elif status:
                    raise SystemExit(f"A training failed after {survived + kills} kills.")
            if answer.read_text().split()[0] != expected:
                raise SystemExit(f"Other weights after {kills} kills.")
            survived += kills
            print(f"same weights after {kills} kills; {survived} in all", flush=True)
    print(f"{survived} kills survived, {in_writes} of them while a checkpoint was being written")


if __name__ == "__main__":
    main()
