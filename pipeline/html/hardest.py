"""The tracks that a model is surest about and wrong.

Conventions
-----------
Grouped folds. A track counts once, with its surest wrong answer over the seeds; equals are in the
order of their names. Probabilities lie in [0, 1].
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.html import spectra
from pipeline.html.heard import Stores
from pipeline.html.sounds import Library, Player
from pipeline.html.spectra import Picture
from pipeline.reporting.gallery import NARROWBAND
from pipeline.reporting.runs import GROUPED, Run


@dataclass(frozen=True)
class Hard:
    """One track: what it is, what was said and how surely, its sound and picture."""

    track: str
    group: str
    true: str
    predicted: str
    probability: float
    of_true: float
    player: Player
    picture: Picture | None


def hardest(
    run: Run, count: int, groups: Mapping[str, str], library: Library, stores: Stores | None
) -> list[Hard]:
    """Return the tracks of the surest mistakes, the surest first.

    Parameters
    ----------
    groups
        Track -> artist, song or speaker.
    stores
        Where the spectrograms are; None for a corpus without audio.
    """
    table = run.predictions[run.predictions["protocol"] == GROUPED]
    wrong = table[table["true"] != table["predicted"]]
    sure = [float(row[f"p_{row['predicted']}"]) for row in wrong.to_dict("records")]
    wrong = wrong.assign(sure=sure).sort_values(
        ["sure", "track", "seed"], ascending=[False, True, True]
    )
    rows = wrong.drop_duplicates("track").head(count).to_dict("records")
    drawn = _pictures([str(row["track"]) for row in rows], stores)
    return [
        Hard(
            row["track"],
            groups[row["track"]],
            row["true"],
            row["predicted"],
            float(row["sure"]),
            float(row[f"p_{row['true']}"]),
            library.player(row["track"], f"{row['track']}: {row['true']}, not {row['predicted']}"),
            drawn.get(row["track"]),
        )
        for row in rows
    ]


def _pictures(tracks: list[str], stores: Stores | None) -> dict[str, Picture]:
    """Draw the narrowband spectrogram of those tracks that its store holds."""
    if stores is None or NARROWBAND not in stores.names:
        return {}
    about = stores.attributes(NARROWBAND)
    held = [track for track in tracks if track in set(about["tracks"])]
    if not held:
        return {}
    rows = stores.rows(NARROWBAND, held)
    top = spectra.loudest(rows, stores.seconds)
    return {
        track: spectra.spectrogram(
            row,
            about["config"],
            stores.seconds,
            top,
            f"Narrowband spectrogram of {track}",
        )
        for track, row in rows.items()
    }
