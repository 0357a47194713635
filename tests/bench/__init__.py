"""Performance measurements: `make bench`. `make test` has no timed tests."""
