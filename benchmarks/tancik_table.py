"""Which mapping of the coordinates: the table of Tancik et al. 2020, with their network and ours.

    python benchmarks/tancik_table.py kodim01.png ... kodim08.png [--size 256] [--steps 500]

Every second pixel of the middle of each photograph is learned, those diagonally between are tested,
as in their section 6; as many drawn texts beside them, since their own are not to be had. "theirs"
is their network (ReLU, sigmoid, Adam), "ours" the default; both take --steps steps of 1,024
rows, theirs 2,000 of all rows. Positional and Gaussian mappings are at the scale that is best on
the mean of the tested pixels of each set, as in their table; "auto" sees no tested pixel. Each
figure is a mean over the set, in dB. What is trained is kept in --kept: a rerun goes on.
"""

import json
from pathlib import Path

import numpy as np
from half_grid import crop, halves
from harness import note, row, run
from signals import text

from skfourier import CoordinateMLPRegressor, FourierFeatures
from skfourier.metrics import psnr
from skfourier.spectra import Basic, Positional

THEIRS = {
    "activation": "relu",
    "initialization": "torch",
    "output_activation": "sigmoid",
    "solver": "adam",
    "learning_rate": "constant",
    "learning_rate_init": 1e-3,
}
NETWORKS = {"theirs": THEIRS, "ours": {}}
MAPPINGS = {
    "none": None,
    "basic": FourierFeatures(distribution=Basic(), n_frequencies=2),
    **{f"positional {L}": FourierFeatures(distribution=Positional(L)) for L in (3, 4, 5, 6)},
    **{f"Gaussian {sigma:g}": FourierFeatures(sigma) for sigma in (1.25, 2.5, 5, 10)},
    "auto": FourierFeatures("auto"),
}
ORDER = ("none", "basic", "positional", "Gaussian", "auto")


def quality(image, network, mapping, steps):
    """Train on every second pixel; return the PSNR of those diagonally between."""
    (X, y), (X_between, y_between) = halves(image)
    params = NETWORKS[network] | {"max_iter": max(1, round(steps * 1024 / len(X)))}
    model = CoordinateMLPRegressor(embedding=MAPPINGS[mapping], random_state=0, **params)
    return psnr(y_between, model.fit(X, y).predict(X_between).clip(0, 1))


def images(options):
    """Return the sets, of names and images."""
    photographs = {Path(path).stem: crop(path, options.size) for path in options.photographs}
    texts = {f"text {i}": text(options.size, seed=i) for i in range(len(photographs))}
    return {"photographs": photographs, "text": texts}


def trained(pictures, network, options, kept):
    """Return a row of PSNR, one for each picture, for each mapping."""
    rows = {mapping: [] for mapping in MAPPINGS}
    for name, picture in pictures.items():
        for mapping, row_ in rows.items():
            key = f"{name}, {options.size}, {options.steps} steps, {network}, {mapping}"
            if key not in kept:
                kept[key] = float(quality(picture, network, mapping, options.steps))
                options.kept.write_text(json.dumps(kept, indent=1))
            row_.append(kept[key])
    return rows


def best_of_each(rows):
    """Return for each kind of mapping the name and the row that is best on the mean."""
    kinds = {kind: [name for name in rows if name.split()[0] == kind] for kind in ORDER}
    best = {kind: max(names, key=lambda n: np.mean(rows[n])) for kind, names in kinds.items()}
    return {kind: (name, np.array(rows[name])) for kind, name in best.items()}


def table(options):
    options.kept.parent.mkdir(parents=True, exist_ok=True)
    kept = json.loads(options.kept.read_text()) if options.kept.exists() else {}
    print(f"{options.size} x {options.size}, {options.steps} steps")
    for kind, pictures in images(options).items():
        for network in NETWORKS:
            print(f"\n{kind}, {network}: PSNR between the pixels, mean and deviation over the set")
            best = best_of_each(trained(pictures, network, options, kept))
            for name, reached in best.values():
                note(f"{name:14} {reached.mean():6.2f} +- {reached.std():.2f} dB")
            means = [reached.mean() for _, reached in best.values()]
            for i in range(3):
                row(f"{ORDER[i + 1]} minus {ORDER[i]}, dB", means[i + 1] - means[i], 0.0)
            row('"auto" minus the best Gaussian, dB', means[4] - means[3], -0.2)


if __name__ == "__main__":
    kept = Path("output/tancik_table.json")
    run(__doc__, table, "photographs+", size=256, steps=500, kept=kept)
