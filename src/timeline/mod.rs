//! What reviewers read: rows, measures of an incident, and their renderings. Folds over events; must not know storage.
