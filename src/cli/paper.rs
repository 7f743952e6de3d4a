//! `firebell paper`: a plan as a checklist to print, with those the rosters name. Works without a
//! server: it is made for the day when there is none.

use super::args::{Common, Paper as Args};
use super::exit::Stop;
use super::plan;
use super::screen::Screen;
use crate::paper::Occasion;

/// Prints a plan as HTML.
///
/// # Errors
/// No such plan, or one with errors.
pub fn run(args: &Args, common: &Common, screen: &Screen) -> Result<(), Stop> {
    let (playbook, config) = plan::find(&args.playbook, common, screen)?;
    let directory = config.directory();
    let occasion = Occasion {
        lang: screen.lang,
        zone: &screen.zone,
        directory: &directory,
        at: args.at.unwrap_or(screen.now),
        printed: screen.now,
    };
    screen.raw(occasion.print(&playbook).trim_end_matches('\n'))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::cli::args::Cli;
    use crate::paper::Occasion;
    use crate::people::{Directory, Zone};
    use crate::picture::sample;
    use crate::playbook::Playbook;
    use crate::text::Lang;

    const INSTANT: &str = "2026-11-21T09:30+08:00";

    /// Lists the commands of a page as a reader types them, each with its blanks filled.
    fn typed(plan: &Playbook, lang: Lang) -> Vec<Vec<String>> {
        let zone = Zone::utc();
        let directory = Directory::built_in();
        let at = INSTANT.parse().unwrap();
        let occasion = Occasion { lang, zone: &zone, directory: &directory, at, printed: at };
        let page = occasion.print(plan).replace("&#34;", "\"");
        let codes = page.split("<code>").skip(1).map(|code| code.split("</code>").next().unwrap());
        codes.filter(|code| code.starts_with("firebell ")).map(filled).collect()
    }

    fn filled(line: &str) -> Vec<String> {
        let mut words: Vec<String> = Vec::new();
        for (n, part) in line.split('"').enumerate() {
            match n % 2 {
                0 => words.extend(part.split(' ').filter(|w| !w.is_empty()).map(str::to_owned)),
                _ => words.push(part.replace('…', "two words")),
            }
        }
        for n in 0..words.len() {
            let before = words[n.saturating_sub(1)].clone();
            let blank = match before.as_str() {
                "--occurred-at" | "--detected-at" | "aware" => INSTANT,
                "--level" => "2",
                "--measure" => "96.5",
                _ => "0",
            };
            words[n] = words[n].replace('№', "1").replace('…', blank);
        }
        words
    }

    #[test]
    fn every_command_on_paper_is_one_the_program_knows() {
        for plan in sample::all() {
            for lang in Lang::ALL {
                let lines = typed(&plan, lang);
                assert!(lines.len() > 5, "{}", plan.id);
                for words in lines {
                    if let Err(why) = Cli::try_parse_from(&words) {
                        panic!("{}: {}\n{why}", plan.id, words.join(" "));
                    }
                }
            }
        }
    }
}
