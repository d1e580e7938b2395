// Package study stores a resumable optimisation: a named list of numbered trials,
// each stored as soon as it ends, shared by any number of workers.
//
// It takes a location (a file for SQLite, a URL for PostgreSQL), opaque JSON points
// and results, and hands out trials: [Study.Claim] gives every number to one worker
// at a time, the holder of the [Lease] sends heartbeats while it works, and a trial
// whose worker went silent is given to the next worker with its number and point. A
// late write of the old holder is [ErrLost]: attempts are numbered, and every write
// names its attempt. A result that [Lease.Finish] has reported as stored survives
// kill -9, power loss and a restart of the server. The package knows nothing about
// networks or optimisers.
package study
