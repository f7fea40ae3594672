"""The fitted attributes of scikit-learn's scalers, as its documentation lists them."""

import numpy as np

from skfourier._saving._known import SCALERS, name_of


def scaler_state(scaler):
    """Return what a fitted scaler has learned."""
    names = SCALERS[name_of(type(scaler))]
    return {name: getattr(scaler, name) for name in ("n_samples_seen_", *names)}


def restore_scaler(scaler, name, state):
    """Give a scaler back what it had learned."""
    n_features = scaler.n_features_in_
    for attribute in SCALERS[name]:
        # A StandardScaler without mean or deviation has None there.
        array = state.take(attribute, np.ndarray, type(None))
        if array is not None and (
            array.shape != (n_features,) or array.dtype not in (np.float64, np.float32)
        ):
            raise ValueError(f"{attribute} of {name} is not of shape ({n_features},)")
        setattr(scaler, attribute, array)
    scaler.n_samples_seen_ = state.take("n_samples_seen_", int, np.number, np.ndarray)
    if np.shape(scaler.n_samples_seen_) not in ((), (n_features,)):
        raise ValueError(f"n_samples_seen_ of {name} is not one for each column")
