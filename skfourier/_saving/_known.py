"""The classes that a file may name, and where they are: a closed list.

Names in files are the keys, which must stay as they are: a class that moves gets another module
here. Modules are imported when a file, or an object to save, has such a class.
"""

import inspect
from importlib import import_module

# Rebuilt by calling the class with its parameters, which are attributes of the same names.
_BY_PARAMETERS = {
    **{
        f"spectra.{name}": "skfourier.spectra"
        for name in (
            *("Basic", "Cauchy", "Frequencies", "Gaussian", "Laplace", "Matern", "Periodic"),
            *("Positional", "Uniform", "SpectrumMultiple", "SpectrumSum"),
        )
    },
    "spectra.FiniteMultiple": "skfourier.spectra._finite",
    "spectra.FiniteSum": "skfourier.spectra._finite",
    "kernels.NNGPKernel": "skfourier.kernels",
    "kernels.NeuralTangentKernel": "skfourier.kernels",
    **{
        f"activations.{name}": "skfourier.activations"
        for name in ("Erf", "GELU", "Gaussian", "ReLU", "SIREN", "Sine", "Tanh")
    },
    **{
        f"model_selection.{name}": "skfourier.model_selection"
        for name in ("BlockKFold", "FrameKFold", "FrameSplit", "GridHoldoutSplit")
    },
    **{
        f"sklearn.{name}": "sklearn.gaussian_process.kernels"
        for name in ("ConstantKernel", "Matern", "Product", "RBF", "Sum")
    },
    **{
        f"sklearn.{name}": "sklearn.model_selection"
        for name in ("GroupKFold", "GroupShuffleSplit", "KFold", "ShuffleSplit")
    },
    "sklearn.FrozenEstimator": "sklearn.frozen",
    "sklearn.Pipeline": "sklearn.pipeline",
    # Learns the number of columns only, which a trend gives it again.
    "sklearn.PolynomialFeatures": "sklearn.preprocessing",
}

# Likewise; then they take back what `fit` has learned.
ESTIMATORS = {
    "CoordinateMLPEnsemble": "skfourier._ensemble",
    "CoordinateMLPRegressor": "skfourier._coordinate_mlp",
    "FourierFeatures": "skfourier._fourier_features",
    "FourierKernelRegressor": "skfourier._kernel_regressor",
    "FourierKernelRegressorCV": "skfourier._kernel_regressor_cv",
    "MotionCompensatedRegressor": "skfourier._motion",
}

# scikit-learn's that precede ours in pipelines; what they have learned, by row or by column.
SCALERS = {
    "sklearn.MinMaxScaler": ("min_", "scale_", "data_min_", "data_max_", "data_range_"),
    "sklearn.StandardScaler": ("mean_", "var_", "scale_"),
}

# Named, but not called.
OPTIMIZERS = {
    **{
        f"optim.{name}": "torch.optim"
        for name in (
            *("ASGD", "Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "LBFGS"),
            *("NAdam", "RAdam", "RMSprop", "Rprop", "SGD"),
        )
    },
    "optim.AdamWScheduleFree": "schedulefree",
}

_MODULES = {
    **_BY_PARAMETERS,
    **ESTIMATORS,
    **dict.fromkeys(SCALERS, "sklearn.preprocessing"),
    **OPTIMIZERS,
}

# Parameters that name places on the machine of the training: after loading they are None, or else
# a file could say where a fit writes, or what it reads.
_PLACES = {"CoordinateMLPRegressor": "checkpoint", "Pipeline": "memory"}

#: What a top-level object of a file may be.
MODELS = (*ESTIMATORS, *SCALERS, "sklearn.Pipeline")


def name_of(cls):
    """Return the name that files have for a class, or None: a subclass has none."""
    for name in _MODULES:
        if name.rpartition(".")[2] == cls.__name__ and class_of(name) is cls:
            return name
    return None


def class_of(name):
    """Return the class of a name.

    Raises
    ------
    ValueError
        If there is no such name.
    """
    if name not in _MODULES:
        raise ValueError(f"it holds a {name!r:.60}, which this version does not know")
    return getattr(import_module(_MODULES[name]), name.rpartition(".")[2])


def parameters_of(cls):
    """Name the parameters of a class that files hold; its objects have them as attributes."""
    parameters = inspect.signature(cls).parameters.values()
    various = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    names = [one.name for one in parameters if one.kind not in various]
    return [name for name in names if name != _PLACES.get(cls.__name__)]
