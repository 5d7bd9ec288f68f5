"""Every code that an answer may carry, with its status and meaning.

docs/errors.md shows the same table to people; a test holds the two, and the sources, together.
A code, once published, never changes its meaning.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Code(NamedTuple):
    status: int
    meaning: str


CODES: Mapping[str, Code] = {
    # 400: the bytes cannot be read as what they claim to be
    "invalid_json": Code(400, "The body is not JSON (RFC 8259; no NaN, no name twice)."),
    "invalid_multipart": Code(400, "The body is not well-formed multipart/form-data."),
    # 401
    "unauthorized": Code(401, "No key, or an unknown one."),
    # 403
    "forbidden_role": Code(403, "The key's role may not do this; `needed` is the least that may."),
    # 404
    "not_found": Code(404, "There is no such route."),
    "title_not_found": Code(404, "There is no such title."),
    "title_not_indexed": Code(404, "The title has no vectors yet: it is still being understood."),
    "job_not_found": Code(404, "There is no such job."),
    "decision_not_found": Code(404, "There is no such decision."),
    "image_not_found": Code(404, "There is no such image, or not in this format."),
    "user_not_found": Code(404, "Nothing is held of this user."),
    "nothing_watched": Code(404, "Of this user no watched title is known."),
    "variant_not_found": Code(404, "There is no such picture, or not of this title."),
    "no_variants": Code(404, "The title has no picture that may be shown in this request."),
    # 405, 409
    "method_not_allowed": Code(405, "The route does not know this method; see `Allow`."),
    "generation_off": Code(409, "KEYART_DIFFUSION names no model: nothing is generated here."),
    "reward_conflict": Code(409, "Another value was given for this kind; send `correct: true`."),
    "event_conflict": Code(409, "The event id already names another event."),
    "policy_mismatch": Code(409, "The decision cannot be taken apart: an earlier policy's, say."),
    "not_in_shadow": Code(409, "Only a policy that runs in shadow can be promoted."),
    "job_ended": Code(409, "The job has ended, or what it made is in use: it cannot be cancelled."),
    "too_few_decisions": Code(409, "Too few titles had two pictures shown to learn weights from."),
    "no_generation": Code(409, "The index has no live generation yet."),
    "no_timeline": Code(409, "The title has no media: there is nothing that runs in time."),
    "not_published": Code(409, "The title has no published version yet."),
    "title_not_ready": Code(409, "The title's first job is not done yet."),
    "explanation_running": Code(409, "Another decision of long ago is being explained."),
    "rebuild_running": Code(409, "The ledger is being folded again already."),
    "fingerprint_mismatch": Code(409, "The live generation is of other encoders than today's."),
    "not_a_reindex": Code(409, "The job has built no generation of vectors."),
    "generation_not_live": Code(409, "Another generation answers than the one this job built."),
    "rollback_expired": Code(409, "The generation before is not kept any more."),
    "reindex_running": Code(409, "A reindex, or a fit of the taste space, is under way."),
    "consent_missing": Code(409, "Without consent nothing of the user may be read."),
    "cursor_expired": Code(
        409,
        "Since the first page the index was cut over, weights changed, or the viewer watched more.",
    ),
    "space_not_fitted": Code(409, "The taste space has not been fitted: `keyart fit-space`."),
    # 410
    "decision_expired": Code(410, "The decision is older than KEYART_RETENTION keeps them."),
    # 413, 415
    "body_too_large": Code(413, "A JSON body is over 1 MB."),
    "line_too_large": Code(413, "A line of NDJSON is over 1 MB."),
    "too_many_lines": Code(413, "More lines were sent than one request may have."),
    "bulk_too_large": Code(413, "The lines of one request are over 256 MB together."),
    "upload_too_large": Code(413, "A file is over KEYART_MAX_UPLOAD_BYTES."),
    "unsupported_media_type": Code(415, "The Content-Type is not one this route reads."),
    # 422
    "invalid_request": Code(422, "A field is missing, unknown or not acceptable; see `errors`."),
    "unknown_parameter": Code(422, "The query names what the route does not know; see `known`."),
    "repeated_parameter": Code(422, "The query says a parameter more than once; see `repeated`."),
    "invalid_text": Code(
        422, "A text holds a lone surrogate, a NUL or, where it is one line, a control character."
    ),
    "invalid_title_id": Code(422, "A title id has characters or a length it may not have."),
    "invalid_time": Code(422, "A time is not ISO 8601 with an offset from UTC."),
    "invalid_age": Code(422, "`older_than` is no age (30d, 12h, 6w), no date and no time."),
    "invalid_limit": Code(422, "`limit` is out of its range."),
    "invalid_cursor": Code(422, "`cursor` is not one that this list gave."),
    "invalid_diversity": Code(422, "`diversity` is not a number from 0 to 1."),
    "invalid_width": Code(422, "`w` is not on the ladder of widths."),
    "invalid_step": Code(422, "`step_s` is not a number from 1 to 3600."),
    "invalid_range": Code(422, "`start_s` to `end_s` is empty, not in the title, or too long."),
    "invalid_reward": Code(422, "A reward's value is not a number within 0..1."),
    "implausible_time": Code(
        422, "The event is said to be of more than a day ahead, or too early: of before 2000, say."
    ),
    "reward_too_late": Code(422, "The event happened too long after its decision to count."),
    "invalid_reward_kind": Code(422, "There is no such kind of reward."),
    "invalid_event": Code(422, "A watch event's value is not a number within 0..1."),
    "title_empty": Code(422, "The title to be lettered has nothing to be seen."),
    "title_too_long": Code(422, "The title to be lettered has more than 120 characters."),
    "title_glyphs_missing": Code(422, "No typeface has all characters of the title; emoji, say."),
    "synopsis_empty": Code(422, "The synopsis is empty or blank."),
    "synopsis_too_long": Code(422, "The synopsis has more than 20,000 characters."),
    "invalid_context": Code(422, "A field of the context is not acceptable."),
    "contradictory_rules": Code(
        422, "Rules contradict one another: between them they would leave nothing, ever."
    ),
    "picture_twice": Code(422, "Two entries of a policy's `pictures` name the same picture."),
    "invalid_brief": Code(422, "A brief has a key or a value that there is not."),
    "invalid_filter": Code(
        422, "A filter names no field there is, or a value its field cannot have."
    ),
    "golden_invalid": Code(422, "The file of golden queries cannot be read; see the line told."),
    "unknown_mood": Code(422, "There is no such mood."),
    "nothing_asked": Code(422, "Neither words nor a mood say what to look for."),
    "invalid_weights": Code(422, "A weight is negative, of no such space, or all are 0."),
    "invalid_quality_weights": Code(422, "The file of the quality weights holds none."),
    "unknown_space": Code(422, "There is no such vector space."),
    "unknown_format": Code(422, "There is no such format of a timeline."),
    "unknown_aspect": Code(422, "There is no such aspect."),
    "image_format_refused": Code(422, "The picture is no JPEG, PNG, WebP or AVIF."),
    "image_unreadable": Code(422, "The picture is cut, damaged or cannot be decoded."),
    "image_too_large": Code(422, "The picture has more pixels than are taken here."),
    "image_too_small": Code(422, "The picture has fewer pixels a side than it needs here."),
    "image_animated": Code(422, "The picture moves; a still one is needed."),
    "sound_format_refused": Code(422, "The sound is in no container that is read here."),
    "sound_missing": Code(422, "The file has no sound that can be decoded."),
    "sound_silent": Code(422, "Less than half a second of the sound can be heard."),
    "sound_unreadable": Code(422, "The sound is cut, damaged or cannot be decoded."),
    "media_twice": Code(422, "Both a media path and a file were given."),
    "media_outside_roots": Code(422, "The media path is not under a folder of KEYART_MEDIA_ROOTS."),
    "media_not_found": Code(422, "There is no file at the media path."),
    "media_not_a_file": Code(422, "The media path is a folder, pipe or device, not a file."),
    "media_empty": Code(422, "The media file has no bytes."),
    # 429, 5xx
    "queue_full": Code(429, "The queue of jobs is full; come back after Retry-After."),
    "internal": Code(500, "A fault of the service; its log says more, by `request_id`."),
    "index_failed": Code(503, "The index process failed inside; its log says more."),
    "index_unavailable": Code(503, "The index process does not answer; trying again may help."),
    "learning_stopped": Code(503, "A fault stopped the learning; the api must be restarted."),
    "records_unavailable": Code(503, "The database does not answer; trying again may help."),
    "outcome_unknown": Code(
        503, "The database went away as it committed: kept or not; send it again, same ids."
    ),
    "ledger_unavailable": Code(503, "The ledger could not be written; nothing was kept."),
    "fonts_missing": Code(503, "No typeface is installed: the packages of fonts are missing."),
    "certificate_unwritten": Code(503, "The certificate of a forgetting could not be written."),
    "proof_disturbed": Code(503, "Others were being forgotten all the while; try again."),
    "not_started": Code(503, "The policy is still reading its ledger."),
    "explanation_failed": Code(503, "The ledger could not be folded again; the log says why."),
    "explanation_timeout": Code(503, "Folding the ledger up to this decision takes too long."),
    "rebuild_disturbed": Code(503, "Rows were being removed all the while; try again."),
    "rebuild_failed": Code(503, "The ledger could not be folded again; the log says why."),
    "pictures_unavailable": Code(
        503, "The encoder of pictures is not ready; trying again may help."
    ),
    "sounds_unavailable": Code(503, "The encoder of sound is not ready; trying again may help."),
    "words_unavailable": Code(503, "The text encoder is not ready; trying again may help."),
    "not_ready": Code(503, "A part of the service is down; see `parts`."),
    "disk_full": Code(507, "Less disk is free than KEYART_MIN_FREE_BYTES."),
}
