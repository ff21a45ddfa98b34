"""Parts of prediction: the model file, calibration, distance from the training data, inputs."""
