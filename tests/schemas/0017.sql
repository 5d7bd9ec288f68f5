BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0017');
CREATE TABLE artwork_policies (
	tenant VARCHAR(64) NOT NULL, 
	title_id VARCHAR(128) NOT NULL, 
	policy JSON NOT NULL, 
	updated_us BIGINT NOT NULL, 
	CONSTRAINT pk_artwork_policies PRIMARY KEY (tenant, title_id)
);
CREATE TABLE artwork_rules (
	tenant VARCHAR(64) NOT NULL, 
	rules JSON NOT NULL, 
	updated_us BIGINT NOT NULL, 
	CONSTRAINT pk_artwork_rules PRIMARY KEY (tenant)
);
INSERT INTO "artwork_rules" VALUES('default','{"origins": null, "generated_share": null, "review_required": false, "limits": {"allow": null, "deny": [], "from_us": null, "until_us": null}, "cap": {"share": null, "per_day": null, "in_all": null}, "change_every_s": 0.0, "fallback": "title_card", "distinct_neighbours": true}',1);
CREATE TABLE candidates (
	tenant VARCHAR(64) NOT NULL, 
	title_id VARCHAR(128) NOT NULL, 
	version INTEGER NOT NULL, 
	n INTEGER NOT NULL, 
	at_s FLOAT NOT NULL, 
	verdict VARCHAR(16) NOT NULL, 
	reasons JSON NOT NULL, 
	scores JSON NOT NULL, 
	emphasis JSON NOT NULL, 
	maturity VARCHAR(8) NOT NULL, 
	group_id VARCHAR(36), 
	sha256 VARCHAR(64), 
	CONSTRAINT pk_candidates PRIMARY KEY (tenant, title_id, version, n)
);
CREATE TABLE checkpoints (
	tenant VARCHAR(64) NOT NULL, 
	policy_id VARCHAR(16) NOT NULL, 
	feature_set VARCHAR(16) NOT NULL, 
	seq BIGINT NOT NULL, 
	data BLOB NOT NULL, 
	made_us BIGINT NOT NULL, 
	CONSTRAINT pk_checkpoints PRIMARY KEY (tenant, policy_id, feature_set, seq)
);
CREATE TABLE decision_features (
	tenant VARCHAR(64) NOT NULL, 
	seq BIGINT NOT NULL, 
	feature_set VARCHAR(16) NOT NULL, 
	data BLOB NOT NULL, 
	CONSTRAINT pk_decision_features PRIMARY KEY (tenant, seq, feature_set), 
	CONSTRAINT fk_decision_features_tenant_seq_decisions FOREIGN KEY(tenant, seq) REFERENCES decisions (tenant, seq) ON DELETE CASCADE
);
CREATE TABLE decisions (
	tenant VARCHAR(64) NOT NULL, 
	id VARCHAR(36) NOT NULL, 
	seq BIGINT NOT NULL, 
	offer_id VARCHAR(36) NOT NULL, 
	title_id VARCHAR(128) NOT NULL, 
	viewer BLOB, 
	context TEXT NOT NULL, 
	chosen SMALLINT NOT NULL, 
	counts BLOB NOT NULL, 
	floor FLOAT NOT NULL, 
	seed BLOB NOT NULL, 
	x BLOB NOT NULL, 
	policy_id VARCHAR(16) NOT NULL, 
	feature_set VARCHAR(16) NOT NULL, 
	ledger_offset BIGINT NOT NULL, 
	decided_us BIGINT NOT NULL, 
	expires_us BIGINT NOT NULL, 
	"deferred" BOOLEAN NOT NULL, way SMALLINT, agrees BOOLEAN, narrowed SMALLINT, 
	CONSTRAINT pk_decisions PRIMARY KEY (tenant, id), 
	CONSTRAINT fk_decisions_tenant_offer_id_offers FOREIGN KEY(tenant, offer_id) REFERENCES offers (tenant, id), 
	CONSTRAINT uq_decisions_tenant_seq UNIQUE (tenant, seq)
);
CREATE TABLE exposures (
	tenant VARCHAR(64) NOT NULL, 
	title_id VARCHAR(128) NOT NULL, 
	group_id VARCHAR(36) NOT NULL, 
	shown BIGINT NOT NULL, 
	day INTEGER NOT NULL, 
	today BIGINT NOT NULL, 
	CONSTRAINT pk_exposures PRIMARY KEY (tenant, title_id, group_id)
);
INSERT INTO "exposures" VALUES('default','a','g',3,20000,1);
CREATE TABLE feature_sets (
	tenant VARCHAR(64) NOT NULL, 
	feature_set VARCHAR(16) NOT NULL, 
	encoder VARCHAR(160), 
	refolded BIGINT NOT NULL, 
	left_out BIGINT NOT NULL, 
	ready_us BIGINT, projection BLOB, pictures BIGINT DEFAULT '0' NOT NULL, 
	CONSTRAINT pk_feature_sets PRIMARY KEY (tenant, feature_set)
);
CREATE TABLE folds (
	tenant VARCHAR(64) NOT NULL, 
	seq BIGINT NOT NULL, 
	policy_id VARCHAR(16) NOT NULL, 
	feature_set VARCHAR(16) NOT NULL, 
	base BIGINT NOT NULL, 
	landmark_us BIGINT, 
	made_us BIGINT NOT NULL, 
	CONSTRAINT pk_folds PRIMARY KEY (tenant, seq)
);
CREATE TABLE image_groups (
	tenant VARCHAR(64) NOT NULL, 
	title_id VARCHAR(128) NOT NULL, 
	version INTEGER NOT NULL, 
	id VARCHAR(36) NOT NULL, 
	origin VARCHAR(16) NOT NULL, 
	source_s FLOAT, 
	facts JSON NOT NULL, 
	embedding BLOB NOT NULL, 
	embedding_fingerprint VARCHAR(160) NOT NULL, source_sha256 VARCHAR(64), scores JSON, emphasis JSON, maturity VARCHAR(8), focal JSON, language VARCHAR(35), made JSON, faces BLOB, 
	CONSTRAINT pk_image_groups PRIMARY KEY (tenant, title_id, version, id)
);
CREATE TABLE impressions (
	tenant VARCHAR(64) NOT NULL, 
	seq BIGINT NOT NULL, 
	decision_id VARCHAR(36) NOT NULL, 
	first BOOLEAN NOT NULL, 
	shown_us BIGINT NOT NULL, 
	CONSTRAINT pk_impressions PRIMARY KEY (tenant, seq), 
	CONSTRAINT fk_impressions_tenant_decision_id_decisions FOREIGN KEY(tenant, decision_id) REFERENCES decisions (tenant, id)
);
CREATE TABLE "jobs" (
	tenant VARCHAR(64) NOT NULL, 
	id VARCHAR(128) NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	title_id VARCHAR(128), 
	version INTEGER, 
	generation VARCHAR(64), 
	state VARCHAR(16) NOT NULL, 
	stage VARCHAR(32) NOT NULL, 
	progress FLOAT NOT NULL, 
	error_code VARCHAR(64), 
	error_detail TEXT, 
	created_us BIGINT NOT NULL, 
	updated_us BIGINT NOT NULL, 
	request JSON, 
	outcome JSON, took JSON, 
	CONSTRAINT pk_jobs PRIMARY KEY (tenant, id)
);
INSERT INTO "jobs" VALUES('default','01a20412-7a12-72be-b373-b85a28f5a106','ingest','a',1,NULL,'queued','queued',0.0,NULL,NULL,1795364649491962,1795364649491962,NULL,NULL,'{"synopsis": {"titles": 1, "media_s": 0.0, "wall_s": 0.5, "cpu_s": 0.25}}');
CREATE TABLE late_features (
	tenant VARCHAR(64) NOT NULL, 
	title_id VARCHAR(128) NOT NULL, 
	feature_set VARCHAR(16) NOT NULL, 
	seq BIGINT NOT NULL, 
	"after" BIGINT NOT NULL, 
	anew BOOLEAN NOT NULL, 
	features BLOB NOT NULL, 
	CONSTRAINT pk_late_features PRIMARY KEY (tenant, title_id, feature_set, seq)
);
CREATE TABLE ledger_heads (
	tenant VARCHAR(64) NOT NULL, 
	seq BIGINT NOT NULL, 
	CONSTRAINT pk_ledger_heads PRIMARY KEY (tenant)
);
CREATE TABLE ledger_marks (
	tenant VARCHAR(64) NOT NULL, 
	seq BIGINT NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	at_us BIGINT NOT NULL, 
	data JSON NOT NULL, 
	CONSTRAINT pk_ledger_marks PRIMARY KEY (tenant, seq)
);
INSERT INTO "ledger_marks" VALUES('default',1,'forgotten',1795364649560672,'{"certificate": "01a20412-7a12-72be-b373-b85a28f5a107", "removed": {"decisions": 0}}');
CREATE TABLE mode_changes (
	tenant VARCHAR(64) NOT NULL, 
	n INTEGER NOT NULL, 
	mode VARCHAR(16) NOT NULL, 
	share FLOAT NOT NULL, 
	seq BIGINT NOT NULL, 
	at_us BIGINT NOT NULL, 
	"by" VARCHAR(128), 
	why JSON, 
	CONSTRAINT pk_mode_changes PRIMARY KEY (tenant, n)
);
INSERT INTO "mode_changes" VALUES('default',1,'explore',0.1,0,1,'ada',NULL);
CREATE TABLE mode_tallies (
	tenant VARCHAR(64) NOT NULL, 
	n INTEGER NOT NULL, 
	seq BIGINT NOT NULL, 
	data BLOB NOT NULL, 
	CONSTRAINT pk_mode_tallies PRIMARY KEY (tenant)
);
INSERT INTO "mode_tallies" VALUES('default',1,0,X'93');
CREATE TABLE offers (
	tenant VARCHAR(64) NOT NULL, 
	id VARCHAR(36) NOT NULL, 
	title_id VARCHAR(128) NOT NULL, 
	aspect VARCHAR(8) NOT NULL, 
	arms TEXT NOT NULL, 
	CONSTRAINT pk_offers PRIMARY KEY (tenant, id)
);
CREATE TABLE picture_features (
	tenant VARCHAR(64) NOT NULL, 
	feature_set VARCHAR(16) NOT NULL, 
	group_id VARCHAR(36) NOT NULL, 
	title_id VARCHAR(128) NOT NULL, 
	data BLOB NOT NULL, 
	CONSTRAINT pk_picture_features PRIMARY KEY (tenant, feature_set, group_id)
);
CREATE TABLE rewards (
	tenant VARCHAR(64) NOT NULL, 
	seq BIGINT NOT NULL, 
	decision_id VARCHAR(36) NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	value FLOAT NOT NULL, 
	event_id VARCHAR(128), 
	corrects BOOLEAN NOT NULL, 
	"before" SMALLINT NOT NULL, 
	"after" SMALLINT NOT NULL, 
	occurred_us BIGINT NOT NULL, 
	received_us BIGINT NOT NULL, 
	CONSTRAINT pk_rewards PRIMARY KEY (tenant, seq), 
	CONSTRAINT fk_rewards_tenant_decision_id_decisions FOREIGN KEY(tenant, decision_id) REFERENCES decisions (tenant, id), 
	CONSTRAINT uq_rewards_tenant_event_id UNIQUE (tenant, event_id)
);
CREATE TABLE shot_vectors (
	tenant VARCHAR(64) NOT NULL, 
	title_id VARCHAR(128) NOT NULL, 
	version INTEGER NOT NULL, 
	space VARCHAR(16) NOT NULL, 
	fingerprint VARCHAR(160) NOT NULL, 
	count INTEGER NOT NULL, 
	shots BLOB NOT NULL, 
	data BLOB NOT NULL, 
	CONSTRAINT pk_shot_vectors PRIMARY KEY (tenant, title_id, version, space)
);
INSERT INTO "shot_vectors" VALUES('default','a',1,'visual','net@1:32:abc',2,X'0000000001000000',X'6D30CD2568AF002D82348C32DDB060B44FB0922005B80DAA4EB410B186AF5FACB12D35331BA7B93499B0DC2C3F32332524B15FB254AE172AFAB2C9A967A87A2FD728022C5FAFD8A56B30363419B3443496336830F72914AB1C34863514356A33082CD0B26E92672F43B3742CD92CD92FADB276AFECAC98B2E73497AD6B2BD5A9');
INSERT INTO "shot_vectors" VALUES('default','a',1,'synopsis','words@1:8:d',1,X'00000000',X'8437443603323AB9E7237D32C434DDB1');
CREATE TABLE shots (
	tenant VARCHAR(64) NOT NULL, 
	title_id VARCHAR(128) NOT NULL, 
	version INTEGER NOT NULL, 
	idx INTEGER NOT NULL, 
	start_s FLOAT NOT NULL, 
	end_s FLOAT NOT NULL, 
	keyframe_s FLOAT NOT NULL, 
	keyframe_sha256 VARCHAR(64), boundary VARCHAR(16), confidence FLOAT, facts JSON, boundary_from_s FLOAT, boundary_until_s FLOAT, 
	CONSTRAINT pk_shots PRIMARY KEY (tenant, title_id, version, idx)
);
INSERT INTO "shots" VALUES('default','a',1,0,0.0,3.21154166666666629481e+00,1.6057708333333331474e+00,'abababababababababababababababababababababababababababababababab','start',1.0,'{"look": {"palette": [{"hex": "#7fb2d9", "name": "grey", "share": 0.5}, {"hex": "#d9e4c7", "name": "grey", "share": 0.3}, {"hex": "#5b7f4a", "name": "grey", "share": 0.2}], "brightness": 0.62, "contrast": 0.2, "saturation": 0.4, "warmth": 0.1, "sharpness": 0.6, "black_fraction": 0.05, "motion_global": 0.025, "motion_local": 0.00625, "monochrome": false, "medium": "live_action", "animation": 0.1, "text": [], "text_area": 0.0, "faces": [], "face_count": 0, "face_area": 0.0}, "sound": {"speech": 0.5, "music": 0.3, "effects": 0.1, "silence": 0.1, "dialogue_density": 30.0, "loudness_lufs": -27, "loudness_range_lu": 4.0, "tempo_bpm": 120.0, "beat_strength": 0.5, "key": "D", "mode": "minor", "key_confidence": 0.4, "brightness_hz": 1500.0, "onsets_per_s": 2.0}, "words": {"transcript": [{"start_s": 0.0, "end_s": 3.2115416666666663, "text": "Line 0."}], "language": "en", "themes": [], "sentiment": 0.5}, "mood": {"moods": {"calm": 0.6, "tense": 0.1, "epic": 0.1, "joyful": 0.1, "melancholic": 0.1}, "top": "calm", "valence": 0.5, "arousal": -0.5, "evidence": [{"fact": "dark picture", "value": 0.12, "mood": "calm", "push": 0.4}]}}',NULL,NULL);
INSERT INTO "shots" VALUES('default','a',1,1,3.21154166666666629481e+00,4.0,3.6057708333333331474e+00,'abababababababababababababababababababababababababababababababab','cut',0.9,'{"look": {"palette": [{"hex": "#f2d16b", "name": "grey", "share": 0.5}, {"hex": "#e57373", "name": "grey", "share": 0.3}, {"hex": "#8bc34a", "name": "grey", "share": 0.2}], "brightness": 0.7, "contrast": 0.2, "saturation": 0.4, "warmth": 0.1, "sharpness": 0.6, "black_fraction": 0.05, "motion_global": 0.1, "motion_local": 0.025, "monochrome": false, "medium": "live_action", "animation": 0.1, "text": [], "text_area": 0.0, "faces": [], "face_count": 1, "face_area": 0.04}, "sound": {"speech": 0.4, "music": 0.5, "effects": 0.1, "silence": 0.0, "dialogue_density": 24.0, "loudness_lufs": -20, "loudness_range_lu": 4.0, "tempo_bpm": 120.0, "beat_strength": 0.5, "key": "D", "mode": "minor", "key_confidence": 0.4, "brightness_hz": 1500.0, "onsets_per_s": 2.0}, "words": {"transcript": [{"start_s": 3.2115416666666663, "end_s": 4.0, "text": "Line 1."}], "language": "en", "themes": [], "sentiment": 0.8}, "mood": {"moods": {"joyful": 0.6, "calm": 0.1, "tense": 0.1, "epic": 0.1, "melancholic": 0.1}, "top": "joyful", "valence": 0.8, "arousal": 0.4, "evidence": [{"fact": "dark picture", "value": 0.12, "mood": "joyful", "push": 0.4}]}}',NULL,NULL);
CREATE TABLE timelines (
	tenant VARCHAR(64) NOT NULL, 
	title_id VARCHAR(128) NOT NULL, 
	version INTEGER NOT NULL, 
	seconds INTEGER NOT NULL, 
	data BLOB NOT NULL, 
	CONSTRAINT pk_timelines PRIMARY KEY (tenant, title_id, version)
);
INSERT INTO "timelines" VALUES('default','a',1,4,X'789C6B5A9E9C9F539A9B573C6B6D4E7E694A5E6A71717C4E695AF1B2E282D4D4E48CA5B9A5C599C9CB53D3D252934B8A971767E6A4E625A7AECDCD2FC9CCCF8B4FCFC94F4ACC5903E5E5E42727E6AC4A2ACA4CCF280199B3BC2C11AC7A7962517E697162CE9294C492C423015BCFB79F553CC57E86C18601066CC0100D246BCE3454D716305CA5D8A5C9A43E5F93CD52CA48D18CCB92C18261C75993342B861D0C16C6D6696600E2C44292');
CREATE TABLE title_versions (
	tenant VARCHAR(64) NOT NULL, 
	title_id VARCHAR(128) NOT NULL, 
	version INTEGER NOT NULL, 
	content_hash VARCHAR(64) NOT NULL, 
	job_id VARCHAR(128) NOT NULL, 
	name TEXT NOT NULL, 
	synopsis TEXT NOT NULL, 
	genres JSON NOT NULL, 
	maturity VARCHAR(8) NOT NULL, 
	language VARCHAR(35), 
	country VARCHAR(8), 
	released VARCHAR(10), 
	external_ids JSON NOT NULL, 
	media_path TEXT, 
	media_sha256 VARCHAR(64), 
	media_owned BOOLEAN NOT NULL, 
	facts JSON, 
	profile JSON, 
	created_us BIGINT NOT NULL, 
	published_us BIGINT, tags JSON, available JSON, understood_us BIGINT, 
	CONSTRAINT pk_title_versions PRIMARY KEY (tenant, title_id, version)
);
INSERT INTO "title_versions" VALUES('default','a',1,'8bfaf85b6358c768eda9b77cb1783188b4c7b4b118b2691beae9b7c1d06f45a4','01a20412-7a12-72be-b373-b85a28f5a106','A','A story.','["drama"]','all',NULL,NULL,NULL,'{}',NULL,NULL,0,'{"duration_s": 4.0, "fps": 23.976023976023978, "width": 1920, "height": 1080, "has_audio": true, "video_codec": "h264", "audio_codec": "aac", "audio_channels": 2, "sample_rate_hz": 48000}','{"palette": [{"hex": "#7fb2d9", "share": 0.25}, {"hex": "#1d2b36", "share": 0.25}, {"hex": "#c77a1e", "share": 0.25}, {"hex": "#f2d16b", "share": 0.25}], "brightness": 0.5, "look": {"palette": [{"hex": "#7fb2d9", "name": "grey", "share": 0.25}, {"hex": "#1d2b36", "name": "grey", "share": 0.25}, {"hex": "#c77a1e", "name": "grey", "share": 0.25}, {"hex": "#f2d16b", "name": "grey", "share": 0.25}], "brightness": 0.62, "contrast": 0.2, "saturation": 0.4, "warmth": 0.1, "sharpness": 0.6, "black_fraction": 0.05, "motion_global": 0.025, "motion_local": 0.00625, "monochrome": false, "medium": "live_action", "animation": 0.1, "text_area": 0.0, "face_count": 0, "face_area": 0.0, "aspect": 1.778, "bars": {"top": 0.0, "bottom": 0.0, "left": 0.0, "right": 0.0}}, "sound": {"speech": 0.5, "music": 0.3, "effects": 0.1, "silence": 0.1, "dialogue_density": 30.0, "loudness_lufs": -27, "loudness_range_lu": 4.0, "tempo_bpm": 120.0, "beat_strength": 0.5, "key": "D", "mode": "minor", "key_confidence": 0.4, "brightness_hz": 1500.0, "onsets_per_s": 2.0}, "words": {"transcript": [{"start_s": 0.0, "end_s": 3.2115416666666663, "text": "Line 0."}, {"start_s": 3.2115416666666663, "end_s": 4.0, "text": "Line 1."}], "language": "en", "themes": [{"theme": "survival", "score": 0.7}, {"theme": "nature", "score": 0.2}], "sentiment": 0.1, "arc": [{"at_s": 0.0, "sentiment": 0.1}, {"at_s": 3.2115416666666663, "sentiment": 0.1}]}, "mood": {"moods": {"tense": 0.3, "epic": 0.25, "calm": 0.2, "joyful": 0.2, "melancholic": 0.05}, "top": "tense", "valence": 0.1, "arousal": 0.4, "evidence": [{"fact": "dark picture", "value": 0.22, "mood": "tense", "push": 0.41}, {"fact": "loud", "value": -14.0, "mood": "epic", "push": 0.3}]}, "pacing": {"shots_per_minute": 30.0, "median_shot_s": 2.0, "mean_shot_s": 2.0, "longest_shot_s": 3.2115416666666663, "curve": [{"at_s": 0.0, "shots_per_minute": 30.0}, {"at_s": 3.2115416666666663, "shots_per_minute": 30.0}], "peaks": [{"at_s": 2.4, "action": 0.92}]}}',1795364649490736,1795364649560672,'{"series": "a"}','{"from_us": 1, "until_us": null, "territories": ["DE"]}',1795364649560672);
CREATE TABLE titles (
	tenant VARCHAR(64) NOT NULL, 
	id VARCHAR(128) NOT NULL, 
	version INTEGER, 
	latest INTEGER NOT NULL, 
	created_us BIGINT NOT NULL, 
	updated_us BIGINT NOT NULL, 
	CONSTRAINT pk_titles PRIMARY KEY (tenant, id)
);
INSERT INTO "titles" VALUES('default','a',1,1,1795364649485479,1795364649560672);
CREATE TABLE variants (
	tenant VARCHAR(64) NOT NULL, 
	title_id VARCHAR(128) NOT NULL, 
	version INTEGER NOT NULL, 
	id VARCHAR(36) NOT NULL, 
	group_id VARCHAR(36) NOT NULL, 
	aspect VARCHAR(8) NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	width INTEGER NOT NULL, 
	height INTEGER NOT NULL, 
	crop JSON NOT NULL, 
	scores JSON NOT NULL, fit VARCHAR(8), focal JSON, safe JSON, blurhash VARCHAR(64), colour VARCHAR(7), 
	CONSTRAINT pk_variants PRIMARY KEY (tenant, title_id, version, id)
);
CREATE TABLE vectors (
	tenant VARCHAR(64) NOT NULL, 
	title_id VARCHAR(128) NOT NULL, 
	version INTEGER NOT NULL, 
	space VARCHAR(16) NOT NULL, 
	fingerprint VARCHAR(160) NOT NULL, 
	data BLOB NOT NULL, 
	CONSTRAINT pk_vectors PRIMARY KEY (tenant, title_id, version, space)
);
INSERT INTO "vectors" VALUES('default','a',1,'visual','net@1:32:abc',X'6DA60D3EC79DB93C0AF6ECBDF1F49F3DF835903E3C7A513E5AA71BBEC2F18BBE73DB09BEC83F123C5A9000BF419241BD64C989BEEBF621BEC6C2F0BD81EB8BBD3917B63DDE95663EC96FE3BC641E973E162113BEDD7E9B3DE0D4473ECE59A63CE67224BE89DE4BBE4C7BCABD20D0423D414F5FBE4D1039BDF8DE0CBD3840EF3D');
CREATE TABLE verdicts (
	tenant VARCHAR(64) NOT NULL, 
	group_id VARCHAR(36) NOT NULL, 
	title_id VARCHAR(128) NOT NULL, 
	verdict VARCHAR(8) NOT NULL, 
	decided_us BIGINT NOT NULL, 
	CONSTRAINT pk_verdicts PRIMARY KEY (tenant, group_id)
);
CREATE TABLE waiting_titles (
	tenant VARCHAR(64) NOT NULL, 
	title_id VARCHAR(128) NOT NULL, 
	CONSTRAINT pk_waiting_titles PRIMARY KEY (tenant, title_id)
);
CREATE TABLE watch_events (
	tenant VARCHAR(64) NOT NULL, 
	seq BIGINT NOT NULL, 
	viewer BLOB NOT NULL, 
	title_id VARCHAR(128) NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	value FLOAT NOT NULL, 
	event_id VARCHAR(128), 
	feature_set VARCHAR(16) NOT NULL, 
	features BLOB, 
	occurred_us BIGINT NOT NULL, 
	received_us BIGINT NOT NULL, 
	CONSTRAINT pk_watch_events PRIMARY KEY (tenant, seq), 
	CONSTRAINT uq_watch_events_tenant_event_id UNIQUE (tenant, event_id)
);
CREATE TABLE watch_features (
	tenant VARCHAR(64) NOT NULL, 
	seq BIGINT NOT NULL, 
	feature_set VARCHAR(16) NOT NULL, 
	data BLOB NOT NULL, 
	CONSTRAINT pk_watch_features PRIMARY KEY (tenant, seq, feature_set), 
	CONSTRAINT fk_watch_features_tenant_seq_watch_events FOREIGN KEY(tenant, seq) REFERENCES watch_events (tenant, seq) ON DELETE CASCADE
);
CREATE TABLE writer_receipts (
	tenant VARCHAR(64) NOT NULL, 
	writer VARCHAR(36) NOT NULL, 
	number BIGINT NOT NULL, 
	at_us BIGINT NOT NULL, 
	CONSTRAINT pk_writer_receipts PRIMARY KEY (tenant, writer)
);
CREATE INDEX ix_picture_features_tenant_feature_set_title_id ON picture_features (tenant, feature_set, title_id);
CREATE INDEX ix_shots_keyframe_sha256 ON shots (keyframe_sha256);
CREATE INDEX ix_variants_sha256 ON variants (sha256);
CREATE INDEX ix_variants_tenant_id ON variants (tenant, id);
CREATE INDEX ix_watch_events_viewer ON watch_events (tenant, viewer, seq);
CREATE INDEX ix_decisions_episode ON decisions (tenant, viewer, title_id, seq);
CREATE INDEX ix_impressions_tenant_decision_id ON impressions (tenant, decision_id);
CREATE INDEX ix_rewards_tenant_decision_id ON rewards (tenant, decision_id);
CREATE INDEX ix_jobs_tenant_state_id ON jobs (tenant, state, id);
CREATE INDEX ix_image_groups_source_sha256 ON image_groups (source_sha256);
CREATE INDEX ix_candidates_sha256 ON candidates (sha256);
CREATE INDEX ix_verdicts_tenant_title_id ON verdicts (tenant, title_id);
CREATE INDEX ix_late_features_tenant_seq ON late_features (tenant, seq);
COMMIT;
