"""The table behind the defaults of CoordinateMLPRegressor, in docs/performance.md.

    python benchmarks/coordinate_mlp_defaults.py kodim03.png kodim05.png kodim07.png

for photographs of the Kodak Lossless True Color Image Suite, or others of 512 pixels and more. All
rows take as many steps, so that the table does not depend on the speed of the machine; it takes
about a quarter of an hour for each photograph on two cores. `--only` picks rows by their names.
"""

import argparse

from scipy.ndimage import map_coordinates

from skfourier import CoordinateMLPRegressor, FourierFeatures
from skfourier.images import image_to_samples, load_image
from skfourier.metrics import psnr

SIZE = 512
ADAM = {"solver": "adam", "learning_rate_init": 5e-3}
RELU = ADAM | {"activation": "relu"}
TANH = ADAM | {"activation": "tanh"}
SIREN = ADAM | {"activation": "siren"}
CHANGES = {
    "ReLU, Adam 5e-3": RELU,
    "ReLU, Adam 1e-3": RELU | {"learning_rate_init": 1e-3},
    "ReLU, Adam 2e-3": RELU | {"learning_rate_init": 2e-3},
    "ReLU, He's initialization": RELU | {"initialization": "he"},
    "ReLU, batches of 512": RELU | {"batch_size": 512, "max_iter": 8},
    "ReLU, 128 frequencies": RELU | {"embedding__n_frequencies": 128},
    "ReLU, NAdam": RELU | {"solver": "nadam"},
    "GELU, He's initialization": RELU | {"activation": "gelu", "initialization": "he"},
    "tanh, Adam 5e-3": TANH,
    "tanh, Adam 1e-2": TANH | {"learning_rate_init": 1e-2},
    "tanh, Adam 2e-2": TANH | {"learning_rate_init": 2e-2},
    "tanh, torch's initialization": TANH | {"initialization": "torch"},
    "SIREN's sine, Adam 2e-4": SIREN | {"learning_rate_init": 2e-4},
    "SIREN's sine, Adam 5e-3": SIREN,
    "Gaussian activation": RELU | {"activation": "gaussian"},
    "sine, Adam 3e-3": ADAM | {"learning_rate_init": 3e-3},
    "sine, batches of 512": ADAM | {"batch_size": 512, "max_iter": 8},
    "sine, batches of 2,048": ADAM | {"batch_size": 2048, "max_iter": 8},
    **{
        f"sine, {name}, {epochs} epochs": changes | {"max_iter": epochs}
        for epochs in (2, 8, 30)
        for name, changes in {
            "Adam 5e-3": ADAM,
            "Adam 1e-2": ADAM | {"learning_rate_init": 1e-2},
            "schedule-free 5e-3": {"learning_rate_init": 5e-3},
            "schedule-free 7e-3": {"learning_rate_init": 7e-3},
            "schedule-free 1e-2": {},  # with eight epochs the default
            "schedule-free 1.4e-2": {"learning_rate_init": 1.4e-2},
        }.items()
    },
    "ReLU, 40 epochs": RELU | {"max_iter": 40},
    "tanh, 40 epochs": TANH | {"max_iter": 40},
}


def split(path):
    """Return coordinates and colors of every second pixel, and of those diagonally between."""
    image = load_image(path, size=SIZE)
    X, y = (rows.reshape(SIZE, SIZE, -1) for rows in image_to_samples(image))
    training = tuple(rows[::2, ::2].reshape(-1, rows.shape[2]) for rows in (X.astype("f4"), y))
    between = tuple(rows[1::2, 1::2].reshape(-1, rows.shape[2]) for rows in (X.astype("f4"), y))
    return training, between


def interpolate(y, X_between, order):
    planes = y.reshape(SIZE // 2, SIZE // 2, -1).transpose(2, 0, 1)
    places = X_between[:, ::-1].T * (SIZE // 2)
    return [map_coordinates(plane, places, order=order, mode="nearest") for plane in planes]


def compare(path, names):
    (X, y), (X_between, y_between) = split(path)
    print(f"\n{path}: PSNR in dB on the training pixels / between them")
    for name, order in (("bilinear", 1), ("cubic", 3)):
        planes = interpolate(y, X_between, order)
        print(f"  {name:32} exact / {psnr(y_between.T, [p.clip(0, 1) for p in planes]):.2f}")
    for name in names:
        embedding = FourierFeatures(sigma=10, random_state=0)
        network = CoordinateMLPRegressor(embedding=embedding, random_state=0)
        network.set_params(**CHANGES[name]).fit(X, y)
        values = (
            psnr(targets, network.predict(rows).clip(0, 1))
            for rows, targets in ((X, y), (X_between, y_between))
        )
        print(f"  {name:32} {' / '.join(f'{value:.2f}' for value in values)}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("images", nargs="+")
    parser.add_argument("--only", nargs="+", choices=CHANGES, default=list(CHANGES))
    options = parser.parse_args()
    for path in options.images:
        compare(path, options.only)


if __name__ == "__main__":
    main()
