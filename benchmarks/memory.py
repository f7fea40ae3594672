"""Peak memory of fits and predictions of more rows than one wants to hold; sizes of files.

    python benchmarks/memory.py --rows 10000000 [--only peaks files checkpoints]

"peaks": rows lie in files (NumPy's memmaps of two columns and a target, float64, 24 bytes a row).
Each way runs in a process of its own; "more" is its peak less what it held before, libraries
included, and counts pages of the file that the system may take back at any time. Needs Linux.
"files": what `save` and a checkpoint write. "checkpoints": a default training, which takes the
time that it takes, with a checkpoint and without (on an idle machine only).
"""

import multiprocessing
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from harness import cells, fastest, peak_megabytes, row, run

from skfourier import (
    CoordinateMLPRegressor,
    FourierFeatures,
    FourierKernelRegressor,
    FourierKernelRegressorCV,
)

BLOCK = 1_000_000
SQUARE = [[0, 1], [0, 1]]


def write_rows(folder, n_rows):
    """Write X and y, a block at a time."""
    rng = np.random.default_rng(0)
    X, y = (
        np.lib.format.open_memmap(folder / f"{name}.npy", "w+", np.float64, shape)
        for name, shape in (("X", (n_rows, 2)), ("y", (n_rows,)))
    )
    for start in range(0, n_rows, BLOCK):
        part = rng.uniform(size=(min(BLOCK, n_rows - start), 2))
        X[start : start + BLOCK] = part
        signal = np.sin(20 * part[:, 0]) * np.cos(31 * part[:, 1])
        y[start : start + BLOCK] = signal + 0.1 * rng.normal(size=len(part))


def kernel():
    return FourierKernelRegressor(3, alpha=0.1, solver="nufft", domain=SQUARE)


def network():
    embedding = FourierFeatures(3, n_frequencies=32, random_state=0)
    return CoordinateMLPRegressor((32,), embedding=embedding, random_state=0)


def in_blocks(model, X, y):
    for start in range(0, len(X), BLOCK):
        part = slice(start, start + BLOCK)
        model.partial_fit(X[part], y[part])
    return model


def on_dask(model, X, y):
    import dask.array as da  # noqa: PLC0415

    return model.fit(*(da.from_array(a, chunks=(BLOCK, *a.shape[1:])) for a in (X, y)))


def predicted_in_blocks(model, X, y):
    """Predict, and keep the largest error only."""
    starts = range(0, len(X), BLOCK)
    return max(np.ptp(model.predict(X[i : i + BLOCK]) - y[i : i + BLOCK]) for i in starts)


def predicted_on_dask(model, X, y):
    import dask.array as da  # noqa: PLC0415

    X, y = (da.from_array(a, chunks=(BLOCK, *a.shape[1:])) for a in (X, y))
    return abs(model.predict(X) - y).max().compute(scheduler="synchronous")


def first_rows(build):
    """Return a model that has seen few rows, to predict with."""
    rng = np.random.default_rng(1)
    X = rng.uniform(size=(20_000, 2))
    return build().partial_fit(X, np.sin(20 * X[:, 0]))


# What is prepared before the memory counts, and what is measured.
WAYS = {
    "kernel regressor, partial_fit over blocks": (kernel, in_blocks),
    "kernel regressor, fit on memmaps": (kernel, lambda model, X, y: model.fit(X, y)),
    "kernel regressor, fit on dask arrays": (kernel, on_dask),
    "search, partial_fit over blocks": (
        lambda: FourierKernelRegressorCV(kernel="gaussian", domain=SQUARE),
        in_blocks,
    ),
    "search, fit on dask arrays": (
        lambda: FourierKernelRegressorCV(kernel="gaussian", domain=SQUARE),
        on_dask,
    ),
    "network, partial_fit over blocks": (network, in_blocks),
    "network, fit on memmaps": (
        lambda: network().set_params(max_iter=1),
        lambda model, X, y: model.fit(X, y),
    ),
    "kernel regressor, predict on a memmap": (
        lambda: first_rows(kernel),
        lambda model, X, _: model.predict(X),
    ),
    "kernel regressor, predict over blocks": (lambda: first_rows(kernel), predicted_in_blocks),
    "kernel regressor, predict on dask arrays": (lambda: first_rows(kernel), predicted_on_dask),
    "network, predict on a memmap": (
        lambda: first_rows(network),
        lambda model, X, _: model.predict(X),
    ),
    "network, predict over blocks": (lambda: first_rows(network), predicted_in_blocks),
    "network, predict on dask arrays": (lambda: first_rows(network), predicted_on_dask),
}


def measured(way, folder):
    """Return the peak of one way and what the process held before, in MB."""
    build, use = WAYS[way]
    model = build()
    X, y = (np.load(folder / f"{name}.npy", mmap_mode="r") for name in "Xy")
    return peak_megabytes(lambda: use(model, X, y))


def compare_peaks(options):
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        write_rows(Path(folder), options.rows)
        print(
            f"{options.rows:,} rows of two columns and a target: {24 * options.rows / 1e6:.0f} MB"
        )
        cells("", "peak, MB", "more, MB")
        cells("---", "---", "---")
        for way in WAYS:
            with ProcessPoolExecutor(1, mp_context=context) as pool:
                peak, before = pool.submit(measured, way, Path(folder)).result()
            cells(way, f"{peak:.0f}", f"{peak - before:.0f}")


def written(write):
    """Return the MB of the file that a function of its path writes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        write(path)
        return path.stat().st_size / 1e6


def default_network(**params):
    return CoordinateMLPRegressor(embedding=FourierFeatures(10), random_state=0, **params)


def few_rows():
    X = np.random.default_rng(0).uniform(size=(20_000, 2))
    return X, np.sin(20 * X[:, 0])


def compare_files(options):  # noqa: ARG001
    row("default network, MB", written(default_network(max_iter=1).fit(*few_rows()).save))
    streamed = default_network().partial_fit(*few_rows())
    row("default network between two partial_fit, MB", written(streamed.save))
    final = written(lambda path: streamed.save(path, final=True))
    row("the same, final=True, MB", final)
    checkpoint = written(lambda path: default_network(max_iter=1, checkpoint=path).fit(*few_rows()))
    row("its checkpoint, MB", checkpoint)
    X = np.random.default_rng(0).uniform(size=(1_000_000, 2))
    for sigma in (3, 10):
        model = FourierKernelRegressor(sigma, alpha=0.1, solver="nufft").fit(
            X, np.sin(20 * X[:, 0])
        )
        row(f"kernel regressor of 10^6 rows, sigma = {sigma}, MB", written(model.save))
    X = X[:100_000]
    y = np.sin(20 * X[:, 0]) * np.cos(31 * X[:, 1])
    y += 0.1 * np.random.default_rng(1).normal(size=len(X))
    stream = FourierKernelRegressorCV(kernel="gaussian", domain=SQUARE).partial_fit(X, y)
    row("search between two partial_fit, MB", written(stream.save))
    row("the same, final=True, MB", written(lambda path: stream.save(path, final=True)))


def compare_checkpoints(options):  # noqa: ARG001
    without, checkpointed = fastest(
        lambda: default_network().fit(*few_rows()),
        lambda: written(lambda path: default_network(checkpoint=path).fit(*few_rows())),
        repetitions=3,
    )
    row("default training of 20,000 rows, s", without)
    row("share of a checkpoint", checkpointed / without - 1, 0.02, at_most=True)


if __name__ == "__main__":
    parts = [compare_peaks, compare_files, compare_checkpoints]
    run(__doc__, parts, rows=10_000_000, folder=None)
