"""Tests of the house itself: that its servers are real, that its floors and habits hold."""
