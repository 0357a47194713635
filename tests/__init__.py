"""The portal's tests. `make test` runs them against real servers, `make test-all` with their long forms; see tests/servers."""
