"""What several tests share."""

import pytest
import torch

CUDA = torch.cuda.is_available()


@pytest.fixture(autouse=CUDA)
def on_the_cpu(request, monkeypatch):
    """Compute where the tolerances are derived for, but in test_cuda.py."""
    if request.path.name != "test_cuda.py":
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
