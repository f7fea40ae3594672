"""What several tests share."""

import pytest
import torch

CUDA = torch.cuda.is_available()


@pytest.fixture(autouse=CUDA)
def on_the_cpu(request, monkeypatch):
    """Compute where the tolerances are derived for, but in test_cuda.py."""
    if request.path.name != "test_cuda.py":
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.fixture(scope="module")
def client():
    """Two worker processes of dask's, whose nannies start a killed one again.

    They end with the module: while they wait they take a tenth of a core.
    """
    import dask  # noqa: PLC0415 (few tests need it)
    from distributed import Client, LocalCluster  # noqa: PLC0415

    # On a busy machine processes take long to start.
    settings = {"distributed.comm.timeouts.connect": "120s"}
    settings["distributed.worker.profile.enabled"] = False
    options = {"dashboard_address": ":0", "worker_dashboard_address": None, "silence_logs": 50}
    with (
        dask.config.set(settings),
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, **options) as cluster,
        Client(cluster) as client,
    ):
        yield client
