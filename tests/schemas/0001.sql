BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE checkpoints (
	tenant VARCHAR(64) NOT NULL, 
	policy_id VARCHAR(16) NOT NULL, 
	feature_set VARCHAR(16) NOT NULL, 
	seq BIGINT NOT NULL, 
	data BLOB NOT NULL, 
	made_us BIGINT NOT NULL, 
	CONSTRAINT pk_checkpoints PRIMARY KEY (tenant, policy_id, feature_set, seq)
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
	"deferred" BOOLEAN NOT NULL, 
	CONSTRAINT pk_decisions PRIMARY KEY (tenant, id), 
	CONSTRAINT fk_decisions_tenant_offer_id_offers FOREIGN KEY(tenant, offer_id) REFERENCES offers (tenant, id), 
	CONSTRAINT uq_decisions_tenant_seq UNIQUE (tenant, seq)
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
	embedding_fingerprint VARCHAR(160) NOT NULL, 
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
CREATE TABLE jobs (
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
	CONSTRAINT pk_jobs PRIMARY KEY (tenant, id)
);
INSERT INTO "jobs" VALUES('default','01a20372-0697-73d6-b0bf-82bb3b5448d6','ingest','a',1,NULL,'queued','queued',0.0,NULL,NULL,1795354134174282,1795354134174282);
CREATE TABLE ledger_heads (
	tenant VARCHAR(64) NOT NULL, 
	seq BIGINT NOT NULL, 
	CONSTRAINT pk_ledger_heads PRIMARY KEY (tenant)
);
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
CREATE TABLE shots (
	tenant VARCHAR(64) NOT NULL, 
	title_id VARCHAR(128) NOT NULL, 
	version INTEGER NOT NULL, 
	idx INTEGER NOT NULL, 
	start_s FLOAT NOT NULL, 
	end_s FLOAT NOT NULL, 
	keyframe_s FLOAT NOT NULL, 
	keyframe_sha256 VARCHAR(64), 
	CONSTRAINT pk_shots PRIMARY KEY (tenant, title_id, version, idx)
);
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
	published_us BIGINT, 
	CONSTRAINT pk_title_versions PRIMARY KEY (tenant, title_id, version)
);
INSERT INTO "title_versions" VALUES('default','a',1,'8bfaf85b6358c768eda9b77cb1783188b4c7b4b118b2691beae9b7c1d06f45a4','01a20372-0697-73d6-b0bf-82bb3b5448d6','A','A story.','["drama"]','all',NULL,NULL,NULL,'{}',NULL,NULL,0,NULL,NULL,1795354134167963,NULL);
CREATE TABLE titles (
	tenant VARCHAR(64) NOT NULL, 
	id VARCHAR(128) NOT NULL, 
	version INTEGER, 
	latest INTEGER NOT NULL, 
	created_us BIGINT NOT NULL, 
	updated_us BIGINT NOT NULL, 
	CONSTRAINT pk_titles PRIMARY KEY (tenant, id)
);
INSERT INTO "titles" VALUES('default','a',NULL,1,1795354134166396,1795354134166396);
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
	scores JSON NOT NULL, 
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
CREATE INDEX ix_jobs_tenant_state_id ON jobs (tenant, state, id);
CREATE INDEX ix_picture_features_tenant_feature_set_title_id ON picture_features (tenant, feature_set, title_id);
CREATE INDEX ix_shots_keyframe_sha256 ON shots (keyframe_sha256);
CREATE INDEX ix_variants_sha256 ON variants (sha256);
CREATE INDEX ix_variants_tenant_id ON variants (tenant, id);
CREATE INDEX ix_watch_events_viewer ON watch_events (tenant, viewer, seq);
CREATE INDEX ix_decisions_episode ON decisions (tenant, viewer, title_id, seq);
CREATE INDEX ix_impressions_tenant_decision_id ON impressions (tenant, decision_id);
CREATE INDEX ix_rewards_tenant_decision_id ON rewards (tenant, decision_id);
COMMIT;
