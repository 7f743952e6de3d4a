//! `firebell schema`: the JSON Schema that editors check files with.

use super::args::{Schema, SchemaOf};
use super::exit::{Exit, Stop};
use super::screen::Screen;
use crate::drill;
use crate::playbook;

/// Prints one schema.
///
/// # Errors
/// Standard output is closed.
pub fn run(args: &Schema, screen: &Screen) -> Result<(), Stop> {
    let schema = match args.of {
        SchemaOf::Playbook => playbook::schema::playbook(),
        SchemaOf::Drill => drill::schema::drill(),
        SchemaOf::Library => playbook::schema::library(),
        SchemaOf::Regime => playbook::schema::regime(),
        SchemaOf::Calendar => playbook::schema::calendar(),
    };
    let text = serde_json::to_string_pretty(&schema)
        .map_err(|error| Stop::new(Exit::Failure, error.to_string()))?;
    screen.raw(&text)
}
