"""The long forms: what takes minutes, run by `make test-all`."""
