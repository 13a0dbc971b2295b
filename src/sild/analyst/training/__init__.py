"""Makes and measures the model that the engine runs; needs scikit-learn (the `train` extra), not Django."""
