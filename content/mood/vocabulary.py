"""The moods: what each means, where it lies on the circumplex, and the facts that speak for it.

`valence` and `arousal` place a mood on Russell's circumplex (1980). They carry every cue's own
pull (content.mood.cues); `cues` adds what is peculiar to the mood. The signs follow the sources
named there (anger: loud, sharp timbre, minor; sadness: slow, soft, minor, dull; tenderness: slow,
soft, major, after Juslin & Laukka 2004; low light for horror, movement and short shots for
action, colour and light for comedy, after Rasheed et al. 2005); where nothing is published, such
as for gritty, dreamy, nostalgic or epic, they are what editors and colourists say of the craft.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mood:
    """One word of the vocabulary."""

    name: str
    meaning: str
    """A sentence: for people, and for the text encoder to compare words with."""
    sights: str
    """What pictures of this mood often show: compared with what a picture is taken to show."""
    valence: float
    """−1 (unpleasant) … 1 (pleasant)."""
    arousal: float
    """−1 (quiet) … 1 (excited)."""
    cues: Mapping[str, float]
    """Signed weights on standardised facts, about −1..1, beyond what the circumplex says."""


MOODS: tuple[Mood, ...] = (
    Mood(
        "tense",
        "Something bad may happen at any moment; danger is near, nerves are strained.",
        "weapons, an alarm, a narrow corridor, a cliff",
        -0.4,
        0.6,
        {
            "look.brightness": -0.3,
            "look.black_fraction": 0.2,
            "sound.mode": -0.4,
            "sound.beat_strength": -0.4,
            "look.colourfulness": -0.3,
            "sound.effects": 0.5,
            "look.motion_local": 0.3,
            "look.animation": -0.2,
        },
    ),
    Mood(
        "menacing",
        "A threat comes closer; someone powerful and cruel means harm.",
        "a monster, a gun, a snarling wolf, a shark",
        -0.6,
        0.6,
        {
            "look.brightness": -0.3,
            "sound.mode": -0.4,
            "sound.brightness_hz": -0.3,
            "sound.loudness_lufs": 0.2,
            "sound.effects": 0.5,
            "sound.beat_strength": -0.3,
            "sound.music": -0.3,
            "look.colourfulness": -0.2,
            "look.motion_local": 0.2,
        },
    ),
    Mood(
        "eerie",
        "Strange and uncanny; a haunted, unnatural quiet that makes the skin crawl.",
        "bats, skulls, a graveyard, an abandoned house at night",
        -0.5,
        0.2,
        {
            "look.brightness": -0.6,
            "look.black_fraction": 0.4,
            "look.warmth": -0.5,
            "sound.silence": 0.4,
            "sound.effects": 0.4,
            "sound.mode": -0.4,
            "sound.loudness_lufs": -0.3,
            "sound.speech": -0.3,
            "sound.beat_strength": -0.4,
            "look.motion_global": -0.2,
        },
    ),
    Mood(
        "mysterious",
        "A secret, an unanswered question; something hidden in the dark.",
        "a veil, a mask, a locked chest, a dark passage",
        -0.1,
        0.1,
        {
            "look.brightness": -0.4,
            "look.black_fraction": 0.5,
            "look.warmth": -0.4,
            "sound.speech": -0.4,
            "look.face_area": -0.4,
            "sound.onsets_per_s": -0.3,
            "sound.loudness_lufs": -0.2,
            "sound.beat_strength": -0.3,
        },
    ),
    Mood(
        "angry",
        "Rage and quarrel; shouting, fury, a fight about to break out.",
        "boxing, a barking dog, a fire, an explosion",
        -0.6,
        0.8,
        {
            "sound.loudness_lufs": 0.5,
            "sound.effects": 0.3,
            "sound.speech": 0.3,
            "sound.brightness_hz": 0.4,
            "sound.mode": -0.4,
            "sound.beat_strength": -0.3,
            "look.face_area": 0.3,
            "sound.onsets_per_s": 0.2,
        },
    ),
    Mood(
        "melancholic",
        "Sad and wistful; loss, loneliness, quiet sorrow.",
        "rain on a window, an empty bench, an autumn tree, a lone figure",
        -0.6,
        -0.5,
        {
            "look.saturation": -0.3,
            "look.warmth": -0.4,
            "sound.tempo_bpm": -0.4,
            "sound.mode": -0.5,
            "sound.loudness_lufs": -0.3,
            "sound.onsets_per_s": -0.3,
            "look.motion_local": -0.3,
            "pace.shots_per_minute": -0.3,
        },
    ),
    Mood(
        "bleak",
        "Hopeless and cold; a barren world without comfort.",
        "a wasteland, concrete, a prison, ruins",
        -0.7,
        -0.2,
        {
            "look.saturation": -0.7,
            "look.colourfulness": -0.7,
            "look.warmth": -0.3,
            "sound.music": -0.4,
            "look.face_area": -0.2,
            "sound.silence": 0.2,
            "look.animation": -0.2,
        },
    ),
    Mood(
        "solemn",
        "Grave and dignified; a silent, serious ceremony.",
        "a church, a monastery, an altar, a tomb",
        -0.1,
        -0.5,
        {
            "look.motion_local": -0.4,
            "look.motion_global": -0.2,
            "pace.shots_per_minute": -0.3,
            "sound.onsets_per_s": -0.4,
            "sound.speech": -0.2,
            "sound.beat_strength": -0.3,
            "sound.tempo_bpm": -0.4,
            "look.face_area": -0.2,
        },
    ),
    Mood(
        "nostalgic",
        "A fond, wistful memory of times gone by.",
        "an old photograph, a record player, a typewriter, a vintage car",
        0.2,
        -0.2,
        {
            "look.warmth": 0.8,
            "look.sharpness": -0.4,
            "sound.music": 0.4,
            "sound.effects": -0.3,
            "look.motion_local": -0.2,
        },
    ),
    Mood(
        "tender",
        "Gentle affection and care; a soft, loving touch.",
        "a baby, a kitten, an embrace, a mother and her child",
        0.6,
        -0.3,
        {
            "look.face_area": 0.5,
            "look.motion_local": -0.4,
            "sound.loudness_lufs": -0.4,
            "look.sharpness": -0.3,
            "look.warmth": 0.3,
            "sound.brightness_hz": -0.3,
            "sound.onsets_per_s": -0.3,
            "sound.mode": 0.3,
        },
    ),
    Mood(
        "romantic",
        "Two people in love; desire, longing and a kiss.",
        "a wedding dress, a bride, red roses, a couple kissing, candlelight",
        0.6,
        0.1,
        {
            "look.face_area": 0.8,
            "sound.music": 0.5,
            "look.warmth": 0.2,
            "look.sharpness": -0.3,
            "sound.effects": -0.4,
            "look.motion_local": -0.3,
            "look.animation": -0.3,
        },
    ),
    Mood(
        "calm",
        "Peaceful and still; nothing presses, one breathes slowly.",
        "a lake, a meadow, a quiet room, a cup of tea",
        0.4,
        -0.7,
        {
            "look.motion_local": -0.5,
            "look.motion_global": -0.3,
            "sound.loudness_lufs": -0.3,
            "sound.effects": -0.2,
            "look.contrast": -0.2,
            "pace.shots_per_minute": -0.2,
        },
    ),
    Mood(
        "dreamy",
        "Soft, floating and unreal, as in a dream.",
        "clouds, soap bubbles, a jellyfish, soft light through curtains",
        0.4,
        -0.3,
        {
            "look.sharpness": -0.6,
            "look.contrast": -0.4,
            "sound.music": 0.3,
            "sound.speech": -0.3,
            "sound.effects": -0.2,
            "sound.onsets_per_s": -0.3,
            "look.motion_local": -0.2,
        },
    ),
    Mood(
        "hopeful",
        "Things will turn out well; courage and a new beginning.",
        "a sunrise, a rainbow, a seedling, a harbour",
        0.6,
        0.2,
        {
            "look.brightness": 0.4,
            "look.warmth": 0.3,
            "sound.mode": 0.4,
            "sound.effects": -0.3,
            "sound.music": 0.2,
            "look.black_fraction": -0.3,
        },
    ),
    Mood(
        "joyful",
        "Happy and merry; laughter, dancing and celebration.",
        "a party, balloons, a fair, a sunny beach",
        0.8,
        0.6,
        {
            "sound.music": 0.5,
            "sound.mode": 0.3,
            "sound.beat_strength": 0.4,
            "sound.effects": -0.3,
            "look.colourfulness": 0.4,
            "look.face_area": 0.2,
            "look.warmth": 0.2,
        },
    ),
    Mood(
        "whimsical",
        "Playful, quaint and fanciful; a charming, odd little world.",
        "a toy, a teapot, a carousel, a gingerbread house",
        0.6,
        0.3,
        {
            "look.animation": 1.0,
            "look.colourfulness": 0.5,
            "look.saturation": 0.2,
            "sound.loudness_lufs": -0.2,
            "sound.music": -0.1,
        },
    ),
    Mood(
        "humorous",
        "Funny and silly; a joke, a pratfall, a grimace.",
        "a clown, a funny face, a comic costume, a monkey",
        0.6,
        0.4,
        {
            "look.animation": 0.6,
            "sound.speech": 0.4,
            "look.face_area": 0.3,
            "look.brightness": 0.2,
            "look.black_fraction": -0.2,
            "sound.music": -0.2,
        },
    ),
    Mood(
        "energetic",
        "Fast, lively and full of drive.",
        "athletes, a race, a concert, a trampoline",
        0.4,
        0.9,
        {
            "look.motion_local": 0.5,
            "look.motion_global": 0.3,
            "sound.beat_strength": 0.5,
            "sound.tempo_bpm": 0.3,
            "sound.music": 0.3,
            "sound.onsets_per_s": 0.3,
            "pace.shots_per_minute": 0.4,
        },
    ),
    Mood(
        "epic",
        "Grand and heroic; a vast world, a great deed.",
        "a castle, mountains, a cathedral, an army",
        0.3,
        0.6,
        {
            "look.contrast": 0.3,
            "sound.loudness_lufs": 0.4,
            "sound.music": 0.2,
            "look.face_area": -0.4,
            "sound.speech": -0.4,
            "pace.median_shot_s": 0.4,
            "sound.brightness_hz": -0.3,
        },
    ),
    Mood(
        "gritty",
        "Raw, rough and real; hard streets, dirt and sweat.",
        "a street, a garage, a junkyard, a truck, rubble",
        -0.4,
        0.2,
        {
            "look.animation": -0.8,
            "look.saturation": -0.6,
            "look.colourfulness": -0.5,
            "look.warmth": -0.1,
            "look.sharpness": 0.4,
            "look.contrast": 0.3,
            "sound.music": -0.4,
            "sound.effects": 0.4,
            "sound.beat_strength": -0.2,
        },
    ),
)
"""In the order in which figures and vectors over the moods are kept."""
NAMES: tuple[str, ...] = tuple(mood.name for mood in MOODS)
