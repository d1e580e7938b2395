package study

import (
	"database/sql"
	"strings"
)

// schemaVersion is the version that this package writes, and the newest that it reads.
const schemaVersion = 1

// applicationID marks our SQLite files in bytes 68..71 of their header ("hass").
const applicationID = 0x68617373

// dialect holds the differences between the two databases. Both take $1, $2,
// ... as parameters, ON CONFLICT and RETURNING, so that statements are
// written once.
type dialect struct {
	name      string
	now       string             // the database's clock, ms since 1970, as an SQL expression
	seen      string             // column beat, or the server's start if that is later
	forUpdate string             // suffix of a SELECT that locks the row
	isolation sql.IsolationLevel // of a claim
	begin     string             // run first in every transaction
	exists    string             // query: 1 if our tables are there, else 0
	lock      string             // run in the transaction that creates tables, before a second look
	create    []string
}

// tables is the schema, version 1. Times are ms since 1970; beat 0 means that
// the trial was given back; token is the secret of one claim, ” if given back.
var tables = []string{
	`CREATE TABLE hass_schema (version {int} NOT NULL){strict}`,
	`CREATE TABLE hass_study (
		id {id},
		name TEXT NOT NULL UNIQUE,
		token TEXT NOT NULL,
		config {bytes} NOT NULL,
		trials {int} NOT NULL,
		created {int} NOT NULL){strict}`,
	`CREATE TABLE hass_trial (
		study {int} NOT NULL REFERENCES hass_study(id),
		number {int} NOT NULL CHECK (number >= 0),
		state TEXT NOT NULL CHECK (state IN ('running', 'done')),
		attempt {int} NOT NULL,
		token TEXT NOT NULL,
		worker TEXT NOT NULL,
		point TEXT,
		result TEXT CHECK ((result IS NOT NULL) = (state = 'done')),
		started {int} NOT NULL,
		beat {int} NOT NULL,
		ended {int} CHECK ((ended IS NOT NULL) = (state = 'done')),
		PRIMARY KEY (study, number)){strict}`,
	`CREATE TABLE hass_note (
		study {int} NOT NULL REFERENCES hass_study(id),
		key TEXT NOT NULL,
		value {bytes} NOT NULL,
		PRIMARY KEY (study, key)){strict}`,
	`INSERT INTO hass_schema (version) VALUES (1)`,
}

func schema(first []string, kv ...string) []string {
	r := strings.NewReplacer(kv...)
	for _, t := range tables {
		first = append(first, r.Replace(t))
	}
	return first
}

// sqliteDialect relies on BEGIN IMMEDIATE (_txlock in the DSN) where PostgreSQL locks
// rows: a transaction then sees what all earlier ones wrote, and none runs beside it.
var sqliteDialect = dialect{
	name:   "sqlite",
	now:    `CAST(round(unixepoch('now', 'subsec') * 1000) AS INTEGER)`,
	seen:   `beat`,
	exists: `SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'hass_schema'`,
	create: schema([]string{`PRAGMA application_id = 1751217011`}, // applicationID
		"{int}", "INTEGER", "{id}", "INTEGER PRIMARY KEY", "{bytes}", "BLOB", "{strict}", " STRICT"),
}

// postgresDialect: the clock is clock_timestamp(), since now() is when the transaction
// began, which after a wait for the lock is in the past.
//
// While the server was down nobody could beat, so silence is counted from its start.
// A claim waits for a lock and must then see what the last holder wrote, which is what
// READ COMMITTED does whatever the server's default. A machine that vanishes inside a
// transaction must not hold the lock for the hours that TCP takes to notice. Whether
// tables exist is asked of pg_class: to_regclass may answer from the session's cache
// what was true before the wait for the lock.
var postgresDialect = dialect{
	name:      "postgres",
	now:       `(extract(epoch FROM clock_timestamp()) * 1000)::bigint`,
	seen:      `greatest(beat, (extract(epoch FROM pg_postmaster_start_time()) * 1000)::bigint)`,
	forUpdate: ` FOR UPDATE`,
	isolation: sql.LevelReadCommitted,
	begin:     `SET LOCAL idle_in_transaction_session_timeout = '10s'`,
	exists:    `SELECT count(*) FROM pg_catalog.pg_class WHERE relname = 'hass_schema' AND pg_table_is_visible(oid)`,
	lock:      `SELECT pg_advisory_xact_lock(1751217011)`,
	create: schema(nil,
		"{int}", "BIGINT", "{id}", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "{bytes}", "BYTEA", "{strict}", ""),
}

// sql fills the dialect's expressions into a statement: {now}, {seen}, {for update}.
func (d *dialect) sql(s string) string {
	return strings.NewReplacer("{now}", d.now, "{seen}", d.seen, "{for update}", d.forUpdate).Replace(s)
}
