"""Inspect AI's side of the sandbox: our isolation as a sandbox provider, our solutions as a model (`sild[inspect]`)."""
