"""MultiSpec: music-emotion features, models and evaluation as one reproducible DVC graph.

``synthesize -> index -> split -> extract -> embed -> train -> evaluate -> report``; every stage is
a module that can be run alone, ``python -m pipeline.<stage> [corpus] [feature | model]``.
"""
