"""What the portal costs, measured: `make bench`. Never a timed test of `make test`."""
