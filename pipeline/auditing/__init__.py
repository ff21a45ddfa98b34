"""The leak audit: what could let a test track be known before it is tested, one file per check."""
