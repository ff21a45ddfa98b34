"""Benchmarks: how fast the pipeline is, beside what others would run instead.

Conventions
-----------
Everything is timed side by side in one process and with one thread, round by round (reference,
ours, peer, reference, ours, ...), after a warm-up; see :mod:`pipeline.bench.timer`. A speed is
*x realtime*, seconds of sound per second of one core; a ratio compares medians. Absolute numbers
belong to the machine they were measured on, ratios travel better.

What is measured stands in :mod:`pipeline.bench.sections`, one file each; what it is compared with
in :mod:`pipeline.bench.reference` (the straightforward libraries), :mod:`pipeline.bench.exact` (the
definitions, for errors) and :mod:`pipeline.bench.peers` (other programs). Each of these folders is
its own registry.
"""
