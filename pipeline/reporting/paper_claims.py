"""What the paper says in words, as data: comparisons, and numbers of its text beside its tables.

Conventions
-----------
:data:`RELATIVE` holds statements that one side is better, faster or about as good as others; a side
is one of our models (:data:`pipeline.reporting.paper.ROWS`) or a variant of an experiment.
:data:`STATED` holds numbers of the text that the paper's own tables decide, and :data:`COUNTS`
numbers that it gives twice. Shares are in [0, 1], differences of shares too.

Source: the paper named in :mod:`pipeline.reporting.paper`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

_MODELS = ("mcc_lstm", "mcc_bls", "rcnn_lstm", "rcnn_bls", "lstm_bls", "multispec_music")
_LINE = "Section V.B.2"
#: Section IV speaks of speech: of the two corpora of the headline rates.
_SPEECH = ("EmoDB", "IEMOCAP")


@dataclass(frozen=True)
class Relative:
    """One side against others.

    Attributes
    ----------
    claim
        Identifier.
    text, source
        What is said, in our words, and where.
    kind
        ``better``: higher accuracy than each of ``others``, by whatever amount; ``within``:
        accuracy differs by at most ``limit``; ``faster``: fewer seconds of training than each.
    first, others
        Models, or variants of ``experiment``.
    tables
        Tables VII to IX, or corpora of the headline rates, that it is about and whose corpora
        alone can test it; empty: any corpus.
    experiment
        Experiment whose variants the sides are; None for models.
    limit
        For ``within``.
    """

    claim: str
    text: str
    source: str
    kind: Literal["better", "within", "faster"]
    first: str
    others: tuple[str, ...]
    tables: tuple[str, ...] = ()
    experiment: str | None = None
    limit: float = 0.0


def _others(first: str) -> tuple[str, ...]:
    return tuple(name for name in _MODELS if name != first)


RELATIVE: tuple[Relative, ...] = (
    Relative(
        "best-multispec", "MULTISPEC-DNN has the best accuracy on EMA and Emotion", _LINE,
        "better", "multispec_music", _others("multispec_music"), ("VII", "VIII"),
    ),
    Relative(
        "best-lstm-bls", "LSTM_BLS has the best accuracy on 4Q", _LINE,
        "better", "lstm_bls", _others("lstm_bls"), ("IX",),
    ),
    Relative(
        "lstm-with-bls", "LSTM with BLS is more accurate than the models with one of them", _LINE,
        "better", "lstm_bls", ("mcc_lstm", "mcc_bls", "rcnn_lstm", "rcnn_bls"),
        ("VII", "VIII", "IX"),
    ),
    Relative(
        "rcnn-accuracy", "RCNNBL is more accurate than RCNNLSTM", _LINE,
        "better", "rcnn_bls", ("rcnn_lstm",), ("VII", "VIII", "IX"),
    ),
    Relative(
        "mcc-within", "MCCBL and MCCLSTM differ by only about 2 % in accuracy", _LINE,
        "within", "mcc_bls", ("mcc_lstm",), ("VII", "VIII", "IX"), limit=0.02,
    ),
    Relative(
        "mcc-time", "MCCBL trains faster than MCCLSTM", _LINE, "faster", "mcc_bls", ("mcc_lstm",),
    ),
    Relative(
        "rcnn-time", "RCNNBL trains faster than RCNNLSTM", _LINE,
        "faster", "rcnn_bls", ("rcnn_lstm",),
    ),
    Relative(
        "multispec-slow-mcc", "MCCBL trains faster than MULTISPEC-DNN", _LINE,
        "faster", "mcc_bls", ("multispec_music",),
    ),
    Relative(
        "multispec-slow-rcnn", "RCNNBL trains faster than MULTISPEC-DNN", _LINE,
        "faster", "rcnn_bls", ("multispec_music",),
    ),
    Relative(
        "multispec-slow-lstm", "LSTM_BLS trains faster than MULTISPEC-DNN", _LINE,
        "faster", "lstm_bls", ("multispec_music",),
    ),
    Relative(
        "chords-help", "Chord vectors raise the accuracy of MULTISPEC-DNN", "Section V.B.1",
        "better", "with chords", ("without chords",), experiment="chords",
    ),
    Relative(
        "composite-all", "Composite features are more accurate than single ones", "Section VI",
        "better", "all audio", ("GTF", "MFCC", "RP", "wideband", "narrowband"),
        experiment="features",
    ),
    Relative(
        "composite-mf-rp", "MF_RP is more accurate than MFCC or RP alone", "Section VI",
        "better", "MF_RP, alpha 0.5", ("MFCC", "RP"), experiment="features",
    ),
    Relative(
        "two-spectrograms", "Wideband and narrowband together beat either alone", "Section IV.B.1",
        "better", "CBAM 7 x 7", ("wideband alone", "narrowband alone"), _SPEECH,
        experiment="attention",
    ),
    Relative(
        "attention-helps", "Attention raises the accuracy", "Section IV.B.2",
        "better", "CBAM 7 x 7", ("no attention",), _SPEECH,
        experiment="attention",
    ),
    Relative(
        "kernel-7", "A 7 x 7 kernel in the spatial attention is better than 3 x 3",
        "Section IV.B.2", "better", "CBAM 7 x 7", ("CBAM 3 x 3",), _SPEECH,
        experiment="attention",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Stated:
    """A number of the text and the tables' accuracies that decide it.

    Attributes
    ----------
    value
        As the text gives it, to 0.001.
    table, model
        Its row in a table.
    minus
        Row whose accuracy is to be taken off; None for an accuracy by itself.
    """

    claim: str
    text: str
    value: float
    table: str
    model: str
    minus: str | None = None
    source: str = _LINE


_DNN = "MULTISPEC-DNN"
STATED: tuple[Stated, ...] = (
    Stated("text-ema", "MULTISPEC-DNN reaches 61.8 % on EMA", 0.618, "VII", _DNN),
    Stated("text-ema-mcclstm", "7.6 % above MCCLSTM on EMA", 0.076, "VII", _DNN, "MCCLSTM"),
    Stated("text-ema-rcnnbl", "4.4 % above RCNNBL on EMA", 0.044, "VII", _DNN, "RCNNBL"),
    Stated("text-ema-lstm-bls", "1.5 % above LSTM_BLS on EMA", 0.015, "VII", _DNN, "LSTM_BLS"),
    Stated("text-emotion", "MULTISPEC-DNN reaches 63.8 % on Emotion", 0.638, "VIII", _DNN),
    Stated("text-emotion-mcclstm", "4.6 % above MCCLSTM on Emotion", 0.046, "VIII", _DNN,
           "MCCLSTM"),
    Stated("text-emotion-rcnnbl", "2.4 % above RCNNBL on Emotion", 0.024, "VIII", _DNN, "RCNNBL"),
    Stated("text-emotion-lstm-bls", "5.0 % above LSTM_BLS on Emotion", 0.05, "VIII", _DNN,
           "LSTM_BLS"),
)  # fmt: skip


@dataclass(frozen=True)
class Count:
    """A whole number that the paper gives, and what it says elsewhere, as summands."""

    claim: str
    text: str
    value: int
    elsewhere: tuple[int, ...]
    where: str
    source: str


COUNTS: tuple[Count, ...] = (
    Count(
        "count-ema-classes", "EMA has 4,412 pieces", 4412, (1251, 1072, 948, 1141),
        "the sum of its four classes", "Section V.A",
    ),
    Count(
        "count-ema", "EMA has 4,412 pieces", 4412, (3895,), "Section V.A, on the batches,",
        "Section V.A",
    ),
    Count(
        "count-emotion-classes", "Emotion has 2,978 pieces", 2978, (661, 739, 768, 810),
        "the sum of its four classes", "Section V.A",
    ),
    Count(
        "count-4q-classes", "4Q-emotion has 1,472 pieces", 1472, (442, 296, 438, 296),
        "the sum of its four classes", "Section V.A",
    ),
    Count(
        "count-4q", "4Q-emotion has 1,472 pieces", 1472, (1286,), "Section V.B.2", "Section V.A",
    ),
    Count(
        "count-chord-dimensions", "A chord vector has 500 dimensions", 500, (256,),
        "the next sentence", "Section V.A",
    ),
)  # fmt: skip
