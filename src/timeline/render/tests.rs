//! The sample incident in every form and both languages, compared with what was agreed.

use super::*;
use crate::timeline::sample::Sample;

fn rendered(sample: &Sample, format: Format, lang: Lang) -> String {
    Timeline::build(&sample.story()).unwrap().render(format, lang, &sample.zone)
}

#[test]
fn the_sample_incident_reads_like_this_in_chinese() {
    let sample = Sample::played();
    insta::assert_snapshot!("sample_zh_md", rendered(&sample, Format::Markdown, Lang::Zh));
    insta::assert_snapshot!("sample_zh_text", rendered(&sample, Format::Text, Lang::Zh));
    insta::assert_snapshot!("sample_zh_csv", rendered(&sample, Format::Csv, Lang::Zh));
    insta::assert_snapshot!("sample_zh_html", rendered(&sample, Format::Html, Lang::Zh));
}

#[test]
fn the_sample_incident_reads_like_this_in_english() {
    let sample = Sample::played();
    insta::assert_snapshot!("sample_en_md", rendered(&sample, Format::Markdown, Lang::En));
    insta::assert_snapshot!("sample_en_text", rendered(&sample, Format::Text, Lang::En));
    insta::assert_snapshot!("sample_en_csv", rendered(&sample, Format::Csv, Lang::En));
    insta::assert_snapshot!("sample_en_html", rendered(&sample, Format::Html, Lang::En));
}

#[test]
fn programs_get_everything_in_both_languages() {
    let sample = Sample::in_progress(25);
    let json = rendered(&sample, Format::Json, Lang::En);
    assert_eq!(json, rendered(&sample, Format::Json, Lang::Zh));
    insta::assert_snapshot!("in_progress_json", json);
}

#[test]
fn a_drill_in_progress_says_that_it_is_one() {
    let sample = Sample::in_progress(25);
    for format in [Format::Markdown, Format::Text, Format::Html] {
        let zh = rendered(&sample, format, Lang::Zh);
        assert!(zh.contains("【演练】") && zh.contains("处置中"), "{zh}");
        let en = rendered(&sample, format, Lang::En);
        assert!(en.contains("DRILL") && en.contains("open ("), "{en}");
    }
}

#[test]
fn an_incident_can_be_told_at_every_moment_of_its_life() {
    let mut sample = Sample::played();
    let all = std::mem::take(&mut sample.events);
    for end in (1..=all.len()).step_by(5) {
        sample.events = all[..end].to_vec();
        let last = sample.events.last().unwrap().recorded_at;
        for as_of in [last, sample.now] {
            let story = crate::timeline::Story { as_of, ..sample.story() };
            let timeline = Timeline::build(&story).unwrap();
            assert_eq!(timeline.incident.events, end as u64);
            for format in Format::ALL {
                assert!(!timeline.render(format, Lang::Zh, &sample.zone).is_empty());
            }
        }
    }
    sample.events.remove(0);
    assert!(Timeline::build(&sample.story()).is_none(), "it does not begin with a declaration");
}

#[test]
fn what_people_wrote_is_text_in_every_form() {
    let sample = Sample::played();
    let html = rendered(&sample, Format::Html, Lang::En);
    assert!(html.contains("&#60;script&#62;alert(1)") && !html.contains("<script"), "{html}");
    for loaded in ["src=", "href=", "url(", "@import"] {
        assert!(!html.contains(loaded), "the page needs nothing else: {loaded}");
    }
    let markdown = rendered(&sample, Format::Markdown, Lang::En);
    assert!(markdown.contains("&lt;script&gt;") && !markdown.contains("<script"));
}

#[test]
fn a_spreadsheet_reads_one_row_for_every_row_and_nothing_as_a_formula() {
    let sample = Sample::played();
    let timeline = Timeline::build(&sample.story()).unwrap();
    let csv = timeline.render(Format::Csv, Lang::Zh, &sample.zone);
    let csv = csv.strip_prefix('\u{feff}').unwrap();
    let mut reader = ::csv::Reader::from_reader(csv.as_bytes());
    let records: Vec<::csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(records.len(), timeline.rows.len());
    let risky = |cell: &str| cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    assert!(!records.iter().flatten().any(risky));
}

#[test]
fn long_tables_are_cut_for_eyes_and_whole_for_programs() {
    let mut sample = Sample::in_progress(0);
    let note = |n: usize| crate::engine::Fact::Noted { text: format!("第 {n} 条") };
    let last = sample.events.last().unwrap().clone();
    for n in 0..3000 {
        let seq = last.seq + 1 + n as u64;
        sample.events.push(crate::engine::Event { seq, fact: note(n), ..last.clone() });
    }
    let timeline = Timeline::build(&sample.story()).unwrap();
    let markdown = timeline.render(Format::Markdown, Lang::En, &sample.zone);
    let more = timeline.rows.len() - super::tables::ROWS_MAX;
    assert!(more > 1000 && markdown.contains(&format!("{more} more are in JSON and CSV.")));
    assert!(!markdown.contains("第 2999 条"));
    for format in [Format::Json, Format::Csv, Format::Text] {
        assert!(timeline.render(format, Lang::En, &sample.zone).contains("第 2999 条"));
    }
}

#[test]
fn formats_are_known_by_their_names() {
    for format in Format::ALL {
        assert_eq!(format.name().parse(), Ok(format));
    }
    assert_eq!("pdf".parse::<Format>(), Err(UnknownFormat));
}
