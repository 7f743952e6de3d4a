//! The configuration as the verbs need it. The only reader of the environment on the command line.

use std::collections::BTreeMap;

use super::args::Common;
use super::exit::{Exit, Stop};
use super::screen::{Screen, note};
use crate::config::{self, Flags, Loaded};
use crate::playbook::diagnostic::Rendering;

/// Reads one variable of the environment.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one reader of the environment")]
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Loads the configuration and prints its warnings.
///
/// # Errors
/// Its findings have been printed.
pub fn load(common: &Common, listen: Option<String>, screen: &Screen) -> Result<Loaded, Stop> {
    let flags = Flags { config: common.config.clone(), data: common.data.clone(), listen };
    let environment: BTreeMap<String, String> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let rendering = Rendering { lang: screen.lang, colour: screen.colour };
    match config::load(&flags, &environment) {
        Ok(loaded) => {
            if !loaded.warnings.is_empty() {
                note(loaded.warnings.render(rendering));
            }
            Ok(loaded)
        }
        Err(findings) => {
            note(findings.render(rendering));
            let words = screen.lang.pick(
                "配置有误，未启动任何操作",
                "the configuration is wrong, so nothing was started",
            );
            Err(Stop::new(Exit::Failure, words))
        }
    }
}
