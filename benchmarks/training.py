"""The training engine against plain torch, scikit-learn and skorch: ratios taken in one run.

    python benchmarks/training.py kodim03.png kodim05.png kodim07.png

for three photographs or more, of 512 pixels and more. The paper's recipe alone takes about a
quarter of an hour for each on two cores without AMX; nothing else should run meanwhile. `--only`
picks measurements: recipe, step, peers, quality, precision, memory, search or device. "peers" needs
skorch. "device" counts the steps of the default network in a second, and its time to 35 dB on a
photograph of 512 x 512 pixels, on --device, as cuda.
"""

import math
import time
import warnings
from pathlib import Path

import numpy as np
import torch
from half_grid import halves, interpolations, quality
from harness import fastest, note, peak_megabytes, row, run, seconds
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPRegressor
from torch import nn

from skfourier import CoordinateMLPRegressor, FourierFeatures, FourierKernelRegressorCV
from skfourier._training._precision import bfloat16_is_fast, choose_device
from skfourier.images import image_to_samples, load_image
from skfourier.metrics import psnr

WIDTH, DEPTH, N_FREQUENCIES, SIGMA = 256, 3, 128, 10
SEEDS = range(3)
RECIPE_STEPS = 400
TARGET, MOST_EPOCHS = 35, 60
FAST_BFLOAT16 = bfloat16_is_fast(torch.device("cpu"))
PRECISIONS = ("bfloat16", "float32") if FAST_BFLOAT16 else ("float32",)


def small_image(path):
    """Return the coordinates and colors of a photograph of 256 x 256 pixels, in float32."""
    X, y = image_to_samples(load_image(path, size=256))
    return X.astype(np.float32), y.astype(np.float32)


def papers_features(X):
    """Return the paper's features of coordinates."""
    return FourierFeatures(SIGMA, n_frequencies=N_FREQUENCIES, random_state=0).fit_transform(X)


def engine(max_iter=None, **params):
    """Return our network with its defaults, but for what is given."""
    params |= {} if max_iter is None else {"max_iter": max_iter}
    embedding = FourierFeatures(SIGMA, random_state=0)
    return CoordinateMLPRegressor(**{"embedding": embedding, "random_state": 0} | params)


def plain_network(n_inputs, *last):
    """Return the same network in plain torch, linear layers, float32."""
    torch.manual_seed(0)
    layers = []
    for fan_in in (n_inputs, *[WIDTH] * (DEPTH - 1)):
        layers += [nn.Linear(fan_in, WIDTH), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(WIDTH, 3), *last)


def steps_of(network, X, y, rate):
    """Return a function that takes a full-batch step in plain torch, and returns the outputs."""
    X, y = torch.as_tensor(X), torch.as_tensor(y)
    optimizer = torch.optim.Adam(network.parameters(), lr=rate)

    def step():
        optimizer.zero_grad()
        output = network(X)
        nn.functional.mse_loss(output, y).backward()
        optimizer.step()
        return output.detach()

    return step


# The paper's recipe, and its time to its own PSNR ------------------------------------------------


def papers_recipe(X, y):
    """Train the paper's network in plain torch, as its text has it; return the training PSNR."""
    torch.manual_seed(0)
    picture = torch.tensor(papers_features(X).T.reshape(1, -1, 256, 256))
    target = torch.tensor(y.T.reshape(1, 3, 256, 256))
    layers = []
    for _ in range(DEPTH):
        layers += [nn.Conv2d(WIDTH, WIDTH, 1), nn.ReLU(), nn.BatchNorm2d(WIDTH)]
    network = nn.Sequential(*layers, nn.Conv2d(WIDTH, 3, 1), nn.Sigmoid())
    step = steps_of(network, picture, target, 1e-4)
    for _ in range(RECIPE_STEPS):
        output = step()
    return psnr(target.numpy(), output.numpy())


def time_to(target, X, y, precision):
    """Find the fewest epochs that reach a training PSNR; return that fit's seconds, and so many."""
    for max_iter in range(1, 1000):
        network = engine(max_iter, precision=precision)
        duration, _ = seconds(lambda network=network: network.fit(X, y))
        if quality(network, X, y) >= target:
            return duration, max_iter
    raise RuntimeError(f"{target} dB were never reached.")


def measure_recipe(options):
    for path in options.images:
        X, y = small_image(path)
        duration, target = seconds(lambda X=X, y=y: papers_recipe(X, y))
        note(f"{Path(path).stem}: the paper's recipe reaches {target:.2f} dB in {duration:.0f} s")
        for precision in PRECISIONS:
            ours, epochs = time_to(target, X, y, precision)
            note(f"ours, {precision}, max_iter={epochs}: {ours:.2f} s")
            bar = {"bfloat16": 100, "float32": 25}[precision]
            row(f"time of the recipe / ours, {Path(path).stem}, {precision}", duration / ours, bar)
        whole, network = seconds(lambda X=X, y=y: engine().fit(X, y))
        reached = quality(network, X, y)
        note(f"ours, all defaults ({network.precision_}): {reached:.2f} dB in {whole:.2f} s")


# One full-batch step -----------------------------------------------------------------------------


def epochs_of(fits, epochs=4):
    """Time an epoch of each fit: of a longer one less of a single epoch, the setting up with it."""
    calls = [lambda fit=fit, n=n: fit(n) for fit in fits for n in (1, 1 + epochs)]
    short, long = fastest(*calls).reshape(-1, 2).T
    return (long - short) / epochs


def plain_fit(features, y):
    """Return full-batch training of the paper's network in plain torch."""
    step = steps_of(plain_network(WIDTH, nn.Sigmoid()), features, y, 1e-4)
    return lambda steps: [step() for _ in range(steps)]


def our_fit(features, y, precision):
    """Return full-batch training of the estimator."""
    network = engine(
        embedding=None,
        activation="relu",
        output_activation="sigmoid",
        batch_size="full",
        learning_rate_init=1e-4,
        solver="adam",
        precision=precision,
    )
    return lambda max_iter: network.set_params(max_iter=max_iter).fit(features, y)


def product_rate(precision):
    """Measure the operations per second of a large square product."""
    square = torch.ones(4096, 4096, dtype=getattr(torch, precision))
    square @ square
    return 2 * 4096**3 / fastest(lambda: square @ square)[0]


def measure_step(options):
    X, y = small_image(options.images[0])
    features = papers_features(X)
    fits = [our_fit(features, y, precision) for precision in PRECISIONS]
    plain, *our_steps = epochs_of([plain_fit(features, y), *fits])
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


def measure_peers(options):
    from skorch import NeuralNetRegressor  # noqa: PLC0415 (only here)

    warnings.simplefilter("ignore", ConvergenceWarning)  # so few epochs never converge
    X, y = small_image(options.images[0])
    features = papers_features(X)
    scikit_learn = MLPRegressor(
        hidden_layer_sizes=(WIDTH,) * DEPTH,
        batch_size=len(X),
        n_iter_no_change=1000,
        random_state=0,
    )
    skorch = NeuralNetRegressor(
        plain_network(WIDTH),
        optimizer=torch.optim.Adam,
        batch_size=-1,
        train_split=None,
        verbose=0,
    )
    ours, *peers = epochs_of(
        [
            our_fit(features, y, "auto"),
            lambda n: scikit_learn.set_params(max_iter=n).fit(features, y),
            lambda n: skorch.set_params(max_epochs=n).fit(features, y),
        ]
    )
    note(f"an epoch of one full batch, ours: {ours:.3f} s")
    for (name, bar), duration in zip({"MLPRegressor": 6, "skorch": 10}.items(), peers, strict=True):
        note(f"{name}: {duration:.2f} s")
        row(f"epoch of one full batch: {name} (float32) / ours", duration / ours, bar)


# Between the pixels, after a while ---------------------------------------------------------------


def measure_quality(options):
    for path in options.images:
        name, image = Path(path).stem, load_image(path, size=512)
        training, between = ([rows.astype(np.float32) for rows in half] for half in halves(image))
        for order, value in interpolations(image).items():
            row(f"{name}, between the pixels, dB: {order} interpolation", value)
        kernel = FourierKernelRegressorCV(kernel="gaussian", criterion="gcv")
        duration, _ = seconds(lambda kernel=kernel, data=training: kernel.fit(*data))
        what = f"closed form, sigma = {kernel.sigma_:.0f} by its own search, {duration:.0f} s"
        row(f"{name}, the same: {what}", quality(kernel, *between))
        pace, _ = seconds(lambda training=training: engine(1).fit(*training))
        for budget in (10, 60):
            network = engine(max(1, round(budget / pace)))
            duration, _ = seconds(lambda network=network, data=training: network.fit(*data))
            what = f"{name}, the same: our default, {duration:.0f} s"
            row(what, quality(network, *between))
            reached = plain_quality(*training, *between, budget)
            row(f"{name}, the same: plain float32 loop, {budget} s", reached)


def plain_quality(X, y, X_test, y_test, budget):
    """Train Tancik's network full batch for so many seconds; return the PSNR between the pixels."""
    features = FourierFeatures(SIGMA, random_state=0).fit(X)
    network = plain_network(512, nn.Sigmoid())
    step = steps_of(network, features.transform(X), y, 1e-3)
    end = time.perf_counter() + budget
    while time.perf_counter() < end:
        step()
    with torch.inference_mode():
        return psnr(y_test, network(torch.tensor(features.transform(X_test))).numpy())


def measure_precision(options):
    """Train four times the default's epochs in both precisions: the loss must not be seen.

    Two such trainings of the same precision differ by 0.2 dB from seed to seed, more than the bar.
    """
    if not FAST_BFLOAT16:
        note("bfloat16 is not fast here: its quality is left out")
        return
    losses = []
    for path in options.images:
        X, y = small_image(path)
        reached = np.array([[reach(X, y, p, seed) for p in PRECISIONS] for seed in SEEDS])
        note(f"{Path(path).stem}, 32 epochs, {' and '.join(PRECISIONS)}: {reached.round(2)} dB")
        losses.append(reached[:, 1] - reached[:, 0])
    error = np.std(losses, axis=1, ddof=1).mean() / math.sqrt(np.size(losses))
    what = f"dB lost by bfloat16, mean of {np.size(losses)} trainings (+- {error:.2f})"
    row(what, np.mean(losses), 0.1, at_most=True)


def reach(X, y, precision, seed):
    """Train for 32 epochs; return the training PSNR."""
    return quality(engine(32, precision=precision, random_state=seed).fit(X, y), X, y)


# Another device ----------------------------------------------------------------------------------


def measure_device(options):
    X, y = image_to_samples(load_image(options.images[0], size=512))
    X, y = X.astype(np.float32), y.astype(np.float32)
    fast = bfloat16_is_fast(choose_device(options.device))
    for precision in ("bfloat16", "float32") if fast else ("float32",):
        network = engine(1, precision=precision, device=options.device, warm_start=True)
        times, reached = [], -math.inf
        while reached < TARGET and len(times) < MOST_EPOCHS:
            times.append(seconds(lambda network=network: network.fit(X, y))[0])
            reached = quality(network, X, y)
        steps = math.ceil(len(X) / 1024)
        note(f"{network.device_}, {precision}: {reached:.2f} dB after {len(times)} epochs")
        row(f"steps a second, {precision}", steps / min(times))
        if reached >= TARGET:
            row(f"seconds to {TARGET} dB, {precision}", sum(times))


# Memory and searches -----------------------------------------------------------------------------


def measure_memory(_):
    rng = np.random.default_rng(0)
    X, y = (rng.random((4_000_000, 3), dtype=np.float32) for _ in range(2))
    network = engine(1, batch_size=65_536)
    network.fit(X[:10_000], y[:10_000])  # libraries and threads are loaded
    start = time.perf_counter()
    peak, before = peak_megabytes(lambda: network.fit(X, y))
    note(f"an epoch over 4,000,000 rows: {time.perf_counter() - start:.0f} s")
    what = "4,000,000 rows, 256 frequencies: peak memory less that before, MB"
    row(what, peak - before, 600, at_most=True)


def measure_search(options):
    X, y = small_image(options.images[0])
    rows = np.random.default_rng(0).permutation(len(X))[:20_000]
    durations = {}
    for n_jobs in (1, 2):
        grid = {"embedding__sigma": [1, 3, 10, 30]}
        search = GridSearchCV(engine(), grid, cv=3, n_jobs=n_jobs, refit=False)
        durations[n_jobs], _ = seconds(lambda search=search: search.fit(X[rows], y[rows]))
        note(f"GridSearchCV over 4 sigmas, 3 folds, n_jobs={n_jobs}: {durations[n_jobs]:.1f} s")
    row("GridSearchCV: n_jobs=2 / n_jobs=1", durations[2] / durations[1], 1, at_most=True)


if __name__ == "__main__":
    if not FAST_BFLOAT16:
        note("bfloat16 is not fast here: its rows are left out")
    quick = [measure_step, measure_peers, measure_memory, measure_search, measure_device]
    slow = [measure_quality, measure_precision, measure_recipe]
    run(__doc__, quick + slow, "images+", device="auto")
