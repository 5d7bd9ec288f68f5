"""What a picture emphasises, in a fixed vocabulary: the tags of an image group.

Tags say what a viewer notices first, as in Netflix's account of artwork that dwells on a
character, on the tone or on the scene (AVA, 2018). They come from the faces found, from where the
eye goes, and from what is known of the shot; nobody's name is told, and of what is not known there
is no tag.
"""

from collections.abc import Sequence

from artwork.assess import Assessed
from artwork.framing.saliency import spread
from content.mood.vocabulary import MOODS
from content.types import Facts, Origin, ShotFacts

TAGS = (
    *("character", "two_shot", "group", "close_up", "wide", "place"),
    *("action", "calm", "day", "night"),
)
"""All but `mood:NAME`, NAME one of `content.mood.vocabulary`."""
PRESENT, CLOSE = 0.10, 0.35
"""Height over the picture's from which a face is a character, and from which it is close up."""
BROAD = 0.19
"""Share of the picture with the densest half of the visual mass: from here on no one thing holds
the eye. A creature without a face that is found may pass for a place."""
MOVING, STILL = 0.12, 0.025
"""`motion_local` (0..1) of a shot with action, and of a still one: its median is 0.05."""
SWEEPING, STEADY = 0.25, 0.03
"""The same of `motion_global`, in picture widths a second."""
BRIGHT, DARK = 0.45, 0.20
"""Mean luma. A picture does not tell the night from a dark room: `night` is both."""
TOLD = 0.12
"""Share of a mood, of twenty, from which on it is told."""

_CIRCUMPLEX = {mood.name: (mood.valence, mood.arousal) for mood in MOODS}


def emphasis(seen: Assessed, shot: ShotFacts | None = None) -> tuple[str, ...]:
    """The tags of a picture in the order of `TAGS`, then its mood.

    Args:
        shot: from which the picture was taken; None for one that was not: then neither movement
            nor mood is told.
    """
    found = _people(seen) | _light(seen)
    if shot is not None:
        found |= _movement(shot.look, shot.mood)
    tags = [tag for tag in TAGS if tag in found]
    if shot is not None and (mood := mood_of(shot.mood)) is not None:
        tags.append(f"mood:{mood}")
    return tuple(tags)


def repainted(own: Sequence[str], frame: Sequence[str], mood: str | None) -> tuple[str, ...]:
    """The tags of a picture that was painted from a frame.

    What the shot told of the frame (movement and mood) no picture tells: it goes along, but for
    the mood where another was asked for.

    Args:
        own: of the painted picture itself.
        frame: of the frame.
        mood: that was asked for; None where none was.
    """
    moods = [tag for tag in frame if tag.startswith("mood:")] if mood is None else [f"mood:{mood}"]
    found = {*own, *({"action", "calm"} & set(frame))}
    return (*(tag for tag in TAGS if tag in found), *moods)


def mood_of(mood: Facts) -> str | None:
    """The mood that a shot's facts tell clearly (`TOLD`), or None."""
    top = mood.get("top")
    share = (mood.get("moods") or {}).get(top, 0.0)
    return str(top) if top in _CIRCUMPLEX and share >= TOLD else None


def emphasis_facts(tags: Sequence[str], origin: Origin) -> dict[str, float]:
    """Tags and origin as facts for `artwork.choice.belief.features`, each 0..1; 0.5 is neither."""
    valence, arousal = next(
        (_CIRCUMPLEX[tag[5:]] for tag in tags if tag.startswith("mood:")), (0.0, 0.0)
    )
    movement = 1.0 if "action" in tags else 0.0 if "calm" in tags else 0.5
    return {
        "emph_group": 1.0 if {"group", "two_shot"} & set(tags) else 0.0,
        "emph_action": movement,
        "emph_place": 1.0 if "place" in tags else 0.0,
        "mood_valence": round((valence + 1) / 2, 6),
        "mood_arousal": round((arousal + 1) / 2, 6),
        "origin_composed": 1.0 if origin == "composed" else 0.0,
        "origin_generated": 1.0 if origin == "generated" else 0.0,
    }


def _people(seen: Assessed) -> set[str]:
    near = [face for face in seen.faces if face.height >= PRESENT * seen.inside.height]
    broad = spread(seen.mass) >= BROAD
    if not near:
        return {"place", "wide"} if broad else {"wide"} if seen.faces else set()
    found = {"character"} if len(near) == 1 else {"two_shot"} if len(near) == 2 else {"group"}
    return found | ({"close_up"} if seen.face >= CLOSE else set())


def _light(seen: Assessed) -> set[str]:
    light = seen.quality.brightness
    return {"day"} if light >= BRIGHT else {"night"} if light <= DARK else set()


def _movement(look: Facts, mood: Facts) -> set[str]:
    local, camera = look.get("motion_local"), look.get("motion_global")
    if local is None:
        return set()
    if local >= MOVING or (camera or 0.0) >= SWEEPING:
        return {"action"}
    still = local <= STILL and (camera or 0.0) <= STEADY
    return {"calm"} if still and (mood.get("arousal") or 0.0) <= 0.1 else set()
