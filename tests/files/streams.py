"""Streams that are killed: they save after each block, and go on from the file.

    python tests/files/streams.py folder

kills each eight times, and prints its name, how often that was in a save, and whether its last file
is that of a stream that never was killed, to the last bit.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

import numpy as np
import safetensors.numpy
import torch

import skfourier
from skfourier import (
    CoordinateMLPRegressor,
    FourierFeatures,
    FourierKernelRegressor,
    FourierKernelRegressorCV,
)

SQUARE = [[0, 1], [0, 1]]
N_BLOCKS = 9
STREAMS = {
    "kernel": lambda: FourierKernelRegressor(1, solver="nufft", domain=SQUARE, tol=1e-3),
    "features": lambda: FourierKernelRegressor(
        kernel=FourierFeatures(2, n_frequencies=9, random_state=0), solver="primal"
    ),
    "search": lambda: FourierKernelRegressorCV(kernel="gaussian", domain=SQUARE),
    "network": lambda: CoordinateMLPRegressor(
        (32,),
        embedding=FourierFeatures(2, n_frequencies=9, random_state=0),
        batch_size=50,
        random_state=0,
    ),
}


def blocks(n_blocks, n_rows=120):
    """Return blocks of rows, of which the later ones have less noise."""
    rng, result = np.random.default_rng(0), []
    for i in range(n_blocks):
        X = rng.uniform(size=(n_rows, 2))
        noise = rng.normal(size=n_rows) / (10 + i)
        result.append((X, np.sin(9 * X[:, 0]) * X[:, 1] + noise))
    return result


def go_on(name, path):
    """Train on the blocks that the file does not have yet."""
    rows = blocks(N_BLOCKS)
    model = skfourier.load(path) if path.exists() else STREAMS[name]()
    seen = getattr(model, "n_samples_seen_", 0) // len(rows[0][0])
    for X, y in rows[seen:]:
        model.partial_fit(X, y)
        model.save(path)
    return model


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def die_in_a_save(moment, n_saves):
    """Let this process die at a moment of a save that follows so many others."""
    save_file, replace = safetensors.numpy.save_file, os.replace
    saves_left = iter(range(n_saves, -1, -1))

    def saved(arrays, target, header):
        save_file(arrays, target, header)
        if moment == "half written":
            data = Path(target).read_bytes()
            Path(target).write_bytes(data[: len(data) // 2])
            _ = next(saves_left) or die()
            Path(target).write_bytes(data)

    def replaced(source, target):
        if moment == "written":
            _ = next(saves_left) or die()
        replace(source, target)
        if moment == "replaced":
            _ = next(saves_left) or die()

    safetensors.numpy.save_file, os.replace = saved, replaced


def killed(name, path, seconds=None, in_a_save=None):
    """Go on in another process; return whether it was killed, by the clock or in a save."""
    child = os.fork()
    if not child:
        try:
            if in_a_save:
                die_in_a_save(*in_a_save)
            go_on(name, path)
            os._exit(0)
        finally:
            os._exit(1)
    if seconds is not None:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    status = os.waitpid(child, 0)[1]
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise RuntimeError("A stream could not go on from its file.")
    return os.WIFSIGNALED(status)


def kill(name, path, n_kills):
    """Kill a stream so often; return how often it was saving, and whether it ended the same."""
    rng, whole = random.Random(name), path.with_name("whole.safetensors")
    start = time.perf_counter()
    killed(name, whole)
    seconds, expected = time.perf_counter() - start, whole.read_bytes()
    moments, in_saves, same = ("half written", "written", "replaced"), 0, True
    for i in range(n_kills):
        while True:
            if i % 2:
                how = {"in_a_save": (moments[i // 2 % 3], rng.randrange(3))}
            else:
                how = {"seconds": rng.uniform(0, seconds)}
            if killed(name, path, **how):
                break
            # It has ended, and begins anew.
            same &= path.read_bytes() == expected
            path.unlink()
        in_saves += i % 2
    killed(name, path)
    return in_saves, same and path.read_bytes() == expected


if __name__ == "__main__":
    torch.optim.SGD([torch.zeros(1)])  # imports once what each child would
    for stream in STREAMS:
        folder = Path(sys.argv[1]) / stream
        folder.mkdir()
        print(stream, *kill(stream, folder / "stream.safetensors", n_kills=8), flush=True)
