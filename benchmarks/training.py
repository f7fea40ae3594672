"""The training engine against plain torch, scikit-learn and skorch: ratios taken in one run.

    python benchmarks/training.py kodim03.png kodim05.png kodim07.png

for three photographs or more, of 512 pixels and more. The paper's recipe alone takes about a
quarter of an hour for each on two cores without AMX; nothing else should run meanwhile. `--only`
picks one of the measurements: recipe, step, peers, quality, precision, memory or search. "peers"
needs skorch.
"""

import argparse
import math
import threading
import time
import warnings
from pathlib import Path

import numpy as np
import torch
from scipy.ndimage import map_coordinates
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPRegressor
from table import note, processor, row, seconds
from torch import nn

from skfourier import CoordinateMLPRegressor, FourierFeatures, FourierKernelRegressorCV
from skfourier._training._precision import bfloat16_is_fast
from skfourier.images import image_to_samples, load_image
from skfourier.metrics import psnr

WIDTH, DEPTH, N_FREQUENCIES, SIGMA = 256, 3, 128, 10
SEEDS = range(3)
RECIPE_STEPS = 400
FAST_BFLOAT16 = bfloat16_is_fast(torch.device("cpu"))
PRECISIONS = ("bfloat16", "float32") if FAST_BFLOAT16 else ("float32",)


def small_image(path):
    """Return the coordinates and colors of a photograph of 256 x 256 pixels, in float32."""
    X, y = image_to_samples(load_image(path, size=256))
    return X.astype(np.float32), y.astype(np.float32)


# The paper's recipe, and its time to its own PSNR ------------------------------------------------


def papers_recipe(X, y):
    """Train the paper's network in plain torch, as its text has it; return the training PSNR."""
    torch.manual_seed(0)
    features = FourierFeatures(SIGMA, n_frequencies=N_FREQUENCIES, random_state=0).fit_transform(X)
    picture = torch.tensor(features.T.reshape(1, -1, 256, 256))
    target = torch.tensor(y.T.reshape(1, 3, 256, 256))
    layers = []
    for _ in range(DEPTH):
        layers += [nn.Conv2d(WIDTH, WIDTH, 1), nn.ReLU(), nn.BatchNorm2d(WIDTH)]
    network = nn.Sequential(*layers, nn.Conv2d(WIDTH, 3, 1), nn.Sigmoid())
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-4)
    for _ in range(RECIPE_STEPS):
        optimizer.zero_grad()
        output = network(picture)
        loss = nn.functional.mse_loss(output, target)
        loss.backward()
        optimizer.step()
    return psnr(target.numpy(), output.detach().numpy())


def time_to(target, X, y, precision):
    """Find the fewest epochs that reach a training PSNR; return that fit's seconds, and so many."""
    for max_iter in range(1, 1000):
        network = CoordinateMLPRegressor(
            embedding=FourierFeatures(SIGMA, random_state=0),
            max_iter=max_iter,
            precision=precision,
            random_state=0,
        )
        duration, _ = seconds(lambda network=network: network.fit(X, y))
        if psnr(y, network.predict(X).clip(0, 1)) >= target:
            return duration, max_iter
    raise RuntimeError(f"{target} dB were never reached.")


def compare_with_recipe(paths):
    for path in paths:
        X, y = small_image(path)
        duration, target = seconds(lambda X=X, y=y: papers_recipe(X, y))
        note(f"{Path(path).stem}: the paper's recipe reaches {target:.2f} dB in {duration:.0f} s")
        for precision in PRECISIONS:
            ours, epochs = time_to(target, X, y, precision)
            note(f"ours, {precision}, max_iter={epochs}: {ours:.2f} s")
            bar = {"bfloat16": 100, "float32": 25}[precision]
            row(f"time of the recipe / ours, {Path(path).stem}, {precision}", duration / ours, bar)
        network = CoordinateMLPRegressor(
            embedding=FourierFeatures(SIGMA, random_state=0), random_state=0
        )
        whole, _ = seconds(lambda network=network, X=X, y=y: network.fit(X, y))
        reached = psnr(y, network.predict(X).clip(0, 1))
        note(f"ours, all defaults ({network.precision_}): {reached:.2f} dB in {whole:.2f} s")


# One full-batch step -----------------------------------------------------------------------------


def epochs_of(fits, epochs=4, repetitions=5):
    """Time an epoch of each fit: of a longer one less of a single epoch, the setting up with it.

    The fastest of several, taken in turn, as the machine has faster and slower minutes.
    """
    times = np.array(
        [
            [[seconds(lambda fit=fit, n=n: fit(n))[0] for n in (1, 1 + epochs)] for fit in fits]
            for _ in range(repetitions)
        ]
    )
    short, long = np.moveaxis(times.min(axis=0), 1, 0)
    return (long - short) / epochs


def plain_loop_of(features, y):
    """Return full-batch training of the same network in plain torch, linear layers, float32."""
    torch.manual_seed(0)
    X, y = torch.tensor(features), torch.tensor(y)
    layers = []
    for _ in range(DEPTH):
        layers += [nn.Linear(WIDTH, WIDTH), nn.ReLU()]
    network = nn.Sequential(*layers, nn.Linear(WIDTH, 3), nn.Sigmoid())
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-4)

    def fit(steps):
        for _ in range(steps):
            optimizer.zero_grad()
            nn.functional.mse_loss(network(X), y).backward()
            optimizer.step()

    return fit


def our_fit(features, y, precision):
    """Return full-batch training of the estimator."""

    def fit(max_iter):
        CoordinateMLPRegressor(
            activation="relu",
            output_activation="sigmoid",
            batch_size="full",
            max_iter=max_iter,
            learning_rate_init=1e-4,
            solver="adam",
            precision=precision,
            random_state=0,
        ).fit(features, y)

    return fit


def product_rate(precision):
    """Measure the operations per second of a large square product."""
    dtype = getattr(torch, precision)
    square = torch.ones(4096, 4096, dtype=dtype)
    square @ square
    return 2 * 4096**3 / min(seconds(lambda: square @ square)[0] for _ in range(5))


def compare_steps(paths):
    X, y = small_image(paths[0])
    features = FourierFeatures(SIGMA, n_frequencies=N_FREQUENCIES, random_state=0).fit_transform(X)
    fits = [our_fit(features, y, precision) for precision in PRECISIONS]
    plain, *our_steps = epochs_of([plain_loop_of(features, y), *fits])
    note(f"a full-batch step in plain torch, linear layers: {plain:.3f} s")
    # Two operations a weight and row forwards, two for the weights' gradients, two for those of
    # the layer's input; the first layer's input has none.
    weights = [WIDTH * WIDTH] * DEPTH + [WIDTH * 3]
    operations = len(X) * (6 * sum(weights) - 2 * weights[0])
    for precision, ours in zip(PRECISIONS, our_steps, strict=True):
        note(f"ours, {precision}: {ours:.3f} s")
        bar = {"bfloat16": 5, "float32": 1.4}[precision]
        row(f"full-batch step: plain torch in float32 / ours in {precision}", plain / ours, bar)
        rate, largest = operations / ours, product_rate(precision)
        note(f"{rate / 1e9:.0f} of {largest / 1e9:.0f} GFLOP/s, with all of which the step above")
        note(f"would be {plain * largest / operations:.2f} times as fast as in plain torch")
        row(f"arithmetic rate of our step / of a large product, {precision}", rate / largest, 0.5)


# scikit-learn and skorch -------------------------------------------------------------------------


def compare_with_peers(paths):
    from skorch import NeuralNetRegressor  # noqa: PLC0415 (only here)

    X, y = small_image(paths[0])
    features = FourierFeatures(SIGMA, n_frequencies=N_FREQUENCIES, random_state=0).fit_transform(X)

    def scikit_learn(max_iter):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # so few epochs never converge
            MLPRegressor(
                hidden_layer_sizes=(WIDTH,) * DEPTH,
                batch_size=len(X),
                max_iter=max_iter,
                n_iter_no_change=1000,
                random_state=0,
            ).fit(features, y)

    def skorch(max_epochs):
        torch.manual_seed(0)
        layers = []
        for _ in range(DEPTH):
            layers += [nn.Linear(WIDTH, WIDTH), nn.ReLU()]
        NeuralNetRegressor(
            nn.Sequential(*layers, nn.Linear(WIDTH, 3)),
            optimizer=torch.optim.Adam,
            batch_size=-1,
            max_epochs=max_epochs,
            train_split=None,
            verbose=0,
        ).fit(features, y)

    ours, *peers = epochs_of([our_fit(features, y, "auto"), scikit_learn, skorch])
    note(f"an epoch of one full batch, ours: {ours:.3f} s")
    for (name, bar), duration in zip({"MLPRegressor": 6, "skorch": 10}.items(), peers, strict=True):
        note(f"{name}: {duration:.2f} s")
        row(f"epoch of one full batch: {name} (float32) / ours", duration / ours, bar)


# Between the pixels, after a while ---------------------------------------------------------------


def compare_quality(paths):
    for path in paths:
        rows = image_to_samples(load_image(path, size=512))
        X, y = (array.astype(np.float32).reshape(512, 512, -1) for array in rows)
        training = [array[::2, ::2].reshape(-1, array.shape[2]) for array in (X, y)]
        between = [array[1::2, 1::2].reshape(-1, array.shape[2]) for array in (X, y)]
        for name, order in (("bilinear interpolation", 1), ("cubic interpolation", 3)):
            places = between[0][:, ::-1].T * 256
            planes = [
                map_coordinates(plane, places, order=order, mode="nearest").clip(0, 1)
                for plane in np.moveaxis(y[::2, ::2], 2, 0)
            ]
            row(f"{Path(path).stem}, between the pixels, dB: {name}", psnr(between[1].T, planes))
        kernel = FourierKernelRegressorCV(kernel="gaussian", criterion="gcv")
        duration, _ = seconds(lambda kernel=kernel, data=training: kernel.fit(*data))
        held_out = psnr(between[1], kernel.predict(between[0]).clip(0, 1))
        what = f"closed form, sigma = {kernel.sigma_:.0f} by its own search, {duration:.0f} s"
        row(f"{Path(path).stem}, the same: {what}", held_out)
        pace, _ = seconds(lambda training=training: engine(1).fit(*training))
        for budget in (10, 60):
            network = engine(max(1, round(budget / pace)))
            duration, _ = seconds(lambda network=network, data=training: network.fit(*data))
            held_out = psnr(between[1], network.predict(between[0]).clip(0, 1))
            row(f"{Path(path).stem}, the same: our default, {duration:.0f} s", held_out)
            held_out = plain_loop(*training, *between, budget)
            row(f"{Path(path).stem}, the same: plain float32 loop, {budget} s", held_out)


def engine(max_iter):
    embedding = FourierFeatures(SIGMA, random_state=0)
    return CoordinateMLPRegressor(embedding=embedding, max_iter=max_iter, random_state=0)


def plain_loop(X, y, X_test, y_test, budget):
    """Train Tancik's network full batch for so many seconds; return the PSNR between the pixels."""
    torch.manual_seed(0)
    features = FourierFeatures(SIGMA, random_state=0).fit(X)
    layers, fan_in = [], 512
    for _ in range(DEPTH):
        layers += [nn.Linear(fan_in, WIDTH), nn.ReLU()]
        fan_in = WIDTH
    network = nn.Sequential(*layers, nn.Linear(WIDTH, 3), nn.Sigmoid())
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    inputs, target = torch.tensor(features.transform(X)), torch.tensor(y)
    end = time.perf_counter() + budget
    while time.perf_counter() < end:
        optimizer.zero_grad()
        nn.functional.mse_loss(network(inputs), target).backward()
        optimizer.step()
    with torch.inference_mode():
        return psnr(y_test, network(torch.tensor(features.transform(X_test))).numpy())


def compare_precisions(paths):
    """Train four times the default's epochs in both precisions: the loss must not be seen.

    Two such trainings of the same precision differ by 0.2 dB from seed to seed, more than the bar.
    """
    if not FAST_BFLOAT16:
        note("bfloat16 is not fast here: its quality is left out")
        return
    all_losses = []
    for path in paths:
        X, y = small_image(path)
        reached = np.array(
            [
                [reach(X, y, precision=precision, random_state=seed) for precision in PRECISIONS]
                for seed in SEEDS
            ]
        )
        note(f"{Path(path).stem}, 32 epochs, {' and '.join(PRECISIONS)}: {reached.round(2)} dB")
        all_losses.append(reached[:, 1] - reached[:, 0])
    error = np.std(all_losses, axis=1, ddof=1).mean() / math.sqrt(np.size(all_losses))
    what = f"dB lost by bfloat16, mean of {np.size(all_losses)} trainings (+- {error:.2f})"
    row(what, np.mean(all_losses), 0.1, at_most=True)


def reach(X, y, **params):
    """Train for 32 epochs; return the training PSNR."""
    return psnr(y, engine(32).set_params(**params).fit(X, y).predict(X).clip(0, 1))


# Memory and searches -----------------------------------------------------------------------------


def resident_megabytes():
    """Read this process's resident memory (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def measure_memory(paths):  # noqa: ARG001 (a measurement like the others)
    rng = np.random.default_rng(0)
    X, y = (rng.random((4_000_000, 3), dtype=np.float32) for _ in range(2))
    network = CoordinateMLPRegressor(
        embedding=FourierFeatures(SIGMA, n_frequencies=256, random_state=0),
        batch_size=65_536,
        max_iter=1,
        random_state=0,
    )
    network.fit(X[:10_000], y[:10_000])  # libraries and threads are loaded
    before, peak, done = resident_megabytes(), [0.0], threading.Event()

    def watch():
        while not done.wait(0.002):
            peak[0] = max(peak[0], resident_megabytes())

    watcher = threading.Thread(target=watch)
    watcher.start()
    duration, _ = seconds(lambda: network.fit(X, y))
    done.set()
    watcher.join()
    note(f"an epoch over 4,000,000 rows: {duration:.0f} s")
    growth = peak[0] - before
    row("4,000,000 rows, 256 frequencies: peak memory less that before, MB", growth, 600, at_most=1)


def measure_search(paths):
    X, y = small_image(paths[0])
    every = np.random.default_rng(0).permutation(len(X))[:20_000]
    X, y = X[every], y[every]
    durations = {}
    for n_jobs in (1, 2):
        embedding = FourierFeatures(random_state=0)
        network = CoordinateMLPRegressor(embedding=embedding, random_state=0)
        search = GridSearchCV(
            network, {"embedding__sigma": [1, 3, 10, 30]}, cv=3, n_jobs=n_jobs, refit=False
        )
        durations[n_jobs], _ = seconds(lambda search=search: search.fit(X, y))
        note(f"GridSearchCV over 4 sigmas, 3 folds, n_jobs={n_jobs}: {durations[n_jobs]:.1f} s")
    row("GridSearchCV: n_jobs=2 / n_jobs=1", durations[2] / durations[1], 1, at_most=True)


MEASUREMENTS = {
    "step": compare_steps,
    "peers": compare_with_peers,
    "memory": measure_memory,
    "search": measure_search,
    "quality": compare_quality,
    "precision": compare_precisions,
    "recipe": compare_with_recipe,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("images", nargs="+")
    parser.add_argument("--only", choices=MEASUREMENTS)
    arguments = parser.parse_args()
    print(
        f"{processor()}; torch {torch.__version__}, {torch.get_num_threads()} threads, "
        f"{torch.backends.cpu.get_cpu_capability()}; bfloat16 is "
        + ("fast" if FAST_BFLOAT16 else "not fast here: its rows are left out")
    )
    for name, measure in MEASUREMENTS.items():
        if arguments.only in (None, name):
            measure(arguments.images)


if __name__ == "__main__":
    main()
