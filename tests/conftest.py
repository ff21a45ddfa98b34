"""What holds for every test: no property is judged by how fast a busy machine checked it."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("project", deadline=None)
settings.load_profile("project")
