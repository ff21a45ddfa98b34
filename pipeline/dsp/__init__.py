"""Signal helpers that the feature modules share: pure functions on float64 arrays."""
