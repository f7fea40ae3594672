"""The table behind the defaults of CoordinateMLPRegressor, in docs/performance.md.

    python benchmarks/coordinate_mlp_defaults.py kodim03.png kodim05.png kodim07.png

for photographs of the Kodak Lossless True Color Image Suite, or others of 512 pixels and more. All
rows take as many steps, so that the table does not depend on the speed of the machine; it takes
about a quarter of an hour for each photograph on two cores. `--only` picks rows by their names.
"""

from half_grid import halves, interpolations, quality
from harness import run

from skfourier import CoordinateMLPRegressor, FourierFeatures
from skfourier.images import load_image

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


def table(options):
    for path in options.images:
        image = load_image(path, size=512)
        sets = [(X.astype("f4"), y) for X, y in halves(image)]
        print(f"\n{path}: PSNR in dB on the training pixels / between them")
        for name, value in interpolations(image).items():
            print(f"  {name:32} exact / {value:.2f}")
        for name in options.only:
            embedding = FourierFeatures(sigma=10, random_state=0)
            network = CoordinateMLPRegressor(embedding=embedding, random_state=0)
            network.set_params(**CHANGES[name]).fit(*sets[0])
            values = " / ".join(f"{quality(network, *rows):.2f}" for rows in sets)
            print(f"  {name:32} {values}", flush=True)


if __name__ == "__main__":
    run(__doc__, table, "images+", only=list(CHANGES))
