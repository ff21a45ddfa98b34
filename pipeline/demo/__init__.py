"""The demo corpus, as pure functions; ``pipeline.synthesize`` writes what they return.

Who writes which piece (``plan``), what it is to express (``cues``), its notes (``compose``), their
MIDI (``score``) and their sound (``render``).
"""
