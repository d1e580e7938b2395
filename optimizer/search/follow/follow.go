// Package follow watches a study while workers are at it.
//
// It takes an open database and the name of a study and calls back with all of its trials whenever something has changed. Between two
// looks it sleeps; a look asks for the counts alone, and reads the trials only if a count has changed. It never writes.
package follow

import (
	"context"
	"fmt"
	"time"

	"hass/optimizer/search/export"
	"hass/optimizer/search/study"
)

// Study calls show with the study at once, and again whenever trials have begun or ended or their total number has changed, until all
// are done; then it returns nil. It looks every so often. It ends with the error of ctx, of show or of the database, or if the study
// is removed.
func Study(ctx context.Context, db *study.DB, name string, every time.Duration, show func(*export.Study) error) error {
	var seen *study.Info
	for {
		now, err := counts(ctx, db, name)
		if err != nil {
			return err
		}
		if seen == nil || *now != *seen {
			s, err := db.Load(ctx, name)
			if err != nil {
				return err
			}
			e, err := export.Read(ctx, s)
			if err != nil {
				return err
			}
			if err := show(e); err != nil {
				return err
			}
			if len(e.Trials) >= e.Total {
				return nil
			}
		}
		seen = now
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(every):
		}
	}
}

// counts are those of a study.
func counts(ctx context.Context, db *study.DB, name string) (*study.Info, error) {
	list, err := db.List(ctx)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if list[i].Name == name {
			return &list[i], nil
		}
	}
	return nil, fmt.Errorf("%w: %q", study.ErrNotFound, name)
}
