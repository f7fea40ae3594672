"""The network with sigma="auto" between the pixels, against interpolation and the best sigma.

    python benchmarks/network_quality.py [kodim01.png ...] [--only NAME ...]

The middle of each photograph is cut out; every second pixel is learned, those diagonally between
are tested. "photographs" are of 256 x 256 pixels, with the default length of training. "large" is
of 512 x 512, with --epochs of 24 (and 96: two minutes each). Beside both stands the best linear
filter, fitted to the tested pixels themselves: what interpolation could gain at most.
"choice" compares "auto" with the best of ten sigmas, 0.005 to 0.11 cycles per spacing, on other
kinds of signals, --seeds each, and counts its steps. "lengths" trains three and twelve times as
long on them. "ensemble" is the mean of four networks against one, and the share of the tested
pixels within its 90 % intervals. "rivals" are the closed form with its own choice, a smooth grid,
and a small network on a hash grid.
Without arguments scikit-image's photographs are taken.
"""

import math
from functools import partial
from pathlib import Path

import numpy as np
import skimage.data
from half_grid import crop, filtered, halves, interpolations, middle, quality
from harness import note, row, run, seconds
from learned_grids import PENALTIES, HashGrid, SmoothGrid
from signals import line, terrain, text

from skfourier import (
    CoordinateMLPEnsemble,
    CoordinateMLPRegressor,
    FourierFeatures,
    FourierKernelRegressorCV,
)
from skfourier.images import image_to_samples
from skfourier.metrics import psnr

OURS = ("astronaut", "chelsea", "coffee", "rocket")
CYCLES_PER_SPACING = 0.005 * np.sqrt(2) ** np.arange(10)


def network(sigma="auto", seed=0, **params):
    return CoordinateMLPRegressor(embedding=FourierFeatures(sigma), random_state=seed, **params)


def photographs(paths, size):
    """Return names and crops, scikit-image's if there are no paths."""
    if paths:
        return {Path(path).stem: crop(path, size) for path in paths}
    pictures = {name: getattr(skimage.data, name)() for name in OURS}
    return {n: middle(p, min(size, *p.shape[:2]) // 2 * 2) for n, p in pictures.items()}


def gains(options, size, bars, **params):
    """Print how far the network is above the better of bilinear and cubic, and its seconds."""
    print(f"\n{size} x {size}, {params or 'the defaults'}: dB above bilinear or cubic; seconds")
    above, times = [], []
    for name, image in photographs(options.photographs, size).items():
        learned, between = halves(image)
        rival = max(interpolations(image).values())
        best_filter = psnr(between[1], filtered(image).clip(0, 1)) - rival
        time, model = seconds(lambda data=learned: network(**params).fit(*data))
        above.append(quality(model, *between) - rival)
        times.append(time)
        note(
            f"{name:12} interpolated {rival:.2f} dB, network {above[-1]:+.2f}, "
            f"best filter {best_filter:+.2f}, "
            f"sigma {np.max(model.embedding_.sigma_):.3g}, alpha {model.alpha_:.2g}, "
            f"{trainings(model):.2f} trainings, {time:.1f} s"
        )
    row("mean dB above the better interpolation", np.mean(above), bars[0])
    row("least dB above the better interpolation", min(above), bars[1])
    row("seconds with the choice, the most", max(times), bars[2], at_most=True)


def run_photographs(options):
    gains(options, 256, (1.2, 0.2, 15))


def run_large(options):
    for epochs in options.epochs:
        bars = {24: (0.6, None, 30), 96: (0.9, None, 120)}.get(epochs, (None, None, None))
        gains(options, 512, bars, max_iter=epochs)


def signals(options):
    """Yield a name and X, y, X of the test, y of the test."""
    pictures = photographs(options.photographs, 256)
    rng = np.random.default_rng(0)
    for name, image in list(pictures.items())[: options.most]:
        (X, y), test = halves(image)
        yield name, X, y, *test
        yield f"{name}, noise 20 dB", X, y + 0.1 * rng.normal(size=y.shape), *test
        X, y = image_to_samples(image)
        order = rng.permutation(len(X))
        learned, others = np.split(order, [len(X) // 5])
        yield f"{name}, a fifth", X[learned], y[learned], X[others], y[others]
    (X, y), test = halves(text(256))
    yield "text", X, y, *test
    X, y, X_test, y_test = terrain()
    yield "terrain", X, y / np.ptp(y), X_test, y_test / np.ptp(y)
    for kind in ("chirp", "steps", "smooth"):
        yield f"line, {kind}", *line(kind)


def run_choice(options):
    """Print what "auto" loses to the best of ten sigmas, and how many trainings it takes."""
    print("\nloss of the choice in dB, mean of the seeds; trainings, the last one included")
    losses, most = [], []
    for name, X, y, X_test, y_test in signals(options):
        rule = FourierFeatures("auto").fit(X).sigma_ / 0.02
        reached = []
        for sigma in ["auto", *(rule * c for c in CYCLES_PER_SPACING)]:
            fits = [network(sigma, seed).fit(X, y) for seed in range(options.seeds)]
            reached.append(np.mean([psnr(y_test, f.predict(X_test), data_range=1) for f in fits]))
            if sigma == "auto":
                most.append(max(map(trainings, fits)))
        losses.append(max(reached[1:]) - reached[0])
        by_rule = max(reached[1:]) - reached[1 + 4]  # 0.02 cycles per spacing
        note(
            f"{name:22} best {max(reached[1:]):.2f} dB, auto loses {losses[-1]:+.2f}, the rule by "
            f"spacing {by_rule:+.2f}; {most[-1]:.2f} trainings"
        )
    row("mean loss of the choice, dB", np.mean(losses), 0.2, at_most=True)
    row("largest loss of the choice, dB", max(losses), 0.6, at_most=True)
    row("most trainings, by their steps", max(most), 2.5, at_most=True)


def run_lengths(options):
    """Print what the default reaches, and trainings three and twelve times as long."""
    print("\nPSNR after the default training, three and twelve times of it; seconds")
    for name, X, y, X_test, y_test in signals(options):
        default, cells = math.ceil(500 / math.ceil(len(X) / 1024)), []
        for times in (1, 3, 12):
            model = network(max_iter=times * default)
            time, _ = seconds(lambda model=model, data=(X, y): model.fit(*data))
            cells.append(f"{psnr(y_test, model.predict(X_test), data_range=1):.2f} ({time:.0f} s)")
        note(f"{name:22} {', '.join(cells)}")


def trainings(model):
    """Count the trainings that a fit took, by steps times rows: of the candidates, and its own."""
    tried = model.sigma_search_
    candidates = np.column_stack([tried["sigma"], tried["alpha"]])
    longest = [
        tried["n_epochs"][np.all(candidates == candidate, axis=1)].max()
        for candidate in np.unique(candidates, axis=0)
    ]
    return 1 + (1 - model.validation_fraction) * sum(longest) / model.n_iter_


def run_ensemble(options):
    """Print what four networks gain, and the coverage of their intervals."""
    print(
        "\nfour networks: dB over one of the same choice; coverage of 90 % intervals, of a tenth of"
    )
    print("the rows, drawn at random, that nobody learned, and of the test (which has no noise)")
    gained, covered = [], []
    for name, X, y, X_test, y_test in signals(options):
        learned = np.random.default_rng(0).uniform(size=len(X)) > 0.1
        rows, others = (X[learned], y[learned]), (X[~learned], y[~learned])
        time, ensemble = seconds(lambda data=rows: CoordinateMLPEnsemble(random_state=0).fit(*data))
        first = ensemble.estimators_[0]
        same = {"sigma": first.embedding_.sigma_, "alpha": first.alpha_}
        ones = [
            network(seed=seed, **same).fit(*rows).predict(X_test) for seed in range(options.seeds)
        ]
        mean = ensemble.predict(X_test)
        one = np.mean([psnr(y_test, one, data_range=1) for one in ones])
        gained.append(psnr(y_test, mean, data_range=1) - one)
        covered.append(coverage(ensemble, *others))
        note(
            f"{name:22} {gained[-1]:+.2f} dB, coverage {covered[-1]:.3f}, of the test "
            f"{coverage(ensemble, X_test, y_test):.3f}, {time:.1f} s"
        )
    row("mean gain of four networks, dB", np.mean(gained), 0.2)
    row("least coverage of 90 % intervals", min(covered), 0.85)
    row("largest coverage of 90 % intervals", max(covered), 0.95, at_most=True)


def coverage(ensemble, X, y):
    """Return the share of y within the 90 % intervals."""
    mean, deviation = ensemble.predict(X, return_std=True)
    return np.mean(np.abs(y - mean) < 1.645 * deviation)


def run_rivals(options):
    """Print what others reach that choose for themselves, and the network: dB above interpolation.

    The closed form; a smooth grid with as many parameters as the network, and with each penalty; a
    small network on a multiresolution hash grid, trained as the default and six times as long.
    """
    small = {"hidden_layer_sizes": (64, 64), "activation": "relu", "embedding": HashGrid()}
    small |= {"solver": "adam", "alpha": 0, "random_state": 0}
    rivals = {
        "closed form": FourierKernelRegressorCV,
        "smooth grid": SmoothGrid,
        **{f"the same, {p:g}": partial(SmoothGrid, penalties=(p,)) for p in PENALTIES},
        "hash grid": partial(CoordinateMLPRegressor, **small),
        "hash grid, longer": partial(CoordinateMLPRegressor, max_iter=192, **small),
        "network": network,
    }
    print("\nPSNR of the pixels learned; those between, less the better interpolation; seconds")
    for name, image in photographs(options.photographs, 256).items():
        learned, between = halves(image)
        better = max(interpolations(image).values())
        for rival, build in rivals.items():
            time, model = seconds(lambda build=build, data=learned: build().fit(*data))
            kept, above = quality(model, *learned), quality(model, *between) - better
            note(f"{name:12} {rival:18} {kept:6.2f} dB, {above:+.2f} dB, {time:.1f} s")


if __name__ == "__main__":
    runs = [run_photographs, run_large, run_choice, run_lengths, run_ensemble, run_rivals]
    run(__doc__, runs, "photographs*", epochs=[24], seeds=3, most=2)
