//! `firebell drill …`: what is planned, one simulated run on the spot, and the server's results.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::args::{Common, Drill};
use super::client::{Client, part};
use super::exit::{Exit, Stop};
use super::screen::{Screen, Tone, note};
use super::{settings, view, wait};
use crate::config::Config;
use crate::drill::book::Book;
use crate::drill::result::DrillResult;
use crate::drill::scenario::{RunAs, Scenario};
use crate::drill::score::{Finding, Judgement, Verdict};
use crate::drill::simulate::{Stage, Take, rehearse};
use crate::drill::stand_in::stand_ins;
use crate::id::DrillRunId;
use crate::people::Directory;
use crate::playbook::Playbook;
use crate::playbook::diagnostic::{Diagnostics, Rendering};
use crate::runtime::Library;
use crate::text::count;

/// How many starts a list shows.
const UPCOMING: usize = 5;
/// When a run on the spot begins in its own time: a working morning in Shanghai. Fixed, so that
/// the same file and seed give the same journal on any day.
const BEGIN: &str = "2026-01-05T02:00:00Z";

const RESULTS: [(&str, &str, &str); 6] = [
    ("run", "编号", "RUN"),
    ("drill", "演练", "DRILL"),
    ("ran_at", "运行时间", "RAN"),
    ("outcome", "过程", "OUTCOME"),
    ("verdict", "结论", "VERDICT"),
    ("score", "得分", "SCORE"),
];

/// Runs one verb.
///
/// # Errors
/// The server's problem; findings in a file; a run that was not passed.
pub fn run(verb: Drill, common: &Common, screen: &Screen) -> Result<(), Stop> {
    match verb {
        Drill::List => list(common, screen),
        Drill::Run { drill, seed } if Path::new(&drill).is_file() => {
            run_file(Path::new(&drill), seed, common, screen)
        }
        Drill::Run { drill, seed } => {
            let body = seed.map_or_else(|| json!({}), |seed| json!({ "seed": seed }));
            let path = format!("/api/v1/drills/{}/run", part(&drill));
            let client = Client::new(common, screen.lang)?;
            show(screen, &wait(client.post(&path, &body))?)
        }
        Drill::Runs { drill } => {
            let only = drill.map_or_else(String::new, |drill| format!("?drill={}", part(&drill)));
            let client = Client::new(common, screen.lang)?;
            let page = wait(client.get(&format!("/api/v1/drill-runs{only}")))?;
            let none = ("没有演练记录", "No runs");
            screen.data(&page, |page| view::list(screen, &page["items"], &RESULTS, none))
        }
        Drill::Show { run } => {
            let client = Client::new(common, screen.lang)?;
            show(screen, &wait(client.get(&format!("/api/v1/drill-runs/{}", part(&run))))?)
        }
    }
}

fn show(screen: &Screen, answer: &Json) -> Result<(), Stop> {
    match serde_json::from_value::<DrillResult>(answer.clone()) {
        Ok(result) => screen.data(answer, |_| report(screen, &result)),
        Err(_) => screen.data(answer, Json::to_string),
    }
}

fn library(config: &Config) -> Library {
    Library::read(&config.playbooks, &config.drills.dir, &config.directory())
}

fn list(common: &Common, screen: &Screen) -> Result<(), Stop> {
    let config = settings::load(common, None, screen)?.config;
    let (book, findings) = Book::read(&library(&config));
    print_findings(&findings, screen);
    let rows: Vec<Json> = book.iter().map(|scenario| row(scenario, screen.now)).collect();
    let columns = [
        ("drill", "演练", "DRILL"),
        ("title", "名称", "TITLE"),
        ("playbook", "预案", "PLAYBOOK"),
        ("run", "方式", "RUN"),
        ("cron", "日程", "SCHEDULE"),
        ("next", "接下来五次", "NEXT FIVE"),
    ];
    screen.data(&Json::Array(rows), |rows| {
        view::list(screen, rows, &columns, ("没有演练", "No drills"))
    })
}

fn row(scenario: &Scenario, now: Timestamp) -> Json {
    let calendar = scenario.calendar.as_ref();
    json!({
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

/// Runs a drill's file once in virtual time. Nothing is stored and nothing leaves.
fn run_file(file: &Path, seed: Option<u64>, common: &Common, screen: &Screen) -> Result<(), Stop> {
    let config = settings::load(common, None, screen)?.config;
    let directory = config.directory();
    let mut files = Library::yaml_files(&config.playbooks);
    files.push(file.to_owned());
    let library = Library::of_files(&files, &directory);
    let (book, findings) = Book::read(&library);
    print_findings(&findings, screen);
    let scenario = book.iter().next().ok_or_else(|| Stop::silent(Exit::Failure))?;
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
    let playbook = library
        .playbook(&scenario.playbook)
        .ok_or_else(|| Stop::new(Exit::NotFound, scenario.playbook.as_str()))?;
    let people = people(&playbook, scenario, directory)?;
    let stage = Stage { scenario, playbook: &playbook, directory: &people };
    let (result, _) = rehearse(stage, take(scenario, seed.unwrap_or(scenario.seed)));
    screen.data(&result, |result| report(screen, result))?;
    if result.verdict == Verdict::Failed { Err(Stop::silent(Exit::Failure)) } else { Ok(()) }
}

/// The configured people, or made-up ones where nobody is configured.
fn people(
    playbook: &Playbook,
    scenario: &Scenario,
    configured: Arc<Directory>,
) -> Result<Arc<Directory>, Stop> {
    if !configured.is_built_in() {
        return Ok(configured);
    }
    let made_up = stand_ins(playbook, scenario);
    made_up.map(Arc::new).map_err(|faults| Stop::new(Exit::Failure, format!("{faults:?}")))
}

fn take(scenario: &Scenario, seed: u64) -> Take {
    let bits = u128::from(seed) | (u128::from(scenario.samples) << 64);
    Take { run: DrillRunId::from_u128(bits), begin: BEGIN.parse().expect("a fixed instant"), seed }
}

fn report(screen: &Screen, result: &DrillResult) -> String {
    let verdict = match result.verdict {
        Verdict::Passed => screen.paint(Tone::Good, screen.lang.pick("通过", "passed")),
        Verdict::Failed => screen.paint(Tone::Bad, screen.lang.pick("未通过", "failed")),
        Verdict::NotJudged => screen.paint(Tone::Warn, screen.lang.pick("未评判", "not judged")),
    };
    let score = result.score.map_or_else(|| "–".to_owned(), |score| score.to_string());
    let pass = result.pass_score;
    let mut lines = vec![
        format!("{}  {}", result.drill, result.title.get(screen.lang)),
        screen.lang.pick(
            format!("{verdict} · 得分 {score}（及格 {pass}）· 共 {} 条记录", result.events),
            format!(
                "{verdict} · score {score} (pass {pass}) · {}",
                count(result.events, "event", "events")
            ),
        ),
    ];
    if let Some(why) = &result.why {
        lines.push(screen.paint(Tone::Warn, why.get(screen.lang)));
    }
    if let Some(at) = result.ran_at {
        let when = screen.moment(at);
        lines.push(screen.lang.pick(format!("运行于 {when}"), format!("run at {when}")));
    }
    lines.push(String::new());
    lines.push(judgements(screen, &result.judgements));
    if result.run_as == RunAs::Simulated {
        let seed = result.seed.unwrap_or_default();
        let hash = result.journal_hash.as_deref().unwrap_or("–");
        lines.push(String::new());
        lines.push(screen.paint(
            Tone::Faint,
            &screen.lang.pick(
                format!("一次模拟运行，种子 {seed}，日志哈希 {hash}；不代表概率"),
                format!("one simulated run, seed {seed}, journal hash {hash}; no probability"),
            ),
        ));
    }
    lines.join("\n")
}

fn judgements(screen: &Screen, judgements: &[Judgement]) -> String {
    let rows = judgements.iter().map(|judgement| {
        let (mark, why) = match &judgement.finding {
            Finding::Met => (screen.paint(Tone::Good, "✓"), String::new()),
            Finding::NotMet { why } => {
                (screen.paint(Tone::Bad, "✗"), why.get(screen.lang).to_owned())
            }
            _ => (screen.paint(Tone::Faint, "–"), String::new()),
        };
        let seconds = judgement.seconds.map_or_else(String::new, |s| format!("{s:.0} s"));
        let limit = judgement.limit_seconds.map_or_else(String::new, |s| format!("{s:.0} s"));
        vec![mark, judgement.asked.get(screen.lang).to_owned(), seconds, limit, why]
    });
    let heading =
        [("", ""), ("预期", "EXPECTED"), ("用时", "TOOK"), ("限时", "LIMIT"), ("说明", "WHY")];
    screen.table(&heading, rows.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::Output;
    use crate::text::Lang;

    #[test]
    fn a_list_of_runs_says_when_each_was_really_run() {
        let now = "2026-11-21T08:00:00Z".parse().unwrap();
        let items = json!([{
            "run": "r1", "drill": "five", "ran_at": "2026-11-21T07:55:00Z",
            "started_at": "2027-03-01T02:00:00Z", "outcome": "completed", "verdict": "passed",
            "score": 90,
        }]);
        for (lang, heading, ago) in
            [(Lang::En, "RAN", "5 min ago"), (Lang::Zh, "运行时间", "5 分钟前")]
        {
            let zone = crate::people::Zone::named("Asia/Shanghai").unwrap();
            let output = Output::Text;
            let screen = Screen { output, lang, colour: false, chatty: false, now, zone };
            let shown = view::list(&screen, &items, &RESULTS, ("", ""));
            assert!(shown.contains(heading) && shown.contains(ago), "{shown}");
            assert!(!shown.contains("2027"), "{shown}");
        }
    }
}
