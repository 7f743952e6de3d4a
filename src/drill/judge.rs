//! What evaluators say of a run: ratings of the drill's questions, and observations of their own.
//!
//! Each evaluator has a sheet of their own beside the result, where every change is kept. A result
//! is shown as it is stored, with what the sheets say counted in. Pure; it must not know where
//! sheets are kept or who may write one.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::drill::expect::{Ask, Asked, Expectation, Rule, Scale};
use crate::drill::result::DrillResult;
use crate::drill::score::{Finding, Judgement, Scorecard};
use crate::id::{DrillId, DrillRunId};
use crate::text::Text;

/// The version of the stored form; fields are added, never changed.
pub const SHEET_FORMAT: u8 = 1;
/// How long after the end of a run evaluators may still judge it: after a month nobody remembers,
/// and the report has been read.
pub const JUDGED_WITHIN: SignedDuration = SignedDuration::from_hours(24 * 30);
/// The longest note or observation, in characters: a page.
pub const NOTE_CHARS_MAX: usize = 2_000;
/// How often one evaluator may change their mind on one question.
pub const CHANGES_MAX: usize = 50;
/// The most observations of one evaluator: more than anyone reads.
pub const OBSERVATIONS_MAX: usize = 200;
/// The most evaluators of one run.
pub const EVALUATORS_MAX: usize = 50;

/// What an evaluator says to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Rating {
    /// Unable to be performed.
    U,
    /// Performed with major challenges.
    M,
    /// Performed with some challenges.
    S,
    /// Performed without challenges.
    P,
    /// Not met.
    #[serde(rename = "no")]
    No,
    /// Met.
    #[serde(rename = "yes")]
    Yes,
}

impl Rating {
    /// All of them, in the order in which they are named.
    pub const ALL: [Self; 6] = [Self::P, Self::S, Self::M, Self::U, Self::Yes, Self::No];

    /// Returns the word that is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::P => "P",
            Self::S => "S",
            Self::M => "M",
            Self::U => "U",
            Self::Yes => "yes",
            Self::No => "no",
        }
    }

    /// Returns the scale it belongs to.
    #[must_use]
    pub const fn scale(self) -> Scale {
        match self {
            Self::P | Self::S | Self::M | Self::U => Scale::Psmu,
            Self::Yes | Self::No => Scale::YesNo,
        }
    }

    /// Returns how much of the weight it earns, in percent. The scale has four steps and no
    /// numbers: the gap lies between what worked with trouble and what hardly worked.
    #[must_use]
    pub const fn credit(self) -> u8 {
        match self {
            Self::P | Self::Yes => 100,
            Self::S => 75,
            Self::M => 40,
            Self::U | Self::No => 0,
        }
    }

    /// Tells whether what was asked for counts as met.
    #[must_use]
    pub const fn is_met(self) -> bool {
        match self {
            Self::P | Self::S | Self::Yes => true,
            Self::M | Self::U | Self::No => false,
        }
    }

    fn text(self) -> Text {
        match self {
            Self::P => Text::both("完成，没有困难", "performed without challenges"),
            Self::S => Text::both("完成，有些困难", "performed with some challenges"),
            Self::M => Text::both("完成，困难很大", "performed with major challenges"),
            Self::U => Text::both("未能完成", "unable to be performed"),
            Self::Yes => Text::both("是", "yes"),
            Self::No => Text::both("否", "no"),
        }
    }
}

/// One rating as it was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// The rating.
    pub rating: Rating,
    /// Why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// When.
    pub at: Timestamp,
}

/// Something an evaluator saw that no question asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// What.
    pub text: String,
    /// The objective it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objective: Option<SmolStr>,
    /// When it was written down.
    pub at: Timestamp,
}

/// Everything one evaluator said of one run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sheet {
    /// The version of this form.
    pub format: u8,
    /// The run.
    pub run: DrillRunId,
    /// The drill.
    pub drill: DrillId,
    /// Who.
    pub evaluator: SmolStr,
    /// By the key of the question: every rating given, the latest last.
    #[serde(default)]
    pub ratings: BTreeMap<SmolStr, Vec<Given>>,
    /// What they saw, in the order in which they wrote it down.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub observations: Vec<Observation>,
}

/// Why something cannot be put down on a sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// The drill asks no such question; these it asks.
    NoSuchQuestion(Vec<SmolStr>),
    /// The question is answered by another scale.
    OtherScale(Scale),
    /// The note or observation has nothing in it.
    Empty,
    /// The note or observation is longer than [`NOTE_CHARS_MAX`].
    TooLong,
    /// There is no room for more; so many there are.
    Full(usize),
    /// The run was over at this instant, longer ago than [`JUDGED_WITHIN`].
    TooLate(Timestamp),
}

impl Refused {
    /// Returns the sentence that says what is wrong and what to do.
    #[must_use]
    pub fn message(&self) -> Text {
        match self {
            Self::NoSuchQuestion(known) if known.is_empty() => Text::both(
                "这次演练没有要评估员回答的问题；可以改记一条观察",
                "This drill asks evaluators nothing; write down an observation instead",
            ),
            Self::NoSuchQuestion(known) => {
                let known = known.join(", ");
                Text::both(
                    format!("没有这个问题；这次演练的问题有：{known}"),
                    format!("There is no such question; this drill asks: {known}"),
                )
            }
            Self::OtherScale(Scale::Psmu) => {
                Text::both("请用 P、S、M 或 U 回答", "Answer with P, S, M or U")
            }
            Self::OtherScale(Scale::YesNo) => {
                Text::both("请用 yes 或 no 回答", "Answer with yes or no")
            }
            Self::Empty => Text::both("没有内容", "There is nothing in it"),
            Self::TooLong => Text::both(
                format!("最多 {NOTE_CHARS_MAX} 个字"),
                format!("At most {NOTE_CHARS_MAX} characters"),
            ),
            Self::Full(most) => Text::both(
                format!("已达 {most} 条的上限"),
                format!("There are {most} already, and no room for more"),
            ),
            Self::TooLate(end) => {
                let days = JUDGED_WITHIN.as_hours() / 24;
                Text::both(
                    format!("演练结束于 {end}，已超过 {days} 天，不能再评"),
                    format!("The run ended at {end}, and is judged within {days} days of its end"),
                )
            }
        }
    }
}

impl Sheet {
    /// Begins a sheet with nothing on it.
    #[must_use]
    pub fn new(run: DrillRunId, drill: DrillId, evaluator: SmolStr) -> Self {
        let (ratings, observations) = (BTreeMap::new(), Vec::new());
        Self { format: SHEET_FORMAT, run, drill, evaluator, ratings, observations }
    }

    /// Answers a question, or changes the answer. The same answer again changes nothing.
    ///
    /// # Errors
    /// See [`Refused`].
    pub fn rate(&mut self, question: &Question, given: Given) -> Result<(), Refused> {
        if given.rating.scale() != question.scale {
            return Err(Refused::OtherScale(question.scale));
        }
        if given.note.chars().count() > NOTE_CHARS_MAX {
            return Err(Refused::TooLong);
        }
        let changes = self.ratings.entry(question.key.clone()).or_default();
        let same = |last: &Given| last.rating == given.rating && last.note == given.note;
        if changes.last().is_some_and(same) {
            return Ok(());
        }
        if changes.len() >= CHANGES_MAX {
            return Err(Refused::Full(CHANGES_MAX));
        }
        changes.push(given);
        Ok(())
    }

    /// Writes down something seen.
    ///
    /// # Errors
    /// See [`Refused`].
    pub fn observe(&mut self, seen: Observation) -> Result<(), Refused> {
        if seen.text.trim().is_empty() {
            return Err(Refused::Empty);
        }
        if seen.text.chars().count() > NOTE_CHARS_MAX {
            return Err(Refused::TooLong);
        }
        if self.observations.len() >= OBSERVATIONS_MAX {
            return Err(Refused::Full(OBSERVATIONS_MAX));
        }
        self.observations.push(seen);
        Ok(())
    }
}

/// Says whether a run that ended may still be judged.
///
/// # Errors
/// [`Refused::TooLate`].
pub fn still_open(ended_at: Timestamp, now: Timestamp) -> Result<(), Refused> {
    let until = ended_at.saturating_add(JUDGED_WITHIN).unwrap_or(Timestamp::MAX);
    if now > until { Err(Refused::TooLate(ended_at)) } else { Ok(()) }
}

/// A question to evaluators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// What it is known by.
    pub key: SmolStr,
    /// What is asked.
    pub asked: Text,
    /// How it is answered.
    pub scale: Scale,
}

/// Begins the keys of questions; whoever names one may leave it out.
pub const QUESTION: &str = "evaluator/";

/// Finds a question by its key.
///
/// # Errors
/// [`Refused::NoSuchQuestion`].
pub fn question<'a>(asked: &'a [Question], key: &str) -> Result<&'a Question, Refused> {
    let short = |question: &&Question| question.key.strip_prefix(QUESTION) == Some(key);
    let found = asked.iter().find(|question| question.key == key);
    found
        .or_else(|| asked.iter().find(short))
        .ok_or_else(|| Refused::NoSuchQuestion(asked.iter().map(|one| one.key.clone()).collect()))
}

/// Lists the questions of a drill, those within groups included.
#[must_use]
pub fn questions_of(expect: &[Expectation]) -> Vec<Question> {
    let mut found = Vec::new();
    expect.iter().for_each(|one| ask(&one.asked, &mut found));
    found
}

fn ask(asked: &Asked, found: &mut Vec<Question>) {
    match &asked.ask {
        Ask::Evaluator { question, scale } => {
            let (key, asked) = (asked.key.clone(), question.clone());
            found.push(Question { key, asked, scale: *scale });
        }
        Ask::Group { of, .. } => of.iter().for_each(|part| ask(part, found)),
        Ask::Seen(_) | Ask::Never(_) | Ask::Objective(_) | Ask::Reached(_) | Ask::Probe(_) => {}
    }
}

/// Lists the questions of a result, those within groups included.
#[must_use]
pub fn questions(judgements: &[Judgement]) -> Vec<Question> {
    let mut found = Vec::new();
    gather(judgements, &mut found);
    found
}

fn gather(judgements: &[Judgement], found: &mut Vec<Question>) {
    for judgement in judgements {
        let (key, asked) = (judgement.key.clone(), judgement.asked.clone());
        found.extend(judgement.scale.map(|scale| Question { key, asked, scale }));
        gather(&judgement.of, found);
    }
}

/// What one evaluator says to one question now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Who.
    pub by: SmolStr,
    /// The rating, a note and when it was given.
    #[serde(flatten)]
    pub given: Given,
    /// How often they changed their mind before.
    #[serde(default, skip_serializing_if = "is_none")]
    pub changed: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_none(number: &usize) -> bool {
    *number == 0
}

/// Counts in what evaluators said. The stored result stays what it was; this is the one to show.
///
/// Where evaluators differ the median counts, and of two in the middle the worse: one strict or
/// mild evaluator alone turns nothing. A drill whose verdict is that of its many simulated runs
/// keeps it.
#[must_use]
pub fn judged(result: &DrillResult, sheets: &[Sheet]) -> DrillResult {
    let mut shown = result.clone();
    shown.judgements.iter_mut().for_each(|judgement| count_in(judgement, sheets));
    if sheets.iter().all(|sheet| sheet.ratings.is_empty()) {
        return shown;
    }
    let judgements = std::mem::take(&mut shown.judgements);
    let card = Scorecard::sum(judgements, shown.pass_score, shown.outcome);
    shown.judgements = card.judgements;
    shown.score = card.score;
    shown.parts = card.parts;
    if shown.odds.is_none() {
        shown.verdict = card.verdict;
    }
    shown
}

fn count_in(judgement: &mut Judgement, sheets: &[Sheet]) {
    if let Some(rule) = judgement.rule {
        judgement.of.iter_mut().for_each(|part| count_in(part, sheets));
        judgement.finding = together(rule, &judgement.of);
    } else if let Some(scale) = judgement.scale {
        judgement.ratings = said(&judgement.key, scale, sheets);
        let ratings = judgement.ratings.iter().map(|said| said.given.rating);
        if let Some(rating) = median(ratings.collect()) {
            judgement.credit = Some(rating.credit());
            judgement.finding =
                if rating.is_met() { Finding::Met } else { Finding::NotMet { why: rating.text() } };
        }
    }
}

/// Lists what each evaluator says to a question now.
#[must_use]
pub fn said(key: &SmolStr, scale: Scale, sheets: &[Sheet]) -> Vec<Said> {
    let of = |sheet: &Sheet| {
        let changes = sheet.ratings.get(key)?;
        let given = changes.last().filter(|given| given.rating.scale() == scale)?;
        let (by, given) = (sheet.evaluator.clone(), given.clone());
        Some(Said { by, given, changed: changes.len() - 1 })
    };
    sheets.iter().filter_map(of).collect()
}

/// Returns the rating in the middle, of two the worse.
fn median(mut ratings: Vec<Rating>) -> Option<Rating> {
    ratings.sort_unstable();
    let middle = ratings.len().checked_sub(1)? / 2;
    ratings.get(middle).copied()
}

/// Judges a group by its parts: those that did not arise do not count, and one that nobody could
/// judge may still turn out either way.
#[must_use]
pub fn together(rule: Rule, parts: &[Judgement]) -> Finding {
    let count = |of: fn(&Finding) -> bool| parts.iter().filter(|part| of(&part.finding)).count();
    let met = count(|finding| matches!(finding, Finding::Met));
    let open = count(|finding| matches!(finding, Finding::NotJudged { .. }));
    let missed = count(|finding| matches!(finding, Finding::NotMet { .. }));
    let arose = met + open + missed;
    if arose == 0 {
        let why = Text::both("没有一项出现", "none of it arose");
        return Finding::NotApplicable { why };
    }
    let wanted = rule.wanted(arose);
    let tally = || {
        Text::both(
            format!("{arose} 项中做到 {met} 项，要求 {wanted} 项"),
            format!("{met} of {arose} met, {wanted} wanted"),
        )
    };
    if met >= wanted {
        Finding::Met
    } else if met + open < wanted {
        Finding::NotMet { why: tally() }
    } else {
        Finding::NotJudged { why: tally() }
    }
}

#[cfg(test)]
mod tests;
