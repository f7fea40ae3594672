"""A callback of scikit-learn's for tests to build theirs on."""


class Callback:
    """A callback that does nothing: all four methods of the protocol, for the one that matters."""

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        pass
