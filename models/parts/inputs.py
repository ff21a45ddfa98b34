"""A model's choice among the inputs it could read.

Conventions
-----------
A choice is a list of input names in ``params.yaml``; its order carries no meaning.
"""

from __future__ import annotations


def check_inputs(chosen: tuple[str, ...], known: tuple[str, ...]) -> None:
    """Refuse an empty choice, an unknown name, and a name given twice.

    Parameters
    ----------
    chosen
        The value of the key ``inputs``.
    known
        All inputs of the model.

    Raises
    ------
    ValueError
        Names the key, what is wrong with it, and the known inputs.

    Examples
    --------
    >>> check_inputs(("gtf", "chords"), ("gtf", "mf_rp", "chords"))
    >>> check_inputs(("gtff",), ("gtf", "mf_rp"))
    Traceback (most recent call last):
    ...
    ValueError: inputs: 'gtff' is not one of gtf, mf_rp
    """
    if not chosen:
        raise ValueError(f"inputs: there must be at least one of {', '.join(known)}")
    for name in chosen:
        if name not in known:
            raise ValueError(f"inputs: {name!r} is not one of {', '.join(known)}")
        if chosen.count(name) > 1:
            raise ValueError(f"inputs: {name!r} is named twice")
