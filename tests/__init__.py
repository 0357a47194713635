"""The portal's tests. `make test` runs all of them against real servers; see tests/servers."""
