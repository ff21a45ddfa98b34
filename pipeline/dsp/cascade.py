"""Cascades of four resonators, of four channels at once: the filters of :mod:`pipeline.dsp.erb`.

Conventions
-----------
All sections of a channel share the poles ``r exp(+-i theta)``. States are kept relative to their
decay, ``u(n) = r^n U(n)``, with a new origin of ``n`` every ``STRETCH`` samples: the decay is then
in the input and the output alone, and ``r^2 u(n - 2)`` becomes a subtraction, which processors do
beside the multiplications. With ``P U(n) = 2 cos(theta) U(n - 1) - U(n - 2)``:

    A(n) = r^-n x(n) + P A(n)                  B(n) = A(n) + P B(n)
    C(n) = A(n) - g_1 B(n - 2) + P C(n)        D(n) = C(n) + P D(n)
    y(n) = r^n (C(n) - g_2 D(n - 2))

Step ``n`` computes A(n), B(n - 1), C(n - 1), D(n - 2) and y(n - ``LAG``) from the states that the
last step left: the four recursions run side by side, none waits for another. Nine multiplications
and four subtractions a sample; the recursion's own latency is nearly as long.
"""

from __future__ import annotations

from pipeline.dsp.lanes import WIDTH, fma, kernel, load, splat, spread, store

# Samples by which the output of a channel follows its input.
LAG = 2
# Samples between two origins of the decay: r^-128 stays below 1e20.
STRETCH = 128
# Elements of a group of channels in the tables.
FILTERS, GROWTH = 3 * WIDTH, 2 * WIDTH * (STRETCH + 1)


@kernel
def cascade(samples, starts, edges, memory, filters, growth, sums):  # type: ignore[no-untyped-def]
    """Sum the squares of all channels between edges.

    ``filters`` holds 2 cos(theta), -g_1 and -g_2 of each group of four channels, ``growth`` r^-n
    and r^(n - LAG) for ``n`` from 0 to ``STRETCH``. ``sums`` has the shape (row, group, segment,
    lane), flat. Edge 0 is the start of the filters, at most ``memory[group]`` before edge 1;
    ``LAG`` samples follow the last edge.
    """
    segments = edges.size - 1
    for row in range(starts.size):
        for group in range(memory.size):
            f, table = FILTERS * group, GROWTH * group
            p = load(filters, f)
            g1, g2 = load(filters, f + WIDTH), load(filters, f + 2 * WIDTH)
            a1 = a2 = b1 = b2 = c1 = c2 = d1 = d2 = splat(0.0)
            place = (row * memory.size + group) * segments * WIDTH
            first = starts[row] + max(edges[0], edges[1] - memory[group])
            for segment in range(segments):
                last, energy = starts[row] + edges[segment + 1] + LAG, splat(0.0)
                while first < last:
                    t, stop = table, min(first + STRETCH, last)
                    for n in range(first, stop):
                        y = fma(g2, d2, c1) * load(growth, t + WIDTH)
                        energy = fma(y, y, energy)
                        d = fma(p, d1, c1 - d2)
                        c = fma(p, c1, fma(g1, b2, a1) - c2)
                        b = fma(p, b1, a1 - b2)
                        a = fma(p, a1, spread(samples, n) * load(growth, t) - a2)
                        a1, a2, b1, b2, c1, c2, d1, d2 = a, a1, b, b1, c, c1, d, d1
                        t += 2 * WIDTH
                    # The new origin lies as many samples later as were done.
                    r = load(growth, t + WIDTH) / load(growth, table + WIDTH)
                    a1, a2, b1, b2 = a1 * r, a2 * r, b1 * r, b2 * r
                    c1, c2, d1, d2 = c1 * r, c2 * r, d1 * r, d2 * r
                    first = stop
                store(sums, place + segment * WIDTH, energy)
