"""Settings of all tests, doctests included."""

import os

# Read once, when scipy is first imported: one of scikit-learn's estimator checks asks for it.
os.environ["SCIPY_ARRAY_API"] = "1"

# Displays are drawn without a screen.
os.environ["MPLBACKEND"] = "agg"

# Of two processes beside one another each has one core.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
