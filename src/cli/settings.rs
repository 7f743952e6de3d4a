//! The configuration as the verbs need it. The only reader of the environment on the command line.

use std::collections::BTreeMap;
use std::path::Path;

use super::args::Common;
use super::exit::{Exit, Stop};
use super::screen::{Screen, note};
use crate::clock::{Clock as _, SystemClock};
use crate::config::{self, Findings, Flags, Loaded};
use crate::people::Zone;
use crate::playbook::diagnostic::Rendering;

/// Reads one variable of the environment.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one reader of the environment")]
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Returns the zone that tables tell times in: the configured one, else the machine's own.
#[must_use]
pub fn zone(common: &Common) -> Zone {
    let flags = Flags { config: common.config.clone(), ..Flags::default() };
    config::timezone(&flags, &variables()).unwrap_or_else(machine_zone)
}

/// Returns the zone that this machine is set to; UTC where nothing says.
#[must_use]
pub fn machine_zone() -> Zone {
    let variable = environment("TZ");
    let link = std::fs::read_link("/etc/localtime").ok();
    let link = link.as_deref().and_then(Path::to_str);
    let file = std::fs::read_to_string("/etc/timezone").ok();
    let places = [variable.as_deref(), link, file.as_deref()];
    places.into_iter().flatten().find_map(zone_in).unwrap_or_else(Zone::utc)
}

/// Reads what names a zone by itself, behind a `:`, or as a file of the zone database.
fn zone_in(said: &str) -> Option<Zone> {
    let name = said.trim().trim_start_matches(':');
    let name = name.rsplit_once("zoneinfo/").map_or(name, |(_, name)| name);
    Zone::named(name).ok()
}

fn variables() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// Makes what loads the configuration again, as it was loaded, and prints nothing.
pub fn again(
    common: &Common,
    listen: Option<String>,
) -> impl Fn() -> Result<Loaded, Findings> + use<> {
    let flags = Flags { config: common.config.clone(), data: common.data.clone(), listen };
    move || config::load(&flags, &variables(), SystemClock.now())
}

/// Loads the configuration and prints its warnings.
///
/// # Errors
/// Its findings have been printed.
pub fn load(common: &Common, listen: Option<String>, screen: &Screen) -> Result<Loaded, Stop> {
    let flags = Flags { config: common.config.clone(), data: common.data.clone(), listen };
    let rendering = Rendering { lang: screen.lang, colour: screen.colour };
    match config::load(&flags, &variables(), SystemClock.now()) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_known_by_its_name_and_by_its_file() {
        let named = |said: &str| zone_in(said).map(|zone| zone.name().to_owned());
        for said in [
            "Asia/Shanghai",
            ":Asia/Shanghai",
            "Asia/Shanghai\n",
            "/usr/share/zoneinfo/Asia/Shanghai",
            "../usr/share/zoneinfo/Asia/Shanghai",
        ] {
            assert_eq!(named(said).as_deref(), Some("Asia/Shanghai"), "{said}");
        }
        for said in ["", "CST-8", "/etc/other"] {
            assert_eq!(named(said), None, "{said}");
        }
    }
}
