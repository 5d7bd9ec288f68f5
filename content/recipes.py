"""What beside its encoder makes a space's vectors: the constants that their fingerprints name.

A constant that is changed here or in these modules makes other vectors, which then never share a
generation with those of before. What is no constant (the order of steps, the way a fact is
measured) is named by the revisions in `content.encoders.specs`: raise those when it changes.
"""

import json
from dataclasses import asdict

from content import keyframes, letterbox, look, pacing, pooling, segment, style, windows
from content.mood import cues, meaning, model, timeline
from content.mood.vocabulary import MOODS


def pictures() -> str:
    """Of `visual` and `concept`: which pictures of a shot are seen, and how they are pooled."""
    return json.dumps(
        [
            *(pooling.RIDGE, pooling.SHY),
            *(segment.PIECE_S, segment.EXTRA_PICTURES),
            *(keyframes.EDGE_S, keyframes.PICTURES_A_SHOT),
            *(letterbox.LEAST, letterbox.MOST, letterbox.WIDEST),
        ]
    )


def listened() -> str:
    """Of `audio` where an encoder listens to windows."""
    return json.dumps([windows.WINDOW_S, windows.SILENT_DB, windows.HEARD_MIN_S])


def styled() -> str:
    """Of `style`: its own formula, and that of the moods which are a part of it."""
    return json.dumps(
        [
            *(style.FAMILIES, style.WEIGHTS, style.HUES, style.GREY, style.SHARE),
            *(cues.LIMIT, [_cue(cue) for cue in cues.CUES], cues.DARK, cues.IN_LIGHT, look.BLACK),
            *([asdict(mood) for mood in MOODS], model.AFFECT, model.PEAK),
            *(model.MODALITIES, model.AFFINITIES),
            *(timeline.AROUND_S, timeline.NEIGHBOURS_S, timeline.NEIGHBOURS, timeline.MUSIC_S),
            *(timeline.DISTINCT, timeline.STRONGEST, pacing.LEAST_S),
            *(meaning.SPREAD, meaning.LIMIT, meaning.NEUTRAL_WORDS, meaning.NEUTRAL_SIGHTS),
        ],
        default=dict,
    )


def _cue(cue: cues.Cue) -> list[object]:
    transform = cue.transform.__name__
    return [cue.fact, cue.centre, cue.scale, cue.valence, cue.arousal, transform]
