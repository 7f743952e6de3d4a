//! Drills: scenario, cast, simulation and scoring are pure; schedule keeps the calendar; live runs exercises.
