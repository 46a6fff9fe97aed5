"""XLSForm studies: one folder per study, read with `importlib.resources`."""
