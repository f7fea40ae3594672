"""Trainings that are killed at random moments, and go on from their checkpoint to the same weights.

    python benchmarks/survives_kills.py --kills 100

Prints how many kills each training survived, and the cost of checkpoints. Needs fork (not Windows).
"""

import hashlib
import multiprocessing
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from harness import run

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


def train(checkpoint, answer):
    torch.set_num_threads(1)
    start = time.perf_counter()
    model = network(checkpoint).fit(*data())
    answer.write_text(f"{digest(model)} {time.perf_counter() - start}")


def in_a_child(patience, *arguments):
    """Train in a child process, for so many seconds at most; return its status, None if killed."""
    child = multiprocessing.get_context("fork").Process(target=train, args=arguments)
    child.start()
    child.join(patience)
    status = child.exitcode
    child.kill()
    child.join()
    return status


def kill_trainings(options):
    rng, survived, in_writes = np.random.default_rng(0), 0, 0
    with tempfile.TemporaryDirectory() as folder:
        checkpoint, answer = Path(folder) / "training.pt", Path(folder) / "answer"
        in_a_child(None, None, answer)
        expected, seconds = answer.read_text().split()
        in_a_child(None, checkpoint, answer)
        same, with_checkpoints = answer.read_text().split()
        assert same == expected
        cost = float(with_checkpoints) / float(seconds) - 1
        print(f"a training: {float(seconds):.1f} s; with checkpoints {100 * cost:+.1f} %")
        while survived < options.kills:
            checkpoint.unlink(missing_ok=True)
            answer.unlink()
            kills = 0
            while not answer.exists():
                status = in_a_child(rng.uniform(0, 0.7 * float(seconds)), checkpoint, answer)
                if status is None:
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
    run(__doc__, kill_trainings, kills=100)
