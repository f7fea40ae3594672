"""What scikit-learn keeps private, in one place, so that a change there is mended here.

Its private names, and what an estimator cannot ask or do by public ones.
"""

import inspect
import sys
from contextlib import contextmanager

from sklearn import get_config
from sklearn.base import _fit_context
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import _check_sample_weight

# What others import from here, and not from scikit-learn.
__all__ = ["HasMethods", "Interval", "StrOptions", "_check_sample_weight", "_fit_context"]

# Where scikit-learn's pictures of estimators in notebooks link to.
DOC_LINK = (
    "https://skfourier.github.io/skfourier/api/generated/{estimator_module}.{estimator_name}.html"
)

# What scikit-learn keeps of callbacks during a fit.
_CALLBACK_STATE = ("_callback_fit_ctx", "_skl_callbacks_to_teardown")


def accepts_sample_weight(scorer):
    """Return whether a scorer takes `sample_weight`; scikit-learn's own know, others say so."""
    if hasattr(scorer, "_accept_sample_weight"):
        return scorer._accept_sample_weight()
    return "sample_weight" in inspect.signature(scorer).parameters


def output_container(estimator):
    """Return what `set_output` has asked for ("pandas", ...), or None."""
    return getattr(estimator, "_sklearn_output_config", {}).get("transform")


def routing_is_enabled():
    """Return whether metadata are routed: ``sklearn.set_config(enable_metadata_routing=True)``."""
    return get_config()["enable_metadata_routing"]


# What fits estimators one after the other.
_FIT_SEVERAL = (
    "sklearn.model_selection",
    "sklearn.ensemble",
    "sklearn.multioutput",
    "skfourier._ensemble",
)


def is_one_of_several_fits() -> bool:
    """Return whether a search, a cross-validation or an ensemble is among the callers.

    There is no public way to ask. Every such function lives in one of a few modules, and its frame
    stands on the stack of the process that runs the fit, also under joblib.
    """
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_globals.get("__name__", "").startswith(_FIT_SEVERAL):
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False


@contextmanager
def unchanged_on_error(estimator):
    """Give the estimator its attributes back if the block raises: a failed fit loses nothing.

    What the block changes inside an attribute (weights, in place) it has to mend itself.
    """
    before = dict(estimator.__dict__)
    try:
        yield
    except BaseException:
        # The tasks of callbacks, which scikit-learn ends.
        tasks = {k: v for k, v in estimator.__dict__.items() if k in _CALLBACK_STATE}
        estimator.__dict__.clear()
        estimator.__dict__.update(before | tasks)
        raise
