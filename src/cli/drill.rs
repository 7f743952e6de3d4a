//! `firebell drill …`: what is planned, one simulated run on the spot, and the server's results.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::args::{Common, Drill, Odds, Runs, Versus};
use super::client::{Client, part};
use super::exit::{Exit, Stop};
use super::progress::bar;
use super::result::{comparison, report, results};
use super::screen::{Screen, Tone, note};
use super::word::word;
use super::{calibrate, jury, lead, learn, odds, planned, prepare, settings, trend, wait};
use crate::config::Config;
use crate::drill::book::Book;
use crate::drill::file::Playbooks;
use crate::drill::result::DrillResult;
use crate::drill::scenario::{RunAs, Scenario};
use crate::drill::score::Verdict;
use crate::drill::simulate::staffing::{Lack, ordinary_morning, understaffed, unknown_channels};
use crate::drill::simulate::{Stage, Take};
use crate::drill::stand_in::stand_ins;
use crate::drill::study::page::page;
use crate::drill::study::tale::{retell, tell_worst};
use crate::drill::study::{Design, Study, rehearse_as_asked, runs_of, study, versus};
use crate::id::DrillRunId;
use crate::people::Directory;
use crate::playbook::Playbook;
use crate::playbook::diagnostic::{Diagnostics, Rendering};
use crate::playbook::yaml;
use crate::runtime::Library;
use crate::server::wire::RunDrill;

/// How many starts a list shows.
const UPCOMING: usize = 5;

/// Runs one verb.
///
/// # Errors
/// The server's problem; findings in a file; a run that was not passed.
pub fn run(verb: Drill, common: &Common, screen: &Screen) -> Result<(), Stop> {
    match verb {
        Drill::List => list(common, screen),
        Drill::Next => planned::run(common, screen),
        Drill::Run { drill, dry_run: true, at, .. } => prepare::run(&drill, at, common, screen),
        Drill::Run { drill, seed, .. } if Path::new(&drill).is_file() => {
            run_file(Path::new(&drill), seed, common, screen)
        }
        Drill::Run { drill, seed, beside, force, .. } => {
            let body = RunDrill { seed, beside, anyway: force };
            let body = serde_json::to_value(body).unwrap_or_default();
            let path = format!("/api/v1/drills/{}/run", part(&drill));
            let client = Client::new(common, screen.lang)?;
            show(screen, &wait(client.post(&path, &body))?)
        }
        Drill::Simulate(verb) => simulate(&verb, common, screen),
        Drill::Calibrate(verb) => calibrate::run(&verb, common, screen),
        Drill::Compare(verb) => compare(&verb, common, screen),
        Drill::Due => wait(learn::due(&Client::new(common, screen.lang)?, screen)),
        Drill::Report { run, form } => {
            let path = format!("/api/v1/drill-runs/{}/report", part(&run));
            wait(learn::report(&path, &form, &Client::new(common, screen.lang)?, screen))
        }
        Drill::Runs { drill } => {
            let only = drill.map_or_else(String::new, |drill| format!("?drill={}", part(&drill)));
            let client = Client::new(common, screen.lang)?;
            let page = wait(client.get(&format!("/api/v1/drill-runs{only}")))?;
            screen.data(&page, |page| results(screen, &page["items"]))
        }
        Drill::Show { run } => {
            let client = Client::new(common, screen.lang)?;
            show(screen, &wait(client.get(&format!("/api/v1/drill-runs/{}", part(&run))))?)
        }
        Drill::Trend { drill } => trend::trend(&drill, common, screen),
        Drill::Judge(verb) => jury::judge(&verb, common, screen),
        Drill::Observe(verb) => jury::observe(&verb, common, screen),
        Drill::Pause { run, reason } => {
            lead::order(&run, "pause", &json!({ "reason": reason }), common, screen)
        }
        Drill::Resume { run } => lead::order(&run, "resume", &json!({}), common, screen),
        Drill::Abort { run, reason } => {
            lead::order(&run, "abort", &json!({ "reason": reason }), common, screen)
        }
        Drill::Advance(verb) => lead::advance(&verb, common, screen),
    }
}

fn show(screen: &Screen, answer: &Json) -> Result<(), Stop> {
    match serde_json::from_value::<DrillResult>(answer.clone()) {
        Ok(result) => screen.data(answer, |answer| {
            let compared = answer.get("compared").cloned().map(serde_json::from_value);
            let compared = compared.and_then(Result::ok).map(|c| comparison(screen, &c));
            [Some(report(screen, &result)), compared]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join("\n\n")
        }),
        Err(_) => screen.data(answer, |answer| {
            lead::progress(screen, answer).unwrap_or_else(|| under_way(screen, answer))
        }),
    }
}

/// Says of a run that it has begun, or goes on.
fn under_way(screen: &Screen, answer: &Json) -> String {
    let run = answer.get("run").and_then(Json::as_str).unwrap_or("?");
    if let (Some(made), Some(of)) = (answer["made"].as_u64(), answer["of"].as_u64()) {
        return screen.lang.pick(
            format!("模拟进行中，编号 {run}，已完成 {made}/{of} 次；结束后查看结果：firebell drill show {run}"),
            format!("The simulation is under way as {run}, {made} of {of} runs made; see its result: firebell drill show {run}"),
        );
    }
    screen.lang.pick(
        format!("演练进行中，编号 {run}；结束后查看结果：firebell drill show {run}"),
        format!("The drill is under way as {run}; see its result: firebell drill show {run}"),
    )
}

fn library(config: &Config, screen: &Screen) -> Library {
    Library::read(&config.playbooks, &config.drills.dir, &config.directory(), screen.now)
}

fn list(common: &Common, screen: &Screen) -> Result<(), Stop> {
    let config = settings::load(common, None, screen)?.config;
    let (book, findings) = Book::read(&library(&config, screen));
    print_findings(&findings, screen);
    let rows: Vec<Json> = book.iter().map(|scenario| row(scenario, screen.now)).collect();
    screen.data(&Json::Array(rows), |_| match book.iter().next() {
        None => screen.lang.pick("没有演练", "No drills").to_owned(),
        Some(_) => book.iter().map(|drill| card(screen, drill)).collect::<Vec<_>>().join("\n\n"),
    })
}

/// Shows a drill and when it takes place, one start a line: a terminal is narrow.
fn card(screen: &Screen, scenario: &Scenario) -> String {
    let (id, title) = (&scenario.id, scenario.title.get(screen.lang));
    let run = word(screen.lang, scenario.run.name());
    let plan = &scenario.playbook;
    let (head, about) = (format!("{id}  {title}"), format!("  {run} · {plan}"));
    let Some(calendar) = &scenario.calendar else {
        let never = screen.lang.pick("没有日程", "no schedule");
        return format!("{head}\n{about} · {}", screen.paint(Tone::Faint, never));
    };
    if scenario.is_unannounced() {
        let secret = screen.lang.pick("不预告", "without notice");
        return format!("{head}\n{about} · {}", screen.paint(Tone::Faint, secret));
    }
    let (cron, zone) = (calendar.schedule.source(), calendar.schedule.zone().iana_name());
    let zone = zone.unwrap_or("UTC");
    let mut lines = vec![head, format!("{about} · {cron} ({zone})")];
    let starts = calendar.upcoming(screen.now, UPCOMING);
    lines.extend(starts.iter().map(|at| format!("    {}", screen.moment(*at))));
    lines.join("\n")
}

fn row(scenario: &Scenario, now: Timestamp) -> Json {
    let no_notice = scenario.is_unannounced();
    let calendar = scenario.calendar.as_ref().filter(|_| !no_notice);
    json!({
        "no_notice": no_notice,
        "drill": scenario.id,
        "title": scenario.title,
        "playbook": scenario.playbook,
        "run": scenario.run.name(),
        "cron": calendar.map(|calendar| calendar.schedule.source()),
        "next": calendar.map_or_else(Vec::new, |calendar| calendar.upcoming(now, UPCOMING)),
    })
}

fn print_findings(findings: &[Diagnostics], screen: &Screen) {
    let rendering = Rendering { lang: screen.lang, colour: screen.colour };
    for found in findings.iter().filter(|found| !found.is_empty()) {
        note(found.render(rendering));
    }
}

/// What a drill's file is simulated with.
struct House {
    library: Library,
    scenario: Arc<Scenario>,
    playbook: Arc<Playbook>,
    people: Arc<Directory>,
}

impl House {
    /// Reads a drill's file, the plans of the configuration and the people. A plan's file given by
    /// itself stands for the plan that the drill names.
    fn open(
        file: &Path,
        plan: Option<&Path>,
        common: &Common,
        screen: &Screen,
    ) -> Result<Self, Stop> {
        let config = settings::load(common, None, screen)?.config;
        let directory = config.directory();
        let mut files = Library::yaml_files(&config.playbooks);
        let own =
            plan.map(|plan| plan_of(plan).ok_or_else(|| no_plan(plan, screen))).transpose()?;
        if let (Some(plan), Some(own)) = (plan, &own) {
            files.retain(|file| plan_of(file).as_ref() != Some(own));
            files.push(plan.to_owned());
        }
        files.push(file.to_owned());
        let library = Library::of_files(&files, &directory, screen.now, false);
        if own.as_deref().is_some_and(|own| library.playbook(&own.into()).is_none()) {
            print_findings(library.findings(), screen);
            return Err(Stop::silent(Exit::Failure));
        }
        let (book, findings) = Book::read(&library);
        print_findings(&findings, screen);
        let scenario = book.iter().next().cloned().ok_or_else(|| Stop::silent(Exit::Failure))?;
        if let Some(own) = own.filter(|own| *own != scenario.playbook.as_str()) {
            return Err(other_plan(&own, &scenario, screen));
        }
        let playbook = library
            .playbook(&scenario.playbook)
            .ok_or_else(|| Stop::new(Exit::NotFound, scenario.playbook.as_str()))?;
        let configured = !directory.is_built_in();
        let people = people(&playbook, library.plans(), &scenario, directory)?;
        let house = Self { library, scenario, playbook, people };
        // People who are made up have what channels they need.
        for unknown in unknown_channels(house.stage()).into_iter().filter(|_| configured) {
            note(screen.paint(Tone::Warn, unknown.get(screen.lang)));
        }
        Ok(house)
    }

    fn stage(&self) -> Stage<'_> {
        let Self { library, scenario, playbook, people } = self;
        Stage { scenario, playbook, plans: library.plans(), directory: people }
    }

    /// Returns what tells runs of these from others. They begin on a fixed morning, so that the same
    /// files and seed give the same journal on any day.
    fn take(&self, seed: Option<u64>) -> Take {
        let seed = seed.unwrap_or(self.scenario.seed);
        let bits = u128::from(seed) | (u128::from(self.scenario.samples) << 64);
        let begin = ordinary_morning(&self.playbook, &self.people);
        Take { run: DrillRunId::from_u128(bits), begin, seed }
    }

    fn design(&self, runs: &Runs, trials: bool) -> Design {
        let mut take = self.take(runs.seed);
        take.begin = runs.at.unwrap_or(take.begin);
        Design { take, runs: runs.runs.unwrap_or(self.scenario.samples), trials }
    }
}

/// Simulates a drill's file many times, whatever its way of being run, and reports.
fn simulate(verb: &Odds, common: &Common, screen: &Screen) -> Result<(), Stop> {
    let house = House::open(&verb.drill, None, common, screen)?;
    check_cast(&house, screen)?;
    let design = house.design(&verb.runs, !verb.no_trials);
    if let Some(number) = verb.sample {
        let run = retell(house.stage(), design.take, number, &screen.zone);
        return screen.data(&run, |run| odds::retold(screen, run));
    }
    let bar = bar(screen, Some(runs_of(design)), false);
    let mut study = study(house.stage(), design, &|runs| bar.inc(runs));
    bar.finish_and_clear();
    tell_worst(house.stage(), design.take, &screen.zone, &mut study);
    if let Some(file) = &verb.html {
        write_page(file, &study, screen)?;
    }
    screen.data(&study, |study| odds::report(screen, study))?;
    let empty = study.understaffed.iter().any(|one| one.lack == Lack::Everyone);
    if empty || study.verdict == Verdict::Failed {
        return Err(Stop::silent(Exit::Failure));
    }
    Ok(())
}

fn write_page(file: &Path, study: &Study, screen: &Screen) -> Result<(), Stop> {
    std::fs::write(file, page(study, screen.lang, &screen.zone)).map_err(|error| {
        let file = file.display();
        let why = screen.lang.pick(
            format!("写不了 {file}：{error}"),
            format!("{file} could not be written: {error}"),
        );
        Stop::new(Exit::Failure, why)
    })
}

/// Returns the name of the plan that a file holds.
fn plan_of(file: &Path) -> Option<String> {
    let bytes = std::fs::read(file).ok()?;
    let (_, root) = yaml::load(&file.display().to_string(), &bytes).ok()?;
    root.get("playbook")?.as_str().filter(|_| root.get("drill").is_none()).map(str::to_owned)
}

fn no_plan(file: &Path, screen: &Screen) -> Stop {
    let file = file.display();
    let why = screen.lang.pick(
        format!("{file} 不是一份预案：没有 `playbook:`"),
        format!("{file} is no plan: it has no `playbook:`"),
    );
    Stop::new(Exit::Failure, why)
}

fn other_plan(own: &str, scenario: &Scenario, screen: &Screen) -> Stop {
    let (drill, wanted) = (&scenario.id, &scenario.playbook);
    let why = screen.lang.pick(
        format!("演练 {drill} 演练的是预案 {wanted}，给出的却是 {own}"),
        format!("the drill {drill} rehearses {wanted}, and the plan given is {own}"),
    );
    Stop::new(Exit::Failure, why)
}

/// Simulates two plans with one drill under the same luck.
fn compare(verb: &Versus, common: &Common, screen: &Screen) -> Result<(), Stop> {
    let open = |plan: &Path| House::open(&verb.drill, Some(plan), common, screen);
    let (before, after) = (open(&verb.before)?, open(&verb.after)?);
    check_cast(&before, screen)?;
    let design = before.design(&verb.runs, false);
    let bar = bar(screen, Some(2 * u64::from(design.runs)), false);
    let versus = versus(before.stage(), after.stage(), design, &|runs| bar.inc(runs));
    bar.finish_and_clear();
    screen.data(&versus, |versus| odds::versus(screen, versus))
}

/// A drill with real people may say nothing of how they behave; then nothing can be simulated.
fn check_cast(house: &House, screen: &Screen) -> Result<(), Stop> {
    let cast = &house.scenario.cast;
    let silent = house.playbook.roles.keys().find(|role| !cast.knows_reaction(Some(role)));
    silent.map_or(Ok(()), |role| {
        let why = screen.lang.pick(
            format!("`cast` 没有说明 {role} 多久会响应，无法模拟"),
            format!("`cast` does not say how soon {role} reacts, so nothing can be simulated"),
        );
        Err(Stop::new(Exit::Failure, why))
    })
}

/// Runs a drill's file once in virtual time. Nothing is stored and nothing leaves.
fn run_file(file: &Path, seed: Option<u64>, common: &Common, screen: &Screen) -> Result<(), Stop> {
    let house = House::open(file, None, common, screen)?;
    let scenario = &house.scenario;
    if scenario.run != RunAs::Simulated {
        let how = scenario.run.name();
        return Err(Stop::new(
            Exit::Conflict,
            screen.lang.pick(
                format!("该演练的方式为 {how}，请在服务端运行：firebell drill run {}", scenario.id),
                format!(
                    "this drill is run as {how}; run it on the server: firebell drill run {}",
                    scenario.id
                ),
            ),
        ));
    }
    let take = house.take(seed);
    let missing = understaffed(house.stage(), take.begin);
    for one in &missing {
        note(one.sentence().get(screen.lang));
    }
    let result = rehearse_as_asked(house.stage(), take);
    screen.data(&result, |result| report(screen, result))?;
    let empty = missing.iter().any(|one| one.lack == Lack::Everyone);
    if empty || result.verdict == Verdict::Failed {
        return Err(Stop::silent(Exit::Failure));
    }
    Ok(())
}

/// The configured people, or made-up ones where nobody is configured.
fn people(
    playbook: &Playbook,
    plans: &Playbooks,
    scenario: &Scenario,
    configured: Arc<Directory>,
) -> Result<Arc<Directory>, Stop> {
    if !configured.is_built_in() {
        return Ok(configured);
    }
    let made_up = stand_ins(playbook, plans, &scenario.injects);
    made_up.map(Arc::new).map_err(|faults| Stop::new(Exit::Failure, format!("{faults:?}")))
}
