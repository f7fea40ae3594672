"""The network and its training. Not public: reached through `CoordinateMLPRegressor`."""
