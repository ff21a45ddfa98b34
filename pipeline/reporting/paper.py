"""Numbers of the paper, transcribed, so that ours can stand beside them.

Conventions
-----------
Scores lie in [0, 1], training times are in seconds on the paper's unnamed hardware. Where text and
table disagree (61.8 % in the text of Section V.B.2, 0.624 in Table VII; 63.8 % against 0.647 in
Table VIII) the tables are the reference. Rows keep the paper's order and spelling.

Source: Zhao Hanbing, Jin Xin, Guo Jinfeng, *Music Emotion Recognition and Analysis Based on Neural
Network*, Tables III to IX, Section VI.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """One table of the paper.

    Attributes
    ----------
    number
        Roman number.
    title
        What it shows, in our words.
    corpus
        The paper's data set; none of these three is public in the paper's form.
    columns, rows
        As printed, without units.
    """

    number: str
    title: str
    corpus: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | float, ...], ...]


_SIZE = ("Data", "Size")
#: A channel is (repetitions, feature maps, kernel size, pooling size).
_SWEEP = ("GTF channel", "MF_RP channel", "Training accuracy", "Testing accuracy")
_SCORES = ("Model", "Accuracy", "Precision", "Recall", "F1", "Training time (s)")

TABLES: tuple[Table, ...] = (
    Table(
        "III", "feature sizes", "EMA", _SIZE,
        (
            ("Music pre-processing", "3895x44100x60"),
            ("GTF features", "3895x24x44"),
            ("MF_RP features", "3895x192x44"),
        ),
    ),
    Table(
        "IV", "CNN channel sweep", "EMA", _SWEEP,
        (
            ("3,4,5,4", "2,4,6,5", 0.75, 0.48),
            ("2,5,7,4", "3,6,8,4", 0.88, 0.53),
            ("2,4,6,4", "2,7,9,5", 0.91, 0.58),
            ("3,3,5,5", "4,6,8,4", 0.87, 0.57),
            ("2,4,5,4", "3,5,7,4", 0.96, 0.63),
        ),
    ),
    Table(
        "V", "CNN channel sweep", "Emotion", _SWEEP,
        (
            ("3,5,4,4", "2,4,6,5", 0.81, 0.46),
            ("2,4,5,4", "3,6,8,4", 0.84, 0.50),
            ("2,5,8,4", "2,7,9,5", 0.94, 0.63),
            ("3,3,5,5", "3,5,8,4", 0.88, 0.54),
            ("2,4,5,4", "3,6,9,5", 0.91, 0.57),
        ),
    ),
    Table(
        "VI", "CNN channel sweep", "4Q", _SWEEP,
        (
            ("3,4,5,4", "2,3,5,4", 0.91, 0.56),
            ("2,3,5,4", "2,6,8,4", 0.97, 0.63),
            ("2,4,8,4", "2,7,8,4", 0.85, 0.52),
            ("3,4,5,4", "3,6,8,4", 0.83, 0.50),
            ("2,3,5,4", "3,6,8,4", 0.92, 0.58),
        ),
    ),
    Table(
        "VII", "model comparison", "EMA", _SCORES,
        (
            ("MCCLSTM", 0.557, 0.615, 0.557, 0.585, 520.43),
            ("MCCBL", 0.548, 0.590, 0.548, 0.568, 95.72),
            ("RCNNLSTM", 0.562, 0.608, 0.562, 0.584, 1105.12),
            ("RCNNBL", 0.581, 0.599, 0.581, 0.590, 120.49),
            ("LSTM_BLS", 0.610, 0.633, 0.610, 0.621, 335.78),
            ("MULTISPEC-DNN", 0.624, 0.645, 0.624, 0.634, 470.94),
        ),
    ),
    Table(
        "VIII", "model comparison", "Emotion", _SCORES,
        (
            ("MCCLSTM", 0.591, 0.642, 0.553, 0.596, 280.45),
            ("MCCBL", 0.578, 0.601, 0.525, 0.560, 42.18),
            ("RCNNLSTM", 0.573, 0.612, 0.508, 0.556, 630.12),
            ("RCNNBL", 0.589, 0.603, 0.618, 0.610, 58.37),
            ("LSTM_BLS", 0.641, 0.655, 0.612, 0.633, 175.49),
            ("MULTISPEC-DNN", 0.647, 0.670, 0.625, 0.648, 223.74),
        ),
    ),
    Table(
        "IX", "model comparison", "4Q", _SCORES,
        (
            ("MCCLSTM", 0.581, 0.598, 0.569, 0.583, 198.34),
            ("MCCBL", 0.589, 0.624, 0.571, 0.596, 35.21),
            ("RCNNLSTM", 0.593, 0.635, 0.574, 0.603, 550.42),
            ("RCNNBL", 0.622, 0.633, 0.624, 0.629, 50.81),
            ("LSTM_BLS", 0.661, 0.674, 0.671, 0.673, 132.47),
            ("MULTISPEC-DNN", 0.635, 0.658, 0.629, 0.643, 191.54),
        ),
    ),
)  # fmt: skip

#: Tables that compare models.
SCORED: tuple[str, ...] = tuple(entry.number for entry in TABLES if entry.columns == _SCORES)

#: Tables that compare channels; a variant of the experiment is named ``<table>-<row>``.
SWEPT: tuple[str, ...] = tuple(entry.number for entry in TABLES if entry.columns == _SWEEP)

#: Recognition rates of Section VI, given without a protocol or a table.
HEADLINES: dict[str, float] = {"EmoDB": 0.9124, "IEMOCAP": 0.7188}

#: Our model for those corpora.
HEADLINE_MODEL = "multispec_speech"

#: Our model -> its row in Tables VII to IX.
ROWS: dict[str, str] = {
    "mcc_lstm": "MCCLSTM",
    "mcc_bls": "MCCBL",
    "rcnn_lstm": "RCNNLSTM",
    "rcnn_bls": "RCNNBL",
    "lstm_bls": "LSTM_BLS",
    "multispec_music": "MULTISPEC-DNN",
}


@dataclass(frozen=True)
class Counterpart:
    """What the paper says about a corpus that an adapter reads.

    Attributes
    ----------
    tables
        Numbers of the tables measured on it, or on its nearest relative.
    headline
        Key of :data:`HEADLINES`, or None.
    caveat
        Why the numbers are not the same experiment.
    """

    tables: tuple[str, ...]
    headline: str | None
    caveat: str


_SPLIT = "The paper allots tracks at random, so an artist may sit in training and test alike."

#: Adapter -> counterpart. An adapter that is not here has none.
COUNTERPARTS: dict[str, Counterpart] = {
    "ema": Counterpart(("III", "IV", "VII"), None, _SPLIT),
    "emotion": Counterpart(("V", "VIII"), None, _SPLIT),
    "four_q": Counterpart(
        ("VI", "IX"), None,
        "The paper's 4Q-emotion has 1,472 pieces and is private; the public 4Q set is a relative "
        "of it with 900. " + _SPLIT,
    ),
    "emodb": Counterpart(
        (), "EmoDB", "The paper states no protocol; whether its speakers are disjoint is unknown."
    ),
    "iemocap": Counterpart(
        (), "IEMOCAP", "The paper states neither a protocol nor which classes it keeps."
    ),
}  # fmt: skip


#: Tracks in each of the paper's corpora (Section V.A), and in the published sets of Section VI.
TRACKS: dict[str, int] = {"EMA": 4412, "Emotion": 2978, "4Q": 1472, "EmoDB": 535, "IEMOCAP": 5531}
#: "Randomly allocated into training and test sets in a 9:1 ratio" (Section V.A).
TEST_SHARE = 0.1
#: Standard errors to either side of a share that hold it 95 times in 100.
TWO_SIDED_95 = 1.96


def sampling_error(corpus: str, share: float) -> float:
    """Return how far a share of the paper's test tracks may lie from the truth by sampling alone.

    The paper prints no spread. The binomial error of a test part of a tenth of the corpus is the
    least it can be for a single split; tracks of one artist together make it larger.

    Examples
    --------
    >>> round(sampling_error("4Q", 0.635), 3)
    0.078
    """
    tested = TEST_SHARE * TRACKS[corpus]
    return float(TWO_SIDED_95 * (share * (1 - share) / tested) ** 0.5)


def table(number: str) -> Table:
    """Return the table of that Roman number."""
    return next(entry for entry in TABLES if entry.number == number)


def model_row(number: str, model: str) -> tuple[str | float, ...] | None:
    """Return the paper's row for one of our models in Table VII, VIII or IX, or None.

    Examples
    --------
    >>> model_row("IX", "lstm_bls")
    ('LSTM_BLS', 0.661, 0.674, 0.671, 0.673, 132.47)
    """
    return next((row for row in table(number).rows if row[0] == ROWS.get(model)), None)


@dataclass(frozen=True)
class SweepRow:
    """One row of Tables IV to VI: table, corpus, channels as printed, accuracies in [0, 1]."""

    table: str
    corpus: str
    gtf: str
    mf_rp: str
    train: float
    test: float


def sweep_row(name: str) -> SweepRow | None:
    """Return the row of Tables IV to VI that a variant such as ``iv-1`` is, or None.

    Examples
    --------
    >>> sweep_row("vi-2")
    SweepRow(table='VI', corpus='4Q', gtf='2,3,5,4', mf_rp='2,6,8,4', train=0.97, test=0.63)
    >>> sweep_row("text")
    """
    number, _, row = name.upper().partition("-")
    if number not in SWEPT or not row.isdecimal():
        return None
    entry = table(number)
    if not 1 <= int(row) <= len(entry.rows):
        return None
    gtf, mf_rp, train, test = entry.rows[int(row) - 1]
    return SweepRow(number, entry.corpus, str(gtf), str(mf_rp), float(train), float(test))
